/** A clean stop: nothing new is begun, the record says how things stand, and the next command resumes from there. */
import { stopMs as processStopMs } from '../model/limits.ts'
import type { OpenRun } from '../record/record.ts'
import { asReverting, requested } from '../record/run-state.ts'
import { clocksOf } from '../world/run-clocks.ts'
import type { Ending } from './ending.ts'
import type { Session } from './session.ts'
import { booked } from './stage-times.ts'

/** Starts nothing new, and waits a moment for what is under way: only then may the Lease be released. */
export async function stopCleanly(session: Session): Promise<Ending> {
  const { executor, ports, store, lock, recorder, stopMs = processStopMs } = session
  await within(stopMs.actions, executor.idle(), session)
  const now = ports.clock.now()
  const run = next(booked(session.run, session.observations, now), session, now)
  // A write that hangs must not hang the stop; the record that is there is enough to resume from. But it may still land.
  let saving = false
  if (lock.held()) {
    saving = true
    const saved = store
      .save({ ...store.current(), run })
      .catch(() => undefined)
      .finally(() => {
        saving = false
      })
    await within(stopMs.record, saved, session)
  }
  const last = recorder.stages.at(-1)
  if (last && last.detail === '') Object.assign(last, { detail: 'stopped', endedAt: now })
  recorder.follow(run)
  return { kind: 'stopped', run, outstanding: saving || executor.busy() }
}

/** With `on-cancel: revert` a run that goes forward reverts from here; a held one is never reverted by a cancel. */
function next(run: OpenRun, { onCancel, observations }: Session, now: number): OpenRun {
  if (onCancel !== 'revert' || run.direction !== 'forward' || run.held)
    return { ...run, clocks: clocksOf(observations, now) }
  return asReverting(run, requested('The run was cancelled.', now))
}

async function within(ms: number, work: Promise<unknown>, { ports }: Session): Promise<void> {
  const limit = new AbortController()
  await Promise.race([work, ports.clock.sleep(ms, limit.signal)])
  limit.abort()
}
