/**
 * The engine's entry: one run in one mode, from the first look to the one outcome. Errors with a code become a result;
 * anything else is a bug and flies on.
 */

import { UpgradeError } from '../model/error.ts'
import { nextCommand } from '../model/next-command.ts'
import type { Group } from '../model/node-group.ts'
import type { Ports } from '../model/ports.ts'
import type { Result } from '../model/report.ts'
import type { Settings } from '../model/settings.ts'
import { choosePair, findPairs, type NodeGroupPair } from '../plan/node-group-pair.ts'
import type { Lock } from '../record/lock.ts'
import { openRecordStore } from '../record/record.ts'
import { createRecorder, type Recorder, reasonOf } from '../record/recorder.ts'
import { markedWithoutRecord, nothingOpen, otherRuns, planOfOpenRun, refused, sides, status } from './answers.ts'
import { newRun } from './new-run.ts'
import {
  announceStart,
  asReverting,
  discardUnstartedRun,
  drive,
  releaseOrAbandon,
  resume,
  resumeOpenRun,
  takeLock
} from './open-run.ts'
import { type PreparedPlan, preparePlan } from './plan-input.ts'
import type { RunContext } from './run-context.ts'

export type { Ports } from '../model/ports.ts'

export function run(settings: Settings, ports: Ports, signal: AbortSignal): Promise<Result> {
  return withResult(settings, ports, signal, async (recorder) => {
    const { nodeGroups, cluster } = ports
    const [found] = await Promise.all([nodeGroups.find(), cluster.open()])
    const { search, chosen } = await findPair(found, settings, nodeGroups)
    const group = chosen.pair?.name ?? settings.group ?? (search.names.length === 1 ? search.names[0] : undefined)
    if (group === undefined) return refused(recorder, chosen.findings, settings, '')
    const store = await openRecordStore(ports.records, group)
    const context: RunContext = { settings, ports, signal, recorder, store, group, pair: chosen.pair }
    if (settings.mode === 'status') return status(context)
    if (store.current().run && settings.mode !== 'plan') await discardUnstartedRun(context)
    if (store.current().run) return settings.mode === 'plan' ? planOfOpenRun(context) : resumeOpenRun(context)
    if (!chosen.pair) return refused(recorder, chosen.findings, settings, group)
    if (settings.mode === 'finalize' || settings.mode === 'revert') return nothingOpen(context)
    return begin(context, chosen.pair)
  })
}

/** Where a half is missing it may be there under another cluster's tag, or under none; that is worth one more look. */
async function findPair(found: readonly Group[], settings: Settings, { findTagged, place }: Ports['nodeGroups']) {
  const search = findPairs(found, settings)
  const chosen = choosePair(search, settings, place)
  if (chosen.pair || !findTagged) return { search, chosen }
  const names = new Set(found.map((group) => group.name))
  const others = (await findTagged(settings.groupTagKey)).filter((group) => !names.has(group.name))
  const wider = findPairs([...found, ...others], settings)
  return { search: wider, chosen: choosePair(wider, settings, place) }
}

/** The action's post step: what a cancelled or killed main left behind is put back, or looked after. */
export function recover(settings: Settings, ports: Ports, runId: string, signal: AbortSignal): Promise<Result> {
  return withResult(settings, ports, signal, async (recorder) => {
    const group = settings.group ?? ''
    await ports.cluster.open()
    const first = await openRecordStore(ports.records, group)
    const left = first.current().run
    if (left?.id !== runId) return recorder.result('unchanged', { group })
    const lock = await takeLock(ports, recorder, signal, Math.max(settings.lockTimeoutMs, 120_000), runId)
    try {
      return await recoverWith(lock, settings, ports, recorder, runId, signal)
    } catch (error) {
      await releaseOrAbandon(lock, error)
      throw error
    }
  })
}

async function recoverWith(
  lock: Lock,
  settings: Settings,
  ports: Ports,
  recorder: Recorder,
  runId: string,
  signal: AbortSignal
): Promise<Result> {
  const group = settings.group ?? ''
  const store = await openRecordStore(ports.records, group)
  const open = store.current().run
  if (open?.id !== runId) {
    await lock.release()
    return recorder.result('unchanged', { group })
  }
  recorder.follow(open)
  const goesBack = open.direction === 'forward' && !open.held
  if (goesBack && settings.onCancel === 'leave') {
    await lock.release()
    return recorder.result('cancelled', { group, next: nextCommand('upgrade', settings, group) })
  }
  if (open.held) {
    await lock.release()
    return recorder.result('held', { group, next: nextCommand('finalize', settings, group) })
  }
  if (goesBack)
    await store.save({ ...store.current(), run: asReverting(open, 'The run was cancelled.', ports.clock.now()) })
  return drive({ settings, ports, signal, recorder, store, group }, lock)
}

async function withResult(
  settings: Settings,
  ports: Ports,
  signal: AbortSignal,
  work: (recorder: Recorder) => Promise<Result>
): Promise<Result> {
  const recorder = createRecorder(settings, ports)
  try {
    return await work(recorder)
  } catch (error) {
    if (!(error instanceof UpgradeError)) throw error
    const { code, outcome, hint } = error.details
    // Asked to stop while it waited for the lock: nothing was begun.
    if (signal.aborted && code === 'lock-held') return recorder.result('cancelled', { group: settings.group })
    return recorder.result(outcome, { reason: reasonOf(code, error.message, hint) })
  } finally {
    await ports.cluster.close()
  }
}

async function begin(context: RunContext, pair: NodeGroupPair): Promise<Result> {
  const { settings, ports, recorder, signal, store } = context
  const prepared = await preparePlan(pair, settings, ports, store.current())
  recorder.plan(prepared.plan)
  const stop = beforehand(context, prepared)
  if (stop) return stop
  const from = ports.clock.now()
  const id = ports.newId()
  const lock = await takeLock(ports, recorder, signal, settings.lockTimeoutMs, id)
  try {
    // Whoever had to wait for the lock looks anew: another run may have changed everything.
    const waited = ports.clock.now() - from > 2_000
    if ((await store.reload()) || waited || otherRuns(store, settings).length > 0) {
      if (store.current().run) return await resume(context, lock)
      const again = await preparePlan(pair, settings, ports, store.current())
      recorder.plan(again.plan)
      const stopNow = beforehand(context, again)
      if (stopNow) {
        await lock.release()
        return stopNow
      }
      return await start(context, again, lock, id)
    }
    return await start(context, prepared, lock, id)
  } catch (error) {
    await releaseOrAbandon(lock, error)
    throw error
  }
}

/** What ends a run before anything is written. */
function beforehand(context: RunContext, prepared: PreparedPlan): Result | undefined {
  const { settings, recorder, store, group } = context
  const { plan } = prepared
  const facts = sides(prepared)
  const stray = markedWithoutRecord(context, prepared)
  if (stray) return recorder.result('halted', { ...facts, reason: stray })
  if (prepared.verdict === 'unchanged') return recorder.result('unchanged', facts)
  const blocked = [...otherRuns(store, settings), ...plan.blockers]
  if (blocked.length > 0) return refused(recorder, blocked, settings, group, facts)
  return settings.mode === 'plan'
    ? recorder.result('planned', { ...facts, next: nextCommand('upgrade', settings, group) })
    : undefined
}

async function start(context: RunContext, prepared: PreparedPlan, lock: Lock, id: string): Promise<Result> {
  const { settings, ports, store, recorder } = context
  const open = newRun(prepared, settings, ports, id)
  await store.save({ ...store.current(), run: open })
  announceStart(recorder, open, false)
  return drive(context, lock, sides(prepared))
}
