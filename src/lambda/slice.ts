/**
 * One slice: the engine works on one group until it is done, or until what is left of the invocation is needed to stop cleanly. The
 * run stays open, the Lease is released, and the answer holds the event for the next slice.
 */
import type { Clock } from '../engine/model/clock.ts'
import type { Result } from '../engine/model/report.ts'
import type { Settings } from '../engine/model/settings.ts'
import type { SeenLease } from '../engine/record/lock.ts'
import type { Assignment } from '../engine/run/run-context.ts'
import { type Caller, runGroups } from '../entry/group-runs.ts'
import { notifierFor } from '../entry/notifications.ts'
import { orderlyStop } from '../entry/orderly-stop.ts'
import { telemetryFor } from '../entry/telemetry.ts'
import type { Inputs } from '../inputs/validate-inputs.ts'
import type { Publish } from '../notify/notifier.ts'
import { asEvent } from '../report/commands.ts'
import { type Answer, continuedAnswer, endedAnswer, type SliceEvent } from './answer.ts'
import { failsForAWhile, isElsewhere, lockPatienceMs, nextEvent } from './continuation.ts'
import type { Invocation } from './invocation.ts'
import { sliceLimits } from './limits.ts'
import { openLog } from './log.ts'

/** What a slice may use of the invocation. */
export function timeLeftMs<Ports>({ context }: Invocation<Ports>): number {
  return context.getRemainingTimeInMillis() - sliceLimits.reserveMs
}

export function callerOf<Ports>({ context, env }: Invocation<Ports>): Caller {
  const link = [env.AWS_LAMBDA_LOG_GROUP_NAME, env.AWS_LAMBDA_LOG_STREAM_NAME].filter(Boolean).join(' ')
  const name = `Lambda function ${context.functionName}, request ${context.awsRequestId}`
  return { host: { name, ...(link && { link: `log ${link}` }) }, wording: asEvent }
}

/** `inputs` name one group, or none: the only one. */
export async function runSlice<Ports>(
  invocation: Invocation<Ports>,
  inputs: Inputs,
  event: SliceEvent
): Promise<Answer> {
  const { clock } = invocation
  const startedAt = inputs.slice.startedAt ?? clock.now()
  const { result, leaseSeen, tell } = await sliceResult(invocation, inputs, startedAt)
  const known: SliceEvent = { ...event, 'started-at': new Date(startedAt).toISOString() }
  const next = nextEvent(known, result, { now: clock.now(), leaseSeen })
  if (result.outcome === 'cancelled') return continuedAnswer(result, next, sliceLimits.betweenSeconds)
  if (isElsewhere(result)) return continuedAnswer(result, next, sliceLimits.elsewhereSeconds)
  if (failsForAWhile(result, inputs.slice, clock.now())) {
    return continuedAnswer(result, next, sliceLimits.elsewhereSeconds)
  }
  const ended = stillOpen(result, inputs)
  await tell(ended)
  return endedAnswer(ended, startedAt)
}

interface SliceResult {
  result: Result
  /** A Lease that was found held, as far as this slice and those before it have seen it unchanged. */
  leaseSeen?: SeenLease
  /** Tells those of `notify`, if this is how the run ended; most slices only stop. */
  tell(ended: Result): Promise<void>
}

async function sliceResult<Ports>(
  invocation: Invocation<Ports>,
  inputs: Inputs,
  startedAt: number
): Promise<SliceResult> {
  const { clock, env, program, print, exit } = invocation
  const warn = (title: string, text: string) => print(`${title}: ${text}`)
  const notifier = notifierFor({ inputs, env, token: env.GITHUB_TOKEN, warn })
  const telemetry = await telemetryFor(env, warn)
  let publish: Publish | undefined
  let leaseSeen: SeenLease | undefined
  const settings = settingsOf(inputs, startedAt, clock.now(), timeLeftMs(invocation))
  const log = openLog(print, clock)
  const stop = orderlyStop({
    onStop: (listener) => afterMs(timeLeftMs(invocation), clock, listener),
    graceMs: sliceLimits.graceMs,
    late() {
      print('This slice could not be stopped in time. Its process ends; the next slice continues from the record.')
      exit()
    }
  })
  try {
    const results = await stop.unless(
      runGroups({
        inputs: { ...inputs, settings },
        program,
        caller: callerOf(invocation),
        clock,
        signal: stop.signal,
        options: {
          assignment: assignmentOf(inputs),
          stopMs: sliceLimits.stopMs,
          seenLease: inputs.slice.leaseSeen,
          sawLease(seen) {
            leaseSeen = seen
          }
        },
        reporter: {
          report(event) {
            log.report(event)
            telemetry.report(event)
          }
        },
        notifier: {
          tell(_, via) {
            publish = via
          }
        },
        ended(result) {
          log.ended(result)
          telemetry.ended(result)
        },
        bug: log.bug
      })
    )
    const [result] = results ?? []
    // Only where `exit` returns: Lambda reports the end of the process, and the state machine tries again.
    if (!result) throw new Error('the slice could not be stopped in time')
    if (result.outcome === 'halted') await clock.sleep(sliceLimits.settleMs)
    return {
      result,
      leaseSeen,
      async tell(ended) {
        notifier.tell(ended, publish)
        await notifier.settled()
      }
    }
  } finally {
    await telemetry.settled()
    log.close()
  }
}

/** Returns what takes it back. */
function afterMs(ms: number, clock: Clock, listener: () => void): () => void {
  const off = new AbortController()
  void clock.sleep(ms, off.signal).then(() => {
    if (!off.signal.aborted) listener()
  })
  return () => off.abort()
}

/** A slice waits for the lock as long as there is sense in it: a killed slice leaves it for up to a minute. */
function settingsOf({ settings, slice }: Inputs, startedAt: number, now: number, leftMs: number): Settings {
  return { ...settings, onCancel: 'leave', lockTimeoutMs: lockPatienceMs(settings, slice, { startedAt, now, leftMs }) }
}

function assignmentOf({ settings, slice }: Inputs): Assignment | undefined {
  if (settings.mode === 'plan' || settings.mode === 'status') return undefined
  if (slice.runId !== undefined) return { runId: slice.runId, begins: false }
  return slice.newRunId === undefined ? undefined : { runId: slice.newRunId, begins: true }
}

/** A run that cannot be reached is not refused: it is open, and somebody must know. */
function stillOpen(result: Result, { slice }: Inputs): Result {
  if (result.outcome !== 'refused' || slice.runId === undefined || result.reason?.code === 'run-over') return result
  return { ...result, outcome: 'halted', runId: slice.runId }
}
