/**
 * The live view. What has happened scrolls by above; below it the picture of what is happening is redrawn in place.
 * On a terminal that is too small for a picture the same facts come as lines.
 */
import { unreachable } from '../engine/model/error.ts'
import type { Event, Progress } from '../engine/model/report.ts'
import { plainValue } from '../report/escape.ts'
import * as say from '../report/sentences.ts'
import { liveLines, smallestTerminal } from '../report/text/live-view.ts'
import { planLines } from '../report/text/plan-text.ts'
import { type Line, paint, piece, plainLine } from '../report/text/style.ts'
import { hang, textWidth } from '../report/text/text-width.ts'
import type { OutputStream } from './output-stream.ts'
import { createLogView, type View, type ViewOptions } from './view.ts'

const hideCursor = '\u001b[?25l'
const showCursor = '\u001b[?25h'
const eraseBelow = '\u001b[J'

/** A person cannot read faster, and a slow connection falls behind. */
const frameMs = 100

export interface TerminalOptions extends ViewOptions {
  color: boolean
  now: () => number
}

export function createTerminalView(stream: OutputStream, options: TerminalOptions): View {
  const log = createLogView(stream, options)
  const { now, color } = options
  let picture: Progress | undefined
  let drawnAt = 0
  const canvas = createCanvas(stream, color)

  const tooSmall = () => stream.columns() < smallestTerminal.columns || stream.rows() < smallestTerminal.rows

  const draw = (above: readonly Line[] = []) => {
    const next = picture === undefined || tooSmall() ? [] : liveLines(picture, now(), stream.columns(), stream.rows())
    canvas.draw(above, next)
    drawnAt = now()
  }

  const rest = () => {
    if (picture !== undefined && !tooSmall()) draw()
    canvas.leave()
    picture = undefined
  }

  /** The picture as it stood when the direction changed stays in the scrollback; a new one begins below. */
  const turn = (event: Extract<Event, { kind: 'turned' }>) => {
    if (event.direction !== 'reverting') return draw(linesAbove(event, stream.columns()))
    if (picture !== undefined) {
      const stages = picture.stages
        .filter(({ state }) => state !== 'todo')
        .map((stage) => (stage.state === 'active' ? { ...stage, state: 'failed' as const } : stage))
      picture = { ...picture, stages, workloads: [], waiting: [] }
    }
    rest()
    canvas.write(linesAbove(event, stream.columns()))
  }

  return {
    report(raw) {
      if (raw.kind === 'seen' || (raw.kind === 'plan' && !options.plans)) return
      if (tooSmall() && raw.kind !== 'progress' && raw.kind !== 'plan') return log.report(raw)
      const event = plainValue(raw)
      switch (event.kind) {
        case 'progress':
          picture = event.progress
          if (tooSmall()) return log.report(raw)
          if (now() - drawnAt >= frameMs) draw()
          return
        case 'plan':
          // What blocks it is told at the end, once.
          if (event.plan.blockers.length > 0) return
          return draw([[], ...planLines(event.plan, { width: stream.columns(), diff: options.diff }), []])
        case 'turned':
          return turn(event)
        case 'started':
        case 'note':
        case 'guarded':
          return draw(linesAbove(event, stream.columns()))
        case 'owned':
        case 'stage':
        case 'did':
          return
        default:
          return unreachable(event)
      }
    },
    tick(at) {
      if (tooSmall()) return log.tick(at)
      // Once a second the clocks run on; in between only what has changed is drawn.
      if (picture !== undefined && (at - drawnAt >= 1000 || (picture.at > drawnAt && at - drawnAt >= frameMs))) draw()
    },
    rest
  }
}

interface Canvas {
  /** Lines that stay, and below them the picture, in place of the last one. */
  draw(above: readonly Line[], picture: readonly Line[]): void
  write(lines: readonly Line[]): void
  /** The last picture stays where it is, and the cursor comes back. */
  leave(): void
}

/** One write a frame, so that no half of one is ever seen. */
function createCanvas(stream: OutputStream, color: boolean): Canvas {
  let drawn: readonly Line[] = []
  let hidden = false
  const textOf = (lines: readonly Line[]) =>
    paint(lines, color)
      .map((line) => `${line}\n`)
      .join('')
  /** Rows that the last picture takes now: a terminal made narrower has broken its lines. */
  const drawnRows = () =>
    drawn.reduce((rows, line) => rows + Math.max(1, Math.ceil(textWidth(plainLine(line)) / stream.columns())), 0)

  return {
    draw(above, picture) {
      const rows = drawnRows()
      const eraser = rows === 0 ? '' : `\r\u001b[${rows}A${eraseBelow}`
      const cursor = picture.length > 0 && !hidden ? hideCursor : ''
      hidden ||= picture.length > 0
      stream.write(cursor + eraser + textOf(above) + textOf(picture))
      drawn = picture
    },
    write: (lines) => void stream.write(textOf(lines)),
    leave() {
      if (hidden) stream.write(showCursor)
      drawn = []
      hidden = false
    }
  }
}

function linesAbove(
  event: Extract<Event, { kind: 'started' | 'note' | 'turned' | 'guarded' }>,
  columns: number
): Line[] {
  const width = columns - 1
  switch (event.kind) {
    case 'started':
      return hang('', say.startedSentence(event), width).map((line) => [piece(line, 'dim')])
    case 'note': {
      const warning = event.level === 'warning'
      const head = warning ? `${say.marks.warning} ` : '  '
      return hang(head, `${event.title}: ${event.text}`, width).map((line) => [piece(line, warning ? 'warn' : 'dim')])
    }
    case 'guarded':
      return hang(`${say.marks.warning} `, say.guardedSentence(event), width).map((line) => [piece(line, 'warn')])
    case 'turned': {
      if (event.direction !== 'reverting') {
        return hang('! ', say.turnedSentence(event), width).map((line) => [piece(line, 'warn')])
      }
      const why = hang(`${say.marks.failed} `, event.reason.message, width)
      return [
        ...why.map((line): Line => [piece(line, 'bad')]),
        [piece(`${say.marks.back} ${say.turnedSentence(event)}`, 'warn')]
      ]
    }
    default:
      return unreachable(event)
  }
}
