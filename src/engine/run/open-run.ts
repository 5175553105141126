/** An open run is gone on with from wherever it is: under the lock, by the loop, to its one outcome. */

import { loop, openRun } from '../loop/loop.ts'
import { UpgradeError } from '../model/error.ts'
import { runTag } from '../model/names.ts'
import { nextCommand } from '../model/next-command.ts'
import type { Ports } from '../model/ports.ts'
import type { Result } from '../model/report.ts'
import type { Settings } from '../model/settings.ts'
import { acquireLock, holderText, type Lock } from '../record/lock.ts'
import type { OpenRun } from '../record/record.ts'
import { type Recorder, reasonOf } from '../record/recorder.ts'
import { activeSides } from './answers.ts'
import { endingResult } from './finish-run.ts'
import type { RunContext } from './run-context.ts'

/**
 * A run that died between its record and its first change has done nothing: what it planned may be old by now, so the record
 * is begun anew. The run tags are the first change of all.
 */
export async function discardUnstartedRun({ settings, ports, recorder, signal, store }: RunContext): Promise<void> {
  const open = openRun(store)
  if (open.direction !== 'forward' || open.held || !(await isUntouched(open, ports))) return
  const lock = await takeLock(ports, recorder, signal, settings.lockTimeoutMs, open.id)
  try {
    await store.reload()
    const { run: now, ...rest } = store.current()
    // Looked at again under the lock: its own engine may just have begun.
    if (now?.id === open.id && (await isUntouched(now, ports))) await store.save(rest)
    await lock.release()
  } catch (error) {
    await releaseOrAbandon(lock, error)
    throw error
  }
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

/** An open run is gone on with, forward or back, from wherever it is. */
export async function resumeOpenRun(context: RunContext): Promise<Result> {
  const { settings, ports, recorder, signal, store, group } = context
  const open = openRun(store)
  recorder.follow(open)
  if (settings.mode === 'upgrade' && open.held && open.heldFor === undefined) {
    return recorder.result('held', { group, ...activeSides(open), next: nextCommand('finalize', settings, group) })
  }
  const lock = await takeLock(ports, recorder, signal, settings.lockTimeoutMs, open.id)
  try {
    await store.reload()
    if (!store.current().run) {
      await lock.release()
      return recorder.result('unchanged', {
        group,
        reason: reasonOf(
          'nothing-open',
          `The run ${open.id} has ended meanwhile.`,
          `Look at it: eks-node-upgrade ${nextCommand('status', settings, group)}`
        )
      })
    }
    return await resume(context, lock)
  } catch (error) {
    await releaseOrAbandon(lock, error)
    throw error
  }
}

export async function resume(context: RunContext, lock: Lock): Promise<Result> {
  const { settings, ports, recorder, store, group } = context
  const open = openRun(store)
  announceDifferences(recorder, open, settings)
  const now = ports.clock.now()
  let next = open
  if (settings.mode === 'revert' && open.direction === 'forward')
    next = asReverting(open, 'A revert was asked for.', now)
  if (settings.mode === 'finalize' && open.direction === 'forward') {
    // A new forward pass with a clock of its own; where it fails the run stays held.
    next = { ...open, settings: { ...open.settings, hold: false }, held: open.held, elapsedMs: 0, spentMs: {} }
  }
  if (settings.mode === 'upgrade' && open.held) next = { ...open, elapsedMs: 0, spentMs: {} }
  if (next !== open) await store.save({ ...store.current(), run: next })
  announceStart(recorder, next, true)
  const result = await drive(context, lock)
  if (settings.mode === 'revert' && result.outcome === 'upgraded') {
    return {
      ...result,
      reason: reasonOf(
        'asked',
        `It was too late to revert: ${open.outgoing.name} was being retired, so the upgrade was finished.`,
        `To go back, upgrade again: eks-node-upgrade ${nextCommand('upgrade', settings, group)} --when-unchanged swap-back`
      )
    }
  }
  return result
}

/** Runs the loop and turns its end into the result. With an open run nothing ends as refused: whatever it is, a person goes on. */
export async function drive(context: RunContext, lock: Lock, facts: Partial<Result> = {}): Promise<Result> {
  const { settings, ports, store, recorder, signal, group } = context
  recorder.event({ kind: 'owned', runId: openRun(store).id })
  try {
    const ending = await loop({ ports, store, lock, recorder, signal, onCancel: settings.onCancel })
    return await endingResult({ ...context, lock }, ending, facts)
  } catch (error) {
    await releaseOrAbandon(lock, error)
    if (!(error instanceof UpgradeError)) throw error
    const { code, hint } = error.details
    const next = nextCommand(store.current().run?.direction === 'reverting' ? 'revert' : 'upgrade', settings, group)
    return recorder.result('halted', { ...facts, group, reason: reasonOf(code, error.message, hint), next })
  }
}

/** After a bug or a lost lock nobody knows what is under way: the Lease runs out by itself. */
export async function releaseOrAbandon(lock: Lock, error: unknown): Promise<void> {
  if (error instanceof UpgradeError && error.details.code !== 'lock-lost') await lock.release()
  else lock.abandon()
}

/** `runId`: of the run that is to be gone on with, or that will be begun; whoever finds the lock held is told it. */
export function takeLock(
  ports: Ports,
  recorder: Recorder,
  signal: AbortSignal,
  patienceMs: number,
  runId: string
): Promise<Lock> {
  let told = false
  return acquireLock(
    ports.leases,
    ports.clock,
    {
      holder: `${ports.host.name} ${ports.newId()}`,
      holderDetails: [`run ${runId}`, ports.host.link].filter(Boolean).join(', '),
      patienceMs,
      waiting(lease) {
        if (told) return
        told = true
        recorder.note(
          'info',
          'waiting for the lock',
          `${holderText(lease)} holds the cluster, or has died without giving it back (then it is free within a minute)`
        )
      }
    },
    signal
  )
}

export function asReverting(open: OpenRun, message: string, at: number): OpenRun {
  return {
    ...open,
    direction: 'reverting',
    held: false,
    heldFor: undefined,
    reason: { code: 'asked', message, hint: '', at }
  }
}

export function announceStart(recorder: Recorder, open: OpenRun, resumed: boolean): void {
  recorder.follow(open)
  recorder.event({
    kind: 'started',
    runId: open.id,
    mode: open.settings.mode,
    cluster: open.settings.cluster,
    group: open.settings.group ?? '',
    outgoing: open.outgoing.name,
    incoming: open.incoming.name,
    direction: open.direction,
    resumed
  })
}

/** A run that is resumed keeps the inputs that it began with. */
function announceDifferences(recorder: Recorder, open: OpenRun, settings: Settings): void {
  const mine = settings as unknown as Record<string, unknown>
  const its = open.settings as unknown as Record<string, unknown>
  const skipped = ['mode', 'group', 'lockTimeoutMs']
  const differing = Object.keys(mine).filter(
    (key) => !skipped.includes(key) && JSON.stringify(mine[key]) !== JSON.stringify(its[key])
  )
  if (differing.length > 0) {
    recorder.note(
      'info',
      'resumed',
      `run ${open.id} keeps the inputs that it began with; yours differ in ${differing.map(inputName).join(', ')}`
    )
  }
}

/** As people type it: `soakMs` is `soak-minutes`. */
function inputName(key: string): string {
  const unit = key === 'stableMs' ? 'Seconds' : 'Minutes'
  return key.replace(/Ms$/, unit).replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
}
