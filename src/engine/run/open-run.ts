/** Continues an open run from wherever it stopped: under the lock, by the loop, to its one outcome. */

import { runTag } from '../model/names.ts'
import { commandText, nextCommand } from '../model/next-command.ts'
import type { Ports } from '../model/ports.ts'
import type { Result } from '../model/report.ts'
import type { Settings } from '../model/settings.ts'
import type { Lock } from '../record/lock.ts'
import type { OpenRun } from '../record/record.ts'
import { openRun } from '../record/record-store.ts'
import { type Recorder, reasonOf } from '../record/recorder.ts'
import { asReverting, requested } from '../record/run-state.ts'
import { endedRun, lateRevertReason } from './assigned-run.ts'
import { announceStart, drive } from './drive.ts'
import type { RunContext } from './run-context.ts'
import { servingSides } from './sides.ts'
import { announceUncompared } from './status.ts'
import { withLock } from './with-lock.ts'

/**
 * A run that died between its record and its first change has done nothing. What it planned may be old by now, so the
 * record is discarded and the run begins again. The run tags are the first change of all.
 */
export async function discardUnstartedRun(context: RunContext): Promise<void> {
  const { settings, ports, store } = context
  const open = openRun(store)
  if (open.direction !== 'forward' || open.held || !(await isUntouched(open, ports))) return
  await withLock({ ...context, patienceMs: settings.lockTimeoutMs, runId: open.id }, async () => {
    await store.reload()
    const { run: now, ...rest } = store.current()
    // Looked at again under the lock: its own engine may just have begun.
    if (now?.id === open.id && (await isUntouched(now, ports))) await store.save(rest)
  })
}

/** Nothing that the first stage writes is there: neither tags nor suspensions, protection or sizes. */
async function isUntouched(open: OpenRun, { nodeGroups }: Ports): Promise<boolean> {
  const groups = await nodeGroups.describe([open.outgoing.name, open.incoming.name])
  return [open.outgoing, open.incoming].every((original) => {
    const group = groups.find((one) => one.name === original.name)
    if (!group || group.tags[runTag] !== undefined) return false
    return (
      group.newInstancesProtected === original.newInstancesProtected &&
      group.suspended.every((process) => original.suspended.includes(process)) &&
      JSON.stringify(group.capacity) === JSON.stringify(original.capacity) &&
      group.instances.every((one) => !one.protectedFromScaleIn || original.protectedInstances.includes(one.id))
    )
  })
}

/** Takes the lock and continues the open run, forward or back. */
export async function resumeOpenRun(context: RunContext): Promise<Result> {
  const { settings, recorder, store, group } = context
  const open = openRun(store)
  recorder.follow(open)
  // A hold that was requested ends only by finalize or revert; one for Jobs that were still running is tried again.
  if (settings.mode === 'upgrade' && open.held && open.held.because === undefined) {
    announceUncompared(recorder, open, settings)
    return recorder.result('held', { group, ...servingSides(open), next: nextCommand('finalize', settings, group) })
  }
  return withLock({ ...context, patienceMs: settings.lockTimeoutMs, runId: open.id }, async (lock) => {
    await store.reload()
    const ended = endedRun(context)
    if (ended) return ended
    if (store.current().run) return resume(context, lock)
    if (await writtenAgain(context, open)) return resume(context, lock)
    const hint = `Look at it: ${commandText('status', settings, group)}`
    const reason = reasonOf('nothing-open', `Run ${open.id} has ended in the meantime.`, hint)
    return recorder.result('unchanged', { group, reason })
  })
}

/**
 * The run that was open is not any more. It has ended, and its record says so, or somebody has deleted the record: then it is
 * written again from what was read before, and true is the answer.
 */
export async function writtenAgain(
  { store, recorder }: Pick<RunContext, 'store' | 'recorder'>,
  open: OpenRun
): Promise<boolean> {
  if (store.exists()) return false
  recorder.note('warning', 'the record', `Somebody had deleted the record of run ${open.id}; it was written again.`)
  await store.save({ ...store.current(), run: open })
  return true
}

/** Continues the open run under the lock that was taken for it. */
export async function resume(context: RunContext, lock: Lock): Promise<Result> {
  const { settings, recorder, store, group } = context
  const open = openRun(store)
  announceDifferences(recorder, open, settings)
  announceUncompared(recorder, open, settings)
  const next = resumed(open, context)
  if (next !== open) await store.save({ ...store.current(), run: next })
  announceStart(recorder, next, true)
  const result = await drive(context, lock)
  if (settings.mode !== 'revert' || result.outcome !== 'upgraded') return result
  return { ...result, reason: lateRevertReason(open.outgoing.name, settings, group) }
}

/** The run as the requested mode continues it; the same run if the mode changes nothing. */
function resumed(open: OpenRun, { settings: { mode }, ports, assignment }: RunContext): OpenRun {
  if (open.direction !== 'forward') return open
  if (mode === 'revert') return asReverting(open, requested('A revert was requested.', ports.clock.now()))
  // One slice of many: its clocks continue.
  if (assignment && !assignment.begins) return open
  // A new forward pass with clocks of its own; if it fails, the run stays held.
  if (mode === 'finalize') {
    return { ...restarted(open), settings: { ...open.settings, hold: false } }
  }
  return mode === 'upgrade' && open.held ? restarted(open) : open
}

function restarted(open: OpenRun): OpenRun {
  return { ...open, elapsedMs: 0, spentMs: {}, clocks: undefined }
}

/** A run that is resumed keeps the inputs that it began with. */
function announceDifferences(recorder: Recorder, open: OpenRun, settings: Settings): void {
  const mine = new Map<string, unknown>(Object.entries(settings))
  const its = new Map<string, unknown>(Object.entries(open.settings))
  const skipped = ['mode', 'group', 'lockTimeoutMs', 'expectPlan']
  const differing = [...mine.keys()].filter(
    (key) => !skipped.includes(key) && JSON.stringify(mine.get(key)) !== JSON.stringify(its.get(key))
  )
  if (differing.length === 0) return
  const names = differing.map(inputName).join(', ')
  recorder.note('info', 'resumed', `Run ${open.id} keeps the inputs that it began with. Yours differ in ${names}.`)
}

/** As people type it: `soakMs` is `soak-minutes`. */
function inputName(key: string): string {
  if (key === 'gates') return 'gate'
  const unit = key === 'stableMs' ? 'Seconds' : 'Minutes'
  return key.replace(/Ms$/, unit).replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
}
