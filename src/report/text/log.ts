/**
 * Events as lines of a log: one when something changes, a heartbeat when nothing does for a minute, never a screenful.
 * It holds what it printed last, and neither a clock nor a stream.
 */
import type { Event, Progress } from '../../engine/model/report.ts'
import { clockTime } from '../duration.ts'
import { plainValue } from '../escape.ts'
import * as say from '../sentences.ts'
import { planLines } from './plan-text.ts'
import { plainLine } from './style.ts'

/** Pictures come with every pod; a reader wants to know that it continues, not each step. */
const quietMs = 10_000
const silenceMs = 60_000

export interface Log {
  /** The lines that this event is worth; often none. */
  lines(event: Event): string[]
  /** To be called now and then (each second): the heartbeat, when it is due. */
  tick(at: number): string[]
}

export interface LogOptions {
  /** Whether lines begin with the time since the start; a runner's log has times of its own. */
  times: boolean
  diff: boolean
}

export function createLog({ times, diff }: LogOptions): Log {
  let startedAt: number | undefined
  let lastAt = 0
  let lastText = ''
  let picture: Progress | undefined

  const stamped = (at: number, lines: readonly string[]): string[] => {
    startedAt ??= at
    lastAt = at
    const time = times ? `${clockTime(at - startedAt).padStart(6)}  ` : ''
    return lines.map((line) => (line === '' ? '' : time + line))
  }

  const progressLines = (progress: Progress): string[] => {
    picture = progress
    const stage = progress.stages.find(({ state }) => state === 'active')
    if (stage === undefined) return []
    const text = `${say.marks.active} ${stage.stage.padEnd(8)} ${say.heartbeat({ ...progress, waiting: [] }, progress.at)}`
    if (stage.detail === '' || text === lastText || progress.at - lastAt < quietMs) return []
    lastText = text
    const wait = progress.waiting[0]
    return stamped(progress.at, [wait === undefined ? text : `${text}; waiting for ${wait.what}: ${wait.seen}`])
  }

  const eventLines = (event: Event): string[] => {
    switch (event.kind) {
      case 'plan':
        // What blocks it is told at the end, once.
        if (event.plan.blockers.length > 0) return []
        return ['', ...planLines(event.plan, { width: 120, diff }).map(plainLine), '']
      case 'started':
        return stamped(event.at, [say.startedSentence(event)])
      case 'progress':
        return progressLines(event.progress)
      case 'stage': {
        const mark = event.state === 'done' ? say.marks.done : say.marks.active
        const took = event.state === 'done' ? `   ${clockTime(event.elapsedMs)}` : ''
        return stamped(event.at, [`${mark} ${event.stage.padEnd(8)} ${say.stageSentence(event)}${took}`])
      }
      case 'turned': {
        const forward = event.direction === 'retiring'
        const why = forward ? [] : [`${say.marks.failed} ${event.reason.message}`]
        return stamped(event.at, [...why, `${forward ? '!' : say.marks.back} ${say.turnedSentence(event)}`])
      }
      case 'note':
        return stamped(event.at, [
          `${event.level === 'warning' ? say.marks.warning : 'i'} ${event.title}: ${event.text}`
        ])
      case 'guarded':
        return stamped(event.at, [`${say.marks.warning} ${say.guardedSentence(event)}`])
      case 'owned':
      case 'seen':
      case 'did':
        return []
    }
  }

  return {
    // Of nodes and pods there may be thousands at once, and none is told here.
    lines: (event) => (event.kind === 'seen' ? [] : eventLines(plainValue(event))),
    tick(at) {
      if (picture === undefined || at - lastAt < silenceMs) return []
      const stage = picture.stages.find(({ state }) => state === 'active')
      return stamped(at, [`${say.marks.active} ${(stage?.stage ?? '').padEnd(8)} ${say.heartbeat(picture, at)}`])
    }
  }
}
