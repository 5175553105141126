/**
 * Everything that a process was told of its runs, in order, for the report: a chapter a run. Events go in one by one, and a
 * chapter can be read at any moment; it holds plain values only. What an earlier process of a resumed run saw is not in it.
 */
import type {
  Event,
  NodeSighting,
  Plan,
  Progress,
  Result,
  SeenNodeState,
  SeenPodState
} from '../../engine/model/report.ts'
import { createWaits, type Wait } from './waits.ts'

export interface NodeSpan {
  at: number
  state: SeenNodeState
  byOthers?: boolean
}

/** An instance of either group, with its node, from the first look at it to the last. */
export interface NodeHistory extends Pick<NodeSighting, 'instance' | 'node' | 'side' | 'type' | 'zone' | 'template'> {
  spans: NodeSpan[]
}

export interface PodSpan {
  at: number
  state: SeenPodState
  node?: string
}

export interface PodHistory {
  uid: string
  namespace: string
  name: string
  workload: string
  spans: PodSpan[]
}

export interface StageSpan {
  direction: Progress['direction']
  stage: Progress['stages'][number]['stage']
  startedAt: number
  /** Undefined while it lasts. */
  endedAt?: number
  detail: string
  failed: boolean
}

export interface Chapter {
  /** When this process began to look at nodes and pods; undefined if it never did. */
  seenFromAt?: number
  lastAt: number
  started?: Extract<Event, { kind: 'started' }>
  plan?: Plan
  progress?: Progress
  turned: Extract<Event, { kind: 'turned' }>[]
  stages: StageSpan[]
  nodes: NodeHistory[]
  pods: PodHistory[]
  /** Beyond what is kept: seen, and not recorded. */
  leftOut: { nodes: number; pods: number }
  waits: readonly Wait[]
  /** What was done, in words. */
  timeline: { at: number; text: string }[]
  /** Undefined while the run lasts. */
  result?: Result
}

/** Twice 1,000 nodes with 30 pods each, once on either side, and room. Beyond that, entries are only counted. */
const mostNodes = 5_000
const mostPods = 100_000
const mostEntries = 2_000

export interface Chronicle {
  report(event: Event): void
  /** The run has ended, without a result if its process was killed; whatever is told next belongs to another. */
  ended(result?: Result): void
  chapters(): readonly Chapter[]
}

export function createChronicle(): Chronicle {
  const chapters: Chapter[] = []
  let open: Writer | undefined

  const writer = (at: number): Writer => {
    if (open) return open
    open = openChapter(at)
    chapters.push(open.chapter)
    return open
  }
  return {
    report: (event) => writer(event.at).write(event),
    ended(result) {
      if (!result) {
        open = undefined
        return
      }
      const { chapter } = writer(result.endedAt)
      Object.assign(chapter, { result, lastAt: Math.max(chapter.lastAt, result.endedAt) })
      chapter.plan ??= result.plan
      open = undefined
    },
    chapters: () => chapters
  }
}

interface Writer {
  chapter: Chapter
  write(event: Event): void
}

function openChapter(at: number): Writer {
  const waits = createWaits()
  const nodes = new Map<string, NodeHistory>()
  const pods = new Map<string, PodHistory>()
  const chapter: Chapter = {
    lastAt: at,
    turned: [],
    stages: [],
    nodes: [],
    pods: [],
    leftOut: { nodes: 0, pods: 0 },
    waits: waits.all,
    timeline: []
  }

  const seen = ({ at, nodes: nodesNow, pods: podsNow }: Extract<Event, { kind: 'seen' }>) => {
    chapter.seenFromAt ??= at
    for (const { state, byOthers, ...node } of nodesNow) {
      let known = nodes.get(node.instance)
      if (!known && nodes.size >= mostNodes) {
        if (state !== 'gone') chapter.leftOut.nodes += 1
        continue
      }
      if (!known) {
        known = { ...node, spans: [] }
        nodes.set(node.instance, known)
        chapter.nodes.push(known)
      }
      Object.assign(known, node)
      known.spans.push({ at, state, ...(byOthers ? { byOthers } : {}) })
    }
    for (const { state, node, ...pod } of podsNow) {
      let known = pods.get(pod.uid)
      if (!known && pods.size >= mostPods) {
        if (state !== 'gone') chapter.leftOut.pods += 1
        continue
      }
      if (!known) {
        known = { ...pod, spans: [] }
        pods.set(pod.uid, known)
        chapter.pods.push(known)
      }
      known.spans.push({ at, state, node })
    }
  }

  return {
    chapter,
    write(event) {
      chapter.lastAt = event.at
      if (event.kind === 'seen') return seen(event)
      if (event.kind === 'progress') waits.note(event.progress)
      write(chapter, event)
    }
  }
}

function write(chapter: Chapter, event: Exclude<Event, { kind: 'seen' }>): void {
  const remember = (text: string) => {
    if (chapter.timeline.length < mostEntries) chapter.timeline.push({ at: event.at, text })
  }
  switch (event.kind) {
    case 'plan':
      chapter.plan = event.plan
      return
    case 'started':
      chapter.started = event
      return
    case 'progress':
      chapter.progress = event.progress
      return
    case 'stage':
      writeStage(chapter, event)
      return
    case 'turned':
      chapter.turned.push(event)
      return
    case 'did':
      remember(event.text)
      return
    case 'note':
      remember(`${event.title}: ${event.text}`)
      return
    case 'guarded':
      remember(`a guard (${event.invariant}) stopped ${event.action} of ${event.object}`)
      return
    case 'owned':
      return
  }
}

function writeStage(chapter: Chapter, event: Extract<Event, { kind: 'stage' }>): void {
  const { at, direction, stage, state, detail } = event
  const known = chapter.stages.find((one) => one.direction === direction && one.stage === stage)
  if (state === 'began') chapter.stages.push({ direction, stage, startedAt: at, detail: '', failed: false })
  else if (known) Object.assign(known, { endedAt: at, detail })
  else chapter.stages.push({ direction, stage, startedAt: at, endedAt: at, detail, failed: false })
}

/** As the result has them, or as far as they have come. */
export function stagesOf(chapter: Chapter): readonly StageSpan[] {
  return chapter.result && chapter.result.stages.length > 0 ? chapter.result.stages : chapter.stages
}
