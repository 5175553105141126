/** The whole picture of a run as lines of a terminal. Pure: the face decides when and where they are drawn. */
import type { Progress, StageProgress, WorkloadProgress } from '../../engine/model/report.ts'
import { clockTime } from '../duration.ts'
import * as say from '../sentences.ts'
import { type Line, type Piece, piece, plainLine, type Tone } from './style.ts'
import { hang, padEnd, textWidth } from './text-width.ts'

/** Below this a redrawn picture is harder to read than lines. */
export const smallestTerminal = { columns: 40, rows: 8 } as const

const widest = 110
const nameWidth = 9

const stageTone: Readonly<Record<StageProgress['state'], Tone>> = {
  done: 'good',
  active: 'busy',
  failed: 'bad',
  todo: 'dim'
}

function bar(done: number, total: number, width: number): Piece[] {
  const filled = total === 0 ? width : Math.min(width, Math.floor((done / total) * width))
  return [piece('━'.repeat(filled), 'good'), piece('─'.repeat(width - filled), 'dim')]
}

/** Text on the left, time on the right; on a narrow terminal the text is broken and the time stays with its first line. */
function timedLines(head: Piece, text: string, time: string, width: number, tone: Tone): Line[] {
  const room = width - textWidth(time) - 2
  return hang(head.text, text, room).map((line, index): Line => {
    if (index > 0) return [piece(line, tone)]
    const shown = line.slice(head.text.length)
    const gap = ' '.repeat(Math.max(2, width - textWidth(line) - textWidth(time)))
    return [head, piece(shown, tone), piece(gap + time, 'dim')]
  })
}

function header(progress: Progress, elapsedMs: number, width: number): Line[] {
  const back = progress.direction === 'reverting'
  const way = back
    ? `${progress.incoming} ${say.marks.back} ${progress.outgoing}`
    : `${progress.outgoing} → ${progress.incoming}`
  const standing = say.revertWords(progress)
  const left = `${progress.group}  ${way}`
  const right = `${clockTime(elapsedMs)}   ${standing}`
  const tone: Tone = progress.revertPossible ? 'good' : 'warn'
  const gap = width - textWidth(left) - textWidth(right)
  if (gap >= 2) {
    const time = `${' '.repeat(gap)}${clockTime(elapsedMs)}   `
    return [[piece(left, 'strong'), piece(time), piece(standing, tone)]]
  }
  return [...hang('', left, width).map((line): Line => [piece(line, 'strong')]), [piece(right, tone)]]
}

function stageLines(stage: StageProgress, progress: Progress, sinceMs: number, width: number): Line[] {
  const head = piece(`  ${say.marks[stage.state]} ${padEnd(stage.stage, nameWidth)}`, stageTone[stage.state])
  const elapsed = stage.elapsedMs + (stage.state === 'active' ? sinceMs : 0)
  const moving = stage.stage === 'drain' && stage.state === 'active' && progress.podsTotal > 0
  const barWidth = Math.min(34, width - textWidth(head.text) - textWidth(stage.detail) - 12)
  if (!moving || barWidth < 8) {
    return timedLines(head, stage.detail, clockTime(elapsed), width, stage.state === 'failed' ? 'bad' : 'plain')
  }
  const pieces = [head, piece(`${stage.detail}  `), ...bar(progress.podsMoved, progress.podsTotal, barWidth)]
  const gap = Math.max(2, width - textWidth(plainLine(pieces)) - textWidth(clockTime(elapsed)))
  return [[...pieces, piece(' '.repeat(gap) + clockTime(elapsed), 'dim')]]
}

/** Stages that are still to come share a line. */
function todoLines(stages: readonly StageProgress[], width: number): Line[] {
  if (stages.length === 0) return []
  const text = stages.map(({ stage }) => `${say.marks.todo} ${stage}`).join('   ')
  return hang('  ', text, width).map((line): Line => [piece(line, 'dim')])
}

function workloadText(workload: WorkloadProgress): string {
  if (workload.waiting !== '') return workload.waiting
  return workload.moved >= workload.total ? 'done' : 'moving'
}

/** Those that wait come first, those that are done last; what finds no room is counted. */
function workloadLines(progress: Progress, room: number, width: number): Line[] {
  const rank = (workload: WorkloadProgress) => (workload.moved >= workload.total ? 2 : workload.waiting === '' ? 1 : 0)
  const sorted = [...progress.workloads].sort((a, b) => rank(a) - rank(b))
  const unfinished = sorted.filter((workload) => rank(workload) < 2)
  const names = Math.min(32, Math.max(8, ...unfinished.map(({ workload }) => textWidth(workload))))
  const lines = unfinished.map((workload) => {
    const numbers = `${workload.moved} of ${workload.total}`
    const head = `      ${padEnd(workload.workload, names)}  ${padEnd(numbers, 9)} `
    return hang(head, workloadText(workload), width).map((line): Line => [piece(line)])
  })
  return within(lines, room, sorted.length - unfinished.length, 'workload')
}

function waitingLines(progress: Progress, at: number, room: number, width: number): Line[] {
  const lines = progress.waiting.map((waiting) =>
    hang('      ', `waiting for ${say.waitingSentence(waiting, at)}`, width).map((line): Line => [piece(line)])
  )
  return within(lines, room, 0, 'object')
}

/** As many entries as fit, then how many there are besides. */
function within(entries: readonly (readonly Line[])[], room: number, finished: number, noun: string): Line[] {
  const total = entries.reduce((sum, lines) => sum + lines.length, 0)
  const tail = total + (finished > 0 ? 1 : 0) > room ? 1 : finished > 0 ? 1 : 0
  const shown: Line[] = []
  let taken = 0
  for (const lines of entries) {
    if (shown.length + lines.length > room - tail) break
    shown.push(...lines)
    taken += 1
  }
  const rest = [
    entries.length - taken > 0 ? `${say.count(entries.length - taken, `more ${noun}`)}` : '',
    finished > 0 ? `${finished} done` : ''
  ].filter(Boolean)
  if (rest.length > 0 && room > 0) shown.push([piece(`      ${rest.join(', ')}`, 'dim')])
  return shown
}

/**
 * Lines for a terminal of `columns` by `rows`, never more than `rows - 1`, so that they can be redrawn in place.
 * `now` (ms since the epoch) lets the clocks run on between two pictures.
 */
export function liveLines(progress: Progress, now: number, columns: number, rows: number): Line[] {
  const width = Math.min(columns - 1, widest)
  const sinceMs = Math.max(0, now - progress.at)
  const last = progress.stages.findLastIndex(({ state }) => state !== 'todo')
  const head = header(progress, progress.elapsedMs + sinceMs, width)
  const begun = progress.stages.slice(0, last + 1)
  const todo = todoLines(progress.stages.slice(last + 1), width)
  const active = begun.filter(({ state }) => state !== 'done')
  const done = begun.filter(({ state }) => state === 'done')
  let above = begun.map((stage) => ({ stage, lines: stageLines(stage, progress, sinceMs, width) }))
  const tall = (entries: typeof above) => entries.reduce((sum, { lines }) => sum + lines.length, 0)
  // On a low terminal finished stages share one line, so that what is going on keeps its room.
  if (head.length + tall(above) + todo.length + 4 > rows - 1 && done.length > 1) {
    const text = `  ${done.map(({ stage }) => `${say.marks.done} ${stage}`).join('  ')}`
    const lines = hang('', text, width).map((line): Line => [piece(line, 'good')])
    above = [
      { stage: done[0] as StageProgress, lines },
      ...active.map((stage) => ({ stage, lines: stageLines(stage, progress, sinceMs, width) }))
    ]
  }
  const room = Math.max(0, rows - 1 - head.length - tall(above) - todo.length)
  const moving = active.some(({ stage }) => stage === 'drain') && progress.workloads.length > 0
  const details = moving
    ? workloadLines(progress, Math.min(12, room), width)
    : waitingLines(progress, now, Math.min(6, room), width)
  const below = above.flatMap(({ stage, lines }) => (stage.state === 'active' ? [...lines, ...details] : lines))
  const placed = active.some(({ state }) => state === 'active') ? below : [...below, ...details]
  return [...head, ...placed, ...todo].slice(0, rows - 1)
}
