/** The board: a card a node, a dot a pod, at any moment of the run. Its data goes to the page, which plays it. */
import type { SeenNodeState, SeenPodState } from '../../engine/model/report.ts'
import type { Chapter } from '../chronicle/chronicle.ts'
import { journeysOf } from '../chronicle/journeys.ts'
import { plainText } from '../escape.ts'
import { stageSummary } from './board-moments.ts'
import { type Lane, lanesOf } from './lanes.ts'
import { html, jsonScript, type Markup } from './markup.ts'
import { timeScale } from './time-scale.ts'
import { huesOf, podStateWords, sideColor, stateWords } from './words.ts'

const mostNodes = 60
const mostPods = 3_000

const nodeStates = Object.keys(stateWords) as SeenNodeState[]
const podStates = Object.keys(podStateWords) as SeenPodState[]

/** All times in ms from the beginning. */
export interface BoardData {
  /** Of the whole, and where each moment lies on a slider from 0 to 1000. */
  until: number
  scale: readonly (readonly [at: number, place: number])[]
  nodeStates: readonly string[]
  podStates: readonly string[]
  moments: readonly (readonly [at: number, text: string])[]
  sides: readonly BoardSide[]
  workloads: readonly string[]
  pods: readonly BoardPod[]
}

interface BoardSide {
  title: string
  color: 'blue' | 'green'
  leftOut: number
  nodes: readonly { name: string; title: string; spans: readonly (readonly [at: number, state: number])[] }[]
}

interface BoardPod {
  /** Names it from picture to picture. */
  key: string
  name: string
  workload: number
  /** The pod in whose place it came, by its position in the list. */
  instead?: number
  /** The node by its position, both sides counted through; -1 for none. */
  spans: readonly (readonly [at: number, state: number, node: number])[]
}

/** Undefined where no node was seen, or too many pods to be dots. */
function boardData(chapter: Chapter): BoardData | undefined {
  const lanes = lanesOf(chapter, mostNodes)
  const all = [...lanes.outgoing, ...lanes.incoming]
  if (all.length === 0) return undefined
  const scale = timeScale(chapter, 0, 1000)
  const beginning = scale.segments[0]?.fromAt ?? 0
  // What the first look found was so from the beginning, as far as this run knows.
  const after = (at: number) => (at === chapter.seenFromAt ? 0 : Math.max(0, Math.round(at - beginning)))
  const places = new Map(all.map(({ name }, index) => [name, index]))
  const hues = huesOf(chapter)
  const pods = chapter.pods.filter(({ spans }) => spans.some(({ node }) => node !== undefined && places.has(node)))
  if (pods.length > mostPods) return undefined
  const indices = new Map(pods.map((pod, index) => [pod, index]))
  const instead = new Map(
    journeysOf(chapter.pods, chapter.seenFromAt ?? 0).map(({ from, to }) => [to, indices.get(from)])
  )
  const side = (name: 'outgoing' | 'incoming', nodes: readonly Lane[]): BoardSide => ({
    title: plainText(`${name}: ${chapter.started?.[name] ?? ''}`),
    color: sideColor(chapter, name),
    leftOut: lanes.leftOut[name],
    nodes: nodes.map(({ label, history }) => ({
      name: plainText(label),
      title: plainText(`${history.node ?? ''} ${history.instance} ${history.type} ${history.zone}`.trim()),
      spans: history.spans.map(({ at, state }) => [after(at), nodeStates.indexOf(state)])
    }))
  })
  return {
    until: after(chapter.lastAt),
    scale: [
      ...scale.segments.map(({ fromAt, from }) => [after(fromAt), Math.round(from)] as const),
      [after(chapter.lastAt), 1000] as const
    ],
    nodeStates: nodeStates.map((state) => stateWords[state]),
    podStates: podStates.map((state) => podStateWords[state]),
    moments: stageSummary(chapter).map(({ at, text }) => [after(at), plainText(text)] as const),
    sides: [side('outgoing', lanes.outgoing), side('incoming', lanes.incoming)],
    workloads: hues.workloads.map(plainText),
    pods: pods.map((pod) => ({
      key: plainText(pod.uid),
      name: plainText(`${pod.namespace}/${pod.name}`),
      workload: hues.index(pod.workload),
      instead: instead.get(pod),
      spans: pod.spans.map(({ at, state, node }) => [
        after(at),
        podStates.indexOf(state),
        node === undefined ? -1 : (places.get(node) ?? -1)
      ])
    }))
  }
}

/** Without a script the board says where to look instead. */
export function board(chapter: Chapter, id: string): Markup | undefined {
  const data = boardData(chapter)
  if (!data) return undefined
  return html`<div class="board" data-board="${id}">
<div class="player"><button type="button" class="play" aria-controls="${id}-nodes">Play</button><label for="${id}-slider" class="hidden">Moment of the run</label><input type="range" id="${id}-slider" class="slider" min="0" max="1000" value="1000" step="1"><output class="moment" for="${id}-slider"></output></div>
<div class="chips" role="group" aria-label="Highlight one workload"></div>
<div class="sides" id="${id}-nodes"></div>
<noscript><p class="quiet">The board needs scripts. The timeline above and the tables below have the same facts.</p></noscript>
<script type="application/json" class="board-data">${jsonScript(data)}</script>
</div>`
}
