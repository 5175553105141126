/** The picture of a run: stages over time, a lane for every node, and a line for every pod that went from one to another. */
import { area, curveBumpX, curveStepAfter, link } from 'd3-shape'
import type { Chapter, NodeSpan } from '../chronicle/chronicle.ts'
import { arrivalOf, departureOf, type Journey, journeysOf } from '../chronicle/journeys.ts'
import { clockTime } from '../duration.ts'
import { count } from '../sentences.ts'
import { type Lane, lanesOf, type NodeLanes } from './lanes.ts'
import { html, type Markup, trusted } from './markup.ts'
import { beginningOf, type TimeScale, timeScale } from './time-scale.ts'
import { type Hues, huesOf, sideColor, stateWords } from './words.ts'

const width = 1120
const labels = 132
const right = 14
const stageTop = 4
const stageHeight = 22
const sideGap = 30
const axisHeight = 24

/** More lanes than these are no picture any more. */
const mostLanes = 80
const mostLinks = 600

interface Placed {
  lane: Lane
  y: number
}

interface Drawing {
  chapter: Chapter
  time: TimeScale
  height: number
  laneHeight: number
  lanes: readonly Placed[]
  byNode: ReadonlyMap<string, Placed>
  id: string
  hues: Hues
}

/** `id` keeps the parts of several pictures on one page apart. Undefined where no node was ever seen. */
export function timeline(chapter: Chapter, id: string): Markup | undefined {
  const lanes = lanesOf(chapter, mostLanes)
  if (lanes.byNode.size === 0) return undefined
  const drawing = layOut(chapter, lanes, id)
  const { height } = drawing
  const journeys = journeysOf(chapter.pods, chapter.seenFromAt ?? 0)
  const title = `Timeline of ${count(chapter.nodes.length, 'node')} and ${count(journeys.length, 'moved pod')}`
  const more = lanes.leftOut.outgoing + lanes.leftOut.incoming
  return html`<div class="scroll" role="group" aria-label="Timeline" tabindex="0">
<svg class="timeline" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-labelledby="${id}-title ${id}-desc">
<title id="${id}-title">${title}</title>
<desc id="${id}-desc">The same facts are in the tables of nodes and pods below.</desc>
${patterns(id)}
${stageBands(drawing)}
${sideTitles(drawing)}
${drawing.lanes.map((placed) => laneMarkup(placed, drawing))}
${links(journeys, drawing)}
${turningPoints(drawing)}
${axis(drawing)}
</svg></div>
${more > 0 && html`<p class="quiet">${count(more, 'more node')} of the largest groups ${more === 1 ? 'is' : 'are'} not drawn; the JSON report has them.</p>`}`
}

function layOut(chapter: Chapter, lanes: NodeLanes, id: string): Drawing {
  const most = Math.max(lanes.outgoing.length, lanes.incoming.length)
  const laneHeight = most <= 12 ? 26 : most <= 30 ? 18 : 11
  let y = stageTop + stageHeight + sideGap
  const place = (lane: Lane): Placed => {
    y += laneHeight
    return { lane, y: y - laneHeight }
  }
  const outgoing = lanes.outgoing.map(place)
  y += sideGap
  const incoming = lanes.incoming.map(place)
  const placed = [...outgoing, ...incoming]
  return {
    chapter,
    time: timeScale(chapter, labels, width - right),
    height: y + axisHeight + 8,
    laneHeight,
    lanes: placed,
    byNode: new Map(placed.map((one) => [one.lane.name, one])),
    id,
    hues: huesOf(chapter)
  }
}

function patterns(id: string): Markup {
  const hatch = (name: string) =>
    html`<pattern id="${id}-${name}" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><rect class="hatch-back ${name}" width="6" height="6"/><line class="hatch-line ${name}" x1="0" y1="0" x2="0" y2="6"/></pattern>`
  return html`<defs>${hatch('blue')}${hatch('green')}</defs>`
}

function stageBands({ time, height }: Drawing): Markup[] {
  return time.segments.flatMap(({ stage, from, until, fromAt, untilAt }, index) => {
    if (!stage) return []
    const w = until - from
    const tone = stage.failed ? 'bad' : stage.direction === 'reverting' ? 'back' : 'on'
    const took = clockTime((stage.endedAt ?? untilAt) - fromAt)
    const text =
      w > stage.stage.length * 7 + 50 ? `${stage.stage} ${took}` : w > stage.stage.length * 6.5 + 6 ? stage.stage : ''
    return [
      html`<g class="stage ${tone}"><title>${stage.stage} (${took})${stage.failed ? ', failed' : ''}: ${stage.detail}</title><rect class="band ${index % 2 === 0 ? 'even' : 'odd'}" x="${round(from)}" y="${stageTop + stageHeight}" width="${round(w)}" height="${height - axisHeight - stageTop - stageHeight}"/><rect class="cap" x="${round(from + 1)}" y="${stageTop}" width="${round(Math.max(1, w - 2))}" height="${stageHeight}" rx="5"/>${text !== '' && html`<text x="${round(from + w / 2)}" y="${stageTop + 15}" text-anchor="middle">${text}</text>`}</g>`
    ]
  })
}

function sideTitles({ chapter, lanes }: Drawing): Markup[] {
  return (['outgoing', 'incoming'] as const).flatMap((side) => {
    const first = lanes.find(({ lane }) => lane.history.side === side)
    if (!first) return []
    const nodes = chapter.nodes.filter((node) => node.side === side).length
    const group = chapter.started?.[side] ?? ''
    return [
      html`<text class="side ${sideColor(chapter, side)}" x="0" y="${first.y - 9}">${side}: ${group}</text><text class="side-more" x="${width - right}" y="${first.y - 9}" text-anchor="end">${count(nodes, 'node')}</text>`
    ]
  })
}

function laneMarkup({ lane, y }: Placed, drawing: Drawing): Markup {
  const { chapter, laneHeight, time, id } = drawing
  const color = sideColor(chapter, lane.history.side)
  const bar = laneHeight - 4
  const spans = lane.history.spans.flatMap((span, index, all) => {
    if (span.state === 'gone') return []
    const untilAt = all[index + 1]?.at ?? chapter.lastAt
    return [stateBar(span, untilAt, { y: y + 2, bar, color, time, id, beginning: beginningOf(chapter) })]
  })
  const label =
    laneHeight >= 18
      ? html`<text class="node" x="${labels - 8}" y="${y + laneHeight / 2 + 4}" text-anchor="end">${lane.label}</text>`
      : ''
  return html`<g class="lane"><title>${lane.name}: ${lane.history.instance}, ${lane.history.type}, ${lane.history.zone}${lane.history.template && `, ${lane.history.template}`}</title>${label}${spans}${loadArea(lane, y + 2, bar, drawing, color)}</g>`
}

function stateBar(
  { at, state, byOthers }: NodeSpan,
  untilAt: number,
  {
    y,
    bar,
    color,
    time,
    id,
    beginning
  }: { y: number; bar: number; color: string; time: TimeScale; id: string; beginning: number }
): Markup {
  const x = time.position(at)
  const w = Math.max(0.5, time.position(untilAt) - x)
  const fill = state === 'cordoned' ? trusted(` fill="url(#${id}-${color})"`) : ''
  const words = `${stateWords[state]}${byOthers ? ' by others' : ''} from ${clockTime(at - beginning)} to ${clockTime(untilAt - beginning)}`
  return html`<rect class="state ${state} ${state === 'cordoned' ? '' : color}" x="${x}" y="${y}" width="${round(w)}" height="${bar}" rx="3"${fill}><title>${words}</title></rect>`
}

/** How many pods the node had, as an area that stands on the lane's ground. */
function loadArea(
  lane: Lane,
  y: number,
  bar: number,
  { chapter, time, lanes }: Drawing,
  color: string
): Markup | undefined {
  if (lane.load.length === 0) return undefined
  const most = Math.max(1, ...lanes.map((one) => one.lane.mostPods))
  const points = [...lane.load, { at: chapter.lastAt, pods: lane.load.at(-1)?.pods ?? 0 }]
  const path = area<{ at: number; pods: number }>()
    .x(({ at }) => time.position(at))
    .y0(y + bar)
    .y1(({ pods }) => y + bar - (pods / most) * bar)
    .digits(1)
    .curve(curveStepAfter)(points)
  return html`<path class="load ${color}" d="${path ?? ''}"/>`
}

function links(journeys: readonly Journey[], drawing: Drawing): Markup | undefined {
  const { chapter, byNode, time, laneHeight, hues } = drawing
  const curve = link<unknown, { source: [number, number]; target: [number, number] }, [number, number]>(
    curveBumpX
  ).digits(1)
  const beginning = beginningOf(chapter)
  const drawn = journeys.slice(0, mostLinks).flatMap(({ workload, from, to }) => {
    const left = departureOf(from)
    const came = to && arrivalOf(to, chapter.seenFromAt ?? 0)
    const source = left && byNode.get(left.node)
    const target = came && byNode.get(came.node)
    if (!left || !came || !to || !source || !target) return []
    const middle = ({ y }: Placed) => y + laneHeight / 2
    const start: [number, number] = [time.position(left.leftAt), middle(source)]
    const end: [number, number] = [time.position(came.readyAt ?? came.seenAt), middle(target)]
    const words = `${from.namespace}/${from.name} left ${left.node} at ${clockTime(left.leftAt - beginning)}; ${to.name} on ${came.node} ${came.readyAt === undefined ? 'never became ready' : `was ready at ${clockTime(came.readyAt - beginning)}`}`
    const lost = came.readyAt === undefined ? 'lost' : ''
    return [
      html`<g class="journey hue-${hues.hue(workload)} ${lost}" data-workload="${hues.index(workload)}"><title>${words}</title><path d="${curve({ source: start, target: end }) ?? ''}"/><circle cx="${start[0]}" cy="${start[1]}" r="2"/><circle class="came" cx="${end[0]}" cy="${end[1]}" r="3"/></g>`
    ]
  })
  return drawn.length === 0 ? undefined : html`<g class="journeys">${drawn}</g>`
}

function turningPoints({ chapter, time, height }: Drawing): Markup[] {
  return chapter.turned.map(({ at, direction }) => {
    const x = time.position(at)
    const text = direction === 'reverting' ? 'reverting' : 'point of no return'
    // At the right edge the text stands left of its line.
    const before = x > width - 240
    return html`<g class="turn ${direction}"><line x1="${x}" x2="${x}" y1="${stageTop + stageHeight + 2}" y2="${height - axisHeight}"/><text x="${round(before ? x - 5 : x + 5)}" y="${stageTop + stageHeight + 13}" text-anchor="${before ? 'end' : 'start'}">${text}</text></g>`
  })
}

function axis({ time, height }: Drawing): Markup {
  const y = height - axisHeight
  return html`<g class="axis"><line x1="${labels}" x2="${width - right}" y1="${y}" y2="${y}"/>${time.ticks.map(
    ({ x, text }) =>
      html`<line x1="${round(x)}" x2="${round(x)}" y1="${y}" y2="${y + 4}"/><text x="${round(x)}" y="${y + 17}" text-anchor="middle">${text}</text>`
  )}</g>`
}

function round(value: number): number {
  return Math.round(value * 100) / 100
}
