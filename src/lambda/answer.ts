/** What an invocation answers: how the group ended, or the event for the next slice. Pure; for a state machine to choose by. */
import type { Result } from '../engine/model/report.ts'
import { exitCode, exitCodes } from '../entry/exit-code.ts'
import { version } from '../entry/version.ts'
import { problemLines } from '../inputs/validate-inputs.ts'
import { shortResultDocument } from '../report/json/document.ts'
import { outcomeSentence } from '../report/sentences.ts'

/** An event as it is invoked with: the keys of the table of inputs. */
export type SliceEvent = Readonly<Record<string, unknown>>

export type Answer = Ended | Continued | Started

interface Common {
  format: 1
  version: string
  /** Whether there is nothing more to invoke. */
  done: boolean
}

/** `error` and `cause` are there if `exitCode` is not 0: what a state machine fails with. */
export interface Ended extends Common {
  done: true
  outcome: Result['outcome'] | null
  exitCode: number
  error?: string
  cause?: string
  sentence: string
  /** More of the result; docs/lambda.md has the table. */
  [more: string]: unknown
}

export interface Continued extends Common {
  done: false
  outcome: null
  cluster: string
  group: string
  runId: string
  podsMoved: number
  sentence: string
  /** Invoke again with this event, after so long. */
  event: SliceEvent
  waitSeconds: number
}

/** One event for each node group. */
export interface Started extends Common {
  done: false
  events: readonly SliceEvent[]
}

const common = { format: 1, version } as const

export function startedAnswer(events: readonly SliceEvent[]): Started {
  return { ...common, done: false, events }
}

/** Nothing was begun, and the same event would be as bad the next time. */
export function badInputAnswer(problems: readonly string[]): Ended {
  const [heading = '', ...lines] = problemLines(problems)
  const cause = [heading, ...lines.map((line) => line.trim())].join(' · ')
  return {
    ...common,
    done: true,
    outcome: null,
    exitCode: exitCodes.badInput,
    error: 'bad-input',
    cause: forAws(cause),
    sentence: cause,
    reason: { code: 'bad-input', message: cause, hint: 'Correct the event. docs/lambda.md lists the keys.' },
    problems
  }
}

/** `startedAt`: when the first slice of this group began. */
export function endedAnswer(result: Result, startedAt: number): Ended {
  const code = exitCode(result)
  const document = shortResultDocument({ ...result, startedAt })
  const { sentence, reason } = document
  const cause = [sentence, reason?.hint, document.nextCommand && `Next: ${document.nextCommand}`].filter(Boolean)
  return {
    ...document,
    ...common,
    done: true,
    exitCode: code,
    ...(code !== exitCodes.good && { error: result.outcome, cause: forAws(cause.join(' ')) })
  }
}

export function continuedAnswer(result: Result, event: SliceEvent, waitSeconds: number): Continued {
  const { cluster, group, runId, podsMoved, stages, outcome, reason } = result
  const stage = stages.at(-1)?.stage
  const stopped = `${group || cluster}: this slice is over${stage ? ` in the stage ${stage}` : ''}. The next one continues.`
  const failed = `${outcomeSentence(result)} It is tried again.`
  return {
    ...common,
    done: false,
    outcome: null,
    cluster,
    group,
    runId,
    podsMoved,
    sentence: outcome === 'cancelled' || !reason ? stopped : failed,
    event,
    waitSeconds
  }
}

/** A group has ended well, and there are more. */
export function continuedWith(ended: Ended, event: SliceEvent): Continued {
  const { cluster, group, runId, podsMoved, sentence } = ended as Ended & Continued
  return { ...common, done: false, outcome: null, cluster, group, runId, podsMoved, sentence, event, waitSeconds: 1 }
}

/** Step Functions takes a cause of at most 32,768 characters; a person reads less. */
function forAws(cause: string): string {
  return cause.length > 4_000 ? `${cause.slice(0, 4_000)}…` : cause
}
