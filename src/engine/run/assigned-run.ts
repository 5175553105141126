/** A process that was told which run is its own: what it answers when that run is over, or is worked on elsewhere. */
import type { UpgradeError } from '../model/error.ts'
import { commandText, nextCommand } from '../model/next-command.ts'
import type { Reason, Result } from '../model/report.ts'
import type { Settings } from '../model/settings.ts'
import { reasonOf } from '../record/recorder.ts'
import type { RunContext } from './run-context.ts'
import { servingSides, sidesOf } from './sides.ts'

/** How the assigned run ended, from the record; undefined while there is something to do. Nothing is begun in its place. */
export function endedRun(context: RunContext): Result | undefined {
  const { assignment, store, recorder, settings, group, pair } = context
  const { run, last, retired } = store.current()
  if (!assignment || run?.id === assignment.runId) return undefined
  const { runId, begins } = assignment
  const sides = pair && sidesOf(pair.blue, pair.green)
  if (last?.runId === runId) {
    const facts = { group, runId, ...sides, reason: last.reason }
    if (last.outcome !== 'upgraded') {
      return recorder.result('reverted', { ...facts, next: nextCommand('upgrade', settings, group) })
    }
    const late = settings.mode === 'revert' && retired ? lateRevertReason(retired.group, settings, group) : undefined
    return recorder.result('upgraded', { ...facts, reason: late })
  }
  if (begins) return undefined
  const reason = reasonOf(
    'run-over',
    `Run ${runId} is not open, and the record no longer says how it ended.`,
    `Look at how things stand: ${commandText('status', settings, group)}. To upgrade again, start without a run id.`
  )
  return recorder.result('refused', { group, runId, ...sides, reason })
}

/** The lock is held: by another process of this very run, or after it. Rejects with the error if the holder is a stranger. */
export async function heldElsewhere(context: RunContext, error: UpgradeError): Promise<Result> {
  const { assignment, store, recorder, group } = context
  if (!assignment) throw error
  await store.reload()
  const { run } = store.current()
  if (run?.id === assignment.runId) {
    recorder.follow(run)
    return recorder.result('cancelled', { group, ...servingSides(run) })
  }
  const ended = endedRun(context)
  if (!ended) throw error
  return ended
}

export function lateRevertReason(retired: string, settings: Settings, group: string): Reason {
  const message = `It was too late to revert: ${retired} was being retired, so the upgrade was finished.`
  const back = commandText('upgrade', settings, group, '--when-unchanged swap-back')
  return reasonOf('asked', message, `To go back, upgrade again: ${back}`)
}
