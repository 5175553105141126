/** An orderly stop: nothing new is begun, the record says how things stand, and the next command goes on from there. */

import { stopMs } from '../model/limits.ts'
import type { OpenRun } from '../record/record.ts'
import type { Observations } from '../world/observations.ts'
import type { ActionExecutor } from './action-executor.ts'
import type { Ending, LoopOptions } from './loop.ts'

/** Starts nothing new, and waits a moment for what is under way: only then may the Lease be given back. */
export async function stop(
  { ports, store, recorder, lock, onCancel }: LoopOptions,
  works: ActionExecutor,
  run: OpenRun,
  observations: Observations
): Promise<Ending> {
  const timer = new AbortController()
  await Promise.race([works.idle(), ports.clock.sleep(stopMs.works, timer.signal)])
  timer.abort()
  const now = ports.clock.now()
  const { stage } = observations
  const booked: OpenRun = {
    ...run,
    elapsedMs: run.elapsedMs + (now - observations.startedAt),
    spentMs: stage ? { ...run.spentMs, [stage.key]: (run.spentMs[stage.key] ?? 0) + now - stage.at } : run.spentMs
  }
  const back = onCancel === 'revert' && run.direction === 'forward' && !run.held
  const next: OpenRun = back
    ? {
        ...booked,
        direction: 'reverting',
        reason: { code: 'asked', message: 'The run was cancelled.', hint: '', at: now }
      }
    : booked
  // A write that hangs must not hang the stop; the record that is there is good, too.
  if (lock.held()) {
    const limit = new AbortController()
    const saved = store.save({ ...store.current(), run: next }).catch(() => undefined)
    await Promise.race([saved, ports.clock.sleep(stopMs.record, limit.signal)])
    limit.abort()
  }
  const last = recorder.stages.at(-1)
  if (last && last.detail === '') Object.assign(last, { detail: 'stopped', endedAt: now })
  recorder.follow(next)
  return { kind: 'stopped', run: next, outstanding: works.busy() }
}
