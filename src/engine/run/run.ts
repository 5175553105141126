/**
 * The engine's entry: one run in one mode, from the first look to the one outcome. Errors with a code become a result;
 * anything else is a bug and is thrown.
 */
import { UpgradeError } from '../model/error.ts'
import { lookAgainAfterMs, recoverPatienceMs } from '../model/limits.ts'
import { nextCommand } from '../model/next-command.ts'
import type { Group } from '../model/node-group.ts'
import type { Ports } from '../model/ports.ts'
import type { Finding, Result } from '../model/report.ts'
import type { Settings } from '../model/settings.ts'
import { choosePair, findPairs, type NodeGroupPair } from '../plan/node-group-pair.ts'
import type { Lock } from '../record/lock.ts'
import { openRecordStore } from '../record/record-store.ts'
import { createRecorder, type Recorder, reasonOf } from '../record/recorder.ts'
import { asReverting, requested } from '../record/run-state.ts'
import { endedRun, heldElsewhere } from './assigned-run.ts'
import { announceStart, drive } from './drive.ts'
import { marksWithoutRecord } from './marks.ts'
import { newRun } from './new-run.ts'
import { discardUnstartedRun, resume, resumeOpenRun, writtenAgain } from './open-run.ts'
import { type PreparedPlan, preparePlan } from './plan-input.ts'
import { nothingOpen, otherRuns, refused } from './refusals.ts'
import type { RunContext, RunOptions } from './run-context.ts'
import { plannedSides, servingSides } from './sides.ts'
import { planOfOpenRun, status } from './status.ts'
import { unlessStopped } from './unless-stopped.ts'
import { withLock } from './with-lock.ts'

export type { Ports } from '../model/ports.ts'

export function run(settings: Settings, ports: Ports, signal: AbortSignal, options: RunOptions = {}): Promise<Result> {
  return withResult(settings, ports, signal, async (recorder) => {
    const { nodeGroups, cluster } = ports
    const [found] = await unlessStopped(signal, Promise.all([nodeGroups.find(), cluster.open()]))
    const { search, chosen } = await unlessStopped(signal, findPair(found, settings, nodeGroups))
    const group = chosen.pair?.name ?? settings.group ?? (search.names.length === 1 ? search.names[0] : undefined)
    if (group === undefined) return refused({ recorder, settings, group: '' }, chosen.findings)
    const store = await unlessStopped(signal, openRecordStore(ports.records, group))
    const context: RunContext = { ...options, settings, ports, signal, recorder, store, group, pair: chosen.pair }
    if (settings.mode === 'status') return status(context)
    if (settings.mode === 'plan' && store.current().run) return planOfOpenRun(context)
    try {
      return await work(context, chosen.findings)
    } catch (error) {
      if (signal.aborted || !(error instanceof UpgradeError) || error.details.code !== 'lock-held') throw error
      return heldElsewhere(context, error)
    }
  })
}

/** In a mode that may write. */
async function work(context: RunContext, findings: readonly Finding[]): Promise<Result> {
  const { settings, store, pair, assignment } = context
  const wasOpen = store.current().run?.id
  if (wasOpen) await discardUnstartedRun(context)
  // A run that was discarded begins again under its own id: whoever continues it knows it by that.
  const begins = assignment !== undefined && (assignment.begins || wasOpen === assignment.runId)
  const mine: RunContext = assignment ? { ...context, assignment: { ...assignment, begins } } : context
  const ended = endedRun(mine)
  if (ended) return ended
  if (store.current().run) return resumeOpenRun(context)
  if (!pair) return refused(context, findings)
  if (settings.mode === 'finalize' || settings.mode === 'revert') return nothingOpen(context)
  return begin(mine, pair)
}

/** If a half is missing it may be there under another cluster's tag, or under none; that is worth one more look. */
async function findPair(found: readonly Group[], settings: Settings, { findTagged, place }: Ports['nodeGroups']) {
  const search = findPairs(found, settings)
  const chosen = choosePair(search, settings, place)
  if (chosen.pair || !findTagged) return { search, chosen }
  const names = new Set(found.map((group) => group.name))
  const others = (await findTagged(settings.groupTagKey)).filter((group) => !names.has(group.name))
  const wider = findPairs([...found, ...others], settings)
  return { search: wider, chosen: choosePair(wider, settings, place) }
}

/** The action's post step: reverts, or finishes, what a cancelled or killed main step left behind. */
export function recover(settings: Settings, ports: Ports, runId: string, signal: AbortSignal): Promise<Result> {
  return withResult(settings, ports, signal, async (recorder) => {
    const group = settings.group ?? ''
    await ports.cluster.open()
    const before = await openRecordStore(ports.records, group)
    const open = before.current().run
    if (open?.id !== runId) return notOpen({ settings, ports, signal, recorder, store: before, group })
    const patienceMs = Math.max(settings.lockTimeoutMs, recoverPatienceMs)
    return withLock({ ports, recorder, signal, patienceMs, runId }, async (lock) => {
      const store = await openRecordStore(ports.records, group)
      const context = { settings, ports, signal, recorder, store, group }
      if (!store.current().run) await writtenAgain(context, open)
      return recoverRun(context, lock, runId)
    })
  })
}

/** The run of the main step has ended, and there is nothing to do; or its record is gone, and its marks are still there. */
async function notOpen(context: RunContext): Promise<Result> {
  const { settings, ports, recorder, store, group } = context
  if (store.exists()) return recorder.result('unchanged', { group })
  const { chosen } = await findPair(await ports.nodeGroups.find(), settings, ports.nodeGroups)
  const stray = chosen.pair && marksWithoutRecord(context, chosen.pair)
  return stray ? recorder.result('halted', { group, reason: stray }) : recorder.result('unchanged', { group })
}

async function recoverRun(context: RunContext, lock: Lock, runId: string): Promise<Result> {
  const { settings, ports, recorder, store, group } = context
  const open = store.current().run
  if (open?.id !== runId) return recorder.result('unchanged', { group })
  recorder.follow(open)
  if (open.held) {
    return recorder.result('held', { group, ...servingSides(open), next: nextCommand('finalize', settings, group) })
  }
  if (open.direction === 'forward') {
    if (settings.onCancel === 'leave') {
      return recorder.result('cancelled', { group, next: nextCommand('upgrade', settings, group) })
    }
    const run = asReverting(open, requested('The run was cancelled.', ports.clock.now()))
    await store.save({ ...store.current(), run })
  }
  return drive(context, lock)
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
    if (signal.aborted && error === signal.reason) return recorder.result('cancelled', { group: settings.group })
    if (!(error instanceof UpgradeError)) throw error
    const { code, outcome, hint } = error.details
    // Stopped while it waited for the lock: nothing was begun.
    if (signal.aborted && code === 'lock-held') return recorder.result('cancelled', { group: settings.group })
    return recorder.result(outcome, { reason: reasonOf(code, error.message, hint) })
  } finally {
    await ports.cluster.close()
  }
}

async function begin(context: RunContext, pair: NodeGroupPair): Promise<Result> {
  const { settings, ports, signal, recorder, store } = context
  const prepared = await unlessStopped(signal, preparePlan(pair, settings, ports, store.current(), signal))
  // What was given up because of a stop is no finding.
  if (signal.aborted) return recorder.result('cancelled', { group: context.group })
  recorder.plan(prepared.plan)
  const ended = endsBeforeStart(context, prepared)
  if (ended) return ended
  const from = ports.clock.now()
  const runId = context.assignment?.runId ?? ports.newId()
  return withLock({ ...context, patienceMs: settings.lockTimeoutMs, runId }, async (lock) => {
    const waited = ports.clock.now() - from > lookAgainAfterMs
    const changed = await store.reload()
    if (!changed && !waited && otherRuns(store, settings).length === 0) return start(context, prepared, lock, runId)
    // Another run may have changed everything while this one waited for the lock: look again.
    const over = endedRun(context)
    if (over) return over
    if (store.current().run) return resume(context, lock)
    const again = await preparePlan(pair, settings, ports, store.current(), signal)
    recorder.plan(again.plan)
    return endsBeforeStart(context, again) ?? start(context, again, lock, runId)
  })
}

/** What ends a run before anything is written. */
function endsBeforeStart(context: RunContext, prepared: PreparedPlan): Result | undefined {
  const { settings, recorder, store, group } = context
  const { plan, pair, verdict } = prepared
  const facts = plannedSides(prepared)
  const stray = marksWithoutRecord(context, pair)
  if (stray) return recorder.result('halted', { ...facts, reason: stray })
  if (verdict === 'unchanged') return recorder.result('unchanged', facts)
  const blocked = [...otherRuns(store, settings), ...plan.blockers]
  if (blocked.length > 0) return refused(context, blocked, facts)
  return settings.mode === 'plan'
    ? recorder.result('planned', { ...facts, next: nextCommand('upgrade', settings, group) })
    : undefined
}

async function start(context: RunContext, prepared: PreparedPlan, lock: Lock, id: string): Promise<Result> {
  const { settings, ports, store, recorder } = context
  const open = newRun(prepared, settings, ports, id)
  await store.save({ ...store.current(), run: open })
  announceStart(recorder, open, false)
  return drive(context, lock, plannedSides(prepared))
}
