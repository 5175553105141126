/**
 * The axis of time. Minutes of launching and verifying would leave the seconds in which pods move a few pixels, so each stage
 * gets a width of its own; within a stage time runs evenly. The axis names the times, and the page says that it is so.
 */
import { scaleLinear, scaleUtc } from 'd3-scale'
import type { Chapter, StageSpan } from '../chronicle/chronicle.ts'
import { stagesOf } from '../chronicle/chronicle.ts'
import { clockTime } from '../duration.ts'

export interface Segment {
  fromAt: number
  untilAt: number
  from: number
  until: number
  /** Undefined before the first stage. */
  stage?: StageSpan
}

export interface TimeScale {
  segments: readonly Segment[]
  /** A moment (ms since the epoch) as a position. */
  position(at: number): number
  ticks: readonly { at: number; x: number; text: string }[]
}

/** Positions from `from` to `until`, in the units of the drawing. */
export function timeScale(chapter: Chapter, from: number, until: number): TimeScale {
  const spans = spansOf(chapter)
  const weights = spans.map(weightOf(chapter))
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  let x = from
  const segments = spans.map((span, index): Segment => {
    const width = ((weights[index] ?? 0) / total) * (until - from)
    x += width
    return { ...span, from: x - width, until: x }
  })
  const edges = [...segments.map((segment) => segment.fromAt), segments.at(-1)?.untilAt ?? 0]
  const places = [...segments.map((segment) => segment.from), until]
  const scale = scaleLinear(edges, places).clamp(true)
  return { segments, position: (at) => Math.round(scale(at) * 100) / 100, ticks: ticksOf(segments) }
}

/** When the chapter begins: with the first thing that is known of it. */
export function beginningOf(chapter: Chapter): number {
  const moments = [chapter.seenFromAt, chapter.started?.at, stagesOf(chapter)[0]?.startedAt]
  return Math.min(...moments.filter((at) => at !== undefined), chapter.lastAt)
}

function spansOf(chapter: Chapter): Pick<Segment, 'fromAt' | 'untilAt' | 'stage'>[] {
  const stages = stagesOf(chapter).toSorted((a, b) => a.startedAt - b.startedAt)
  const beginning = beginningOf(chapter)
  const end = Math.max(chapter.lastAt, beginning + 1)
  const [first] = stages
  const spans: Pick<Segment, 'fromAt' | 'untilAt' | 'stage'>[] = []
  if (!first || first.startedAt > beginning) spans.push({ fromAt: beginning, untilAt: first?.startedAt ?? end })
  for (const [index, stage] of stages.entries()) {
    const untilAt = stages[index + 1]?.startedAt ?? end
    if (untilAt > stage.startedAt) spans.push({ fromAt: stage.startedAt, untilAt, stage })
  }
  return spans.length > 0 ? spans : [{ fromAt: beginning, untilAt: end }]
}

function weightOf(chapter: Chapter) {
  return ({ fromAt, untilAt, stage }: Pick<Segment, 'fromAt' | 'untilAt' | 'stage'>): number => {
    const changes = chapter.pods.reduce(
      (sum, { spans }) =>
        sum + spans.filter(({ at }) => at > fromAt && at <= untilAt && at !== chapter.seenFromAt).length,
      0
    )
    return (stage ? 2.5 : 1) + Math.sqrt((untilAt - fromAt) / 1000) + Math.min(20, 1.6 * Math.sqrt(changes))
  }
}

/** Room that one label takes, in the units of the drawing. */
const tickRoom = 46

function ticksOf(segments: readonly Segment[]): TimeScale['ticks'] {
  const beginning = segments[0]?.fromAt ?? 0
  const ticks: { at: number; x: number; text: string }[] = []
  const add = (at: number, x: number) => {
    const last = ticks.at(-1)
    const text = clockTime(at - beginning)
    if (last === undefined || (x - last.x >= tickRoom && text !== last.text)) ticks.push({ at, x, text })
  }
  for (const { fromAt, untilAt, from, until } of segments) {
    const places = scaleLinear([fromAt, untilAt], [from, until])
    add(fromAt, from)
    const wanted = Math.floor((until - from) / (tickRoom * 1.6))
    if (wanted < 1) continue
    // From the beginning of the run, so that the labels are round numbers.
    for (const date of scaleUtc([fromAt - beginning, untilAt - beginning], [from, until]).ticks(wanted)) {
      const at = date.getTime() + beginning
      if (until - places(at) >= tickRoom) add(at, places(at))
    }
  }
  const last = segments.at(-1)
  if (last) add(last.untilAt, last.until)
  return ticks
}
