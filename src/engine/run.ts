/**
 * The engine's entry: one run in one mode, from the first look to the one outcome. Errors with a code become a result;
 * anything else is a bug and flies on.
 */
import { newRun } from './begin.ts'
import { UpgradeError } from './error.ts'
import { acquireLock, holderText, type Lock } from './lock.ts'
import { loop, openRun } from './loop.ts'
import { runTag } from './names.ts'
import { nextCommand } from './next-command.ts'
import type { Group } from './node-group.ts'
import { endingResult, statusText } from './outcome.ts'
import { choosePair, findPairs, type Pair } from './plan/pair.ts'
import type { Ports } from './ports.ts'
import { type Prepared, prepare } from './prepare.ts'
import type { OpenRun, RecordStore } from './record.ts'
import { openRecordStore } from './record.ts'
import { createRecorder, type Recorder, reasonOf } from './recorder.ts'
import type { Finding, Result } from './report.ts'
import type { Settings } from './settings.ts'

export type { Ports } from './ports.ts'

interface Context {
  settings: Settings
  ports: Ports
  signal: AbortSignal
  recorder: Recorder
  store: RecordStore
  group: string
  /** Undefined where the tags do not lead to a pair, while a record names the groups. */
  pair?: Pair
}

export function run(settings: Settings, ports: Ports, signal: AbortSignal): Promise<Result> {
  return withResult(settings, ports, signal, async (recorder) => {
    const { nodeGroups, cluster } = ports
    const [found] = await Promise.all([nodeGroups.find(), cluster.open()])
    const { search, chosen } = await findPair(found, settings, nodeGroups)
    const group = chosen.pair?.name ?? settings.group ?? (search.names.length === 1 ? search.names[0] : undefined)
    if (group === undefined) return refused(recorder, chosen.findings, settings, '')
    const store = await openRecordStore(ports.records, group)
    const context: Context = { settings, ports, signal, recorder, store, group, pair: chosen.pair }
    if (settings.mode === 'status') return status(context)
    if (store.current().run && settings.mode !== 'plan') await forgetUnbegun(context)
    if (store.current().run) return settings.mode === 'plan' ? planOfOpenRun(context) : goOn(context)
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
    const lock = await take(ports, recorder, signal, Math.max(settings.lockTimeoutMs, 120_000), runId)
    try {
      return await recoverWith(lock, settings, ports, recorder, runId, signal)
    } catch (error) {
      await giveBack(lock, error)
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

async function begin(context: Context, pair: Pair): Promise<Result> {
  const { settings, ports, recorder, signal, store } = context
  const prepared = await prepare(pair, settings, ports, store.current())
  recorder.plan(prepared.plan)
  const stop = beforehand(context, prepared)
  if (stop) return stop
  const from = ports.clock.now()
  const id = ports.newId()
  const lock = await take(ports, recorder, signal, settings.lockTimeoutMs, id)
  try {
    // Whoever had to wait for the lock looks anew: another run may have changed everything.
    const waited = ports.clock.now() - from > 2_000
    if ((await store.reload()) || waited || otherRuns(store, settings).length > 0) {
      if (store.current().run) return await resume(context, lock)
      const again = await prepare(pair, settings, ports, store.current())
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
    await giveBack(lock, error)
    throw error
  }
}

/** What ends a run before anything is written. */
function beforehand(context: Context, prepared: Prepared): Result | undefined {
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

/** Budgets that nobody wrote down cannot be shared between two upgrades; a held one moves nothing. */
function otherRuns(store: RecordStore, settings: Settings): readonly Finding[] {
  return store.others().flatMap((other): Finding[] =>
    other.run && !other.run.held
      ? [
          {
            rule: 'other-run-open',
            object: other.group,
            reason: `the upgrade ${other.run.id} of this node group is open (${other.run.direction})`,
            remedies: [
              `eks-node-upgrade ${nextCommand('upgrade', settings, other.group)}`,
              `eks-node-upgrade ${nextCommand('revert', settings, other.group)}`
            ]
          }
        ]
      : []
  )
}

/** Our marks, and no record that explains them: somebody removed it. Nobody knows the way back but the tags. */
function markedWithoutRecord({ ports, group, settings }: Context, { pair }: Prepared): Result['reason'] {
  const tagged = [pair.blue, pair.green].filter((one) => one.tags[runTag] !== undefined)
  const ids = new Set([pair.blue, pair.green].flatMap((one) => one.instances.map((instance) => instance.id)))
  const closed = ports.cluster
    .view()
    .nodes.filter((node) => node.closedBy !== undefined && node.instanceId !== undefined && ids.has(node.instanceId))
  if (tagged.length === 0 && closed.length === 0) return undefined
  const seen = [
    ...tagged.map(
      (one) =>
        `${one.name} has the tag ${runTag}=${one.tags[runTag]} (${one.tags['eks-node-upgrade/originals'] ?? 'no originals'})`
    ),
    ...closed.slice(0, 3).map((node) => `${node.name} is closed by run ${node.closedBy}`)
  ]
  return reasonOf(
    'record-missing',
    `There are marks of a run of ${group}, and no record of it: ${seen.join('; ')}. Nothing was touched.`,
    `Restore the record from a backup of ConfigMap kube-system/eks-node-upgrade, or put the named settings back by hand and remove the marks; then: eks-node-upgrade ${nextCommand('plan', settings, group)}`
  )
}

async function start(context: Context, prepared: Prepared, lock: Lock, id: string): Promise<Result> {
  const { settings, ports, store, recorder } = context
  const open = newRun(prepared, settings, ports, id)
  await store.save({ ...store.current(), run: open })
  tellStart(recorder, open, false)
  return drive(context, lock, sides(prepared))
}

/**
 * A run that died between its record and its first change has done nothing: what it planned may be old by now, so the record
 * is begun anew. The run tags are the first change of all.
 */
async function forgetUnbegun({ settings, ports, recorder, signal, store }: Context): Promise<void> {
  const open = openRun(store)
  if (open.direction !== 'forward' || open.held || !(await isUntouched(open, ports))) return
  const lock = await take(ports, recorder, signal, settings.lockTimeoutMs, open.id)
  try {
    await store.reload()
    const { run: now, ...rest } = store.current()
    // Looked at again under the lock: its own engine may just have begun.
    if (now?.id === open.id && (await isUntouched(now, ports))) await store.save(rest)
    await lock.release()
  } catch (error) {
    await giveBack(lock, error)
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
async function goOn(context: Context): Promise<Result> {
  const { settings, ports, recorder, signal, store, group } = context
  const open = openRun(store)
  recorder.follow(open)
  if (settings.mode === 'upgrade' && open.held && open.heldFor === undefined) {
    return recorder.result('held', { group, ...activeSides(open), next: nextCommand('finalize', settings, group) })
  }
  const lock = await take(ports, recorder, signal, settings.lockTimeoutMs, open.id)
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
    await giveBack(lock, error)
    throw error
  }
}

async function resume(context: Context, lock: Lock): Promise<Result> {
  const { settings, ports, recorder, store, group } = context
  const open = openRun(store)
  tellDifferences(recorder, open, settings)
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
  tellStart(recorder, next, true)
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
async function drive(context: Context, lock: Lock, facts: Partial<Result> = {}): Promise<Result> {
  const { settings, ports, store, recorder, signal, group } = context
  recorder.event({ kind: 'owned', runId: openRun(store).id })
  try {
    const ending = await loop({ ports, store, lock, recorder, signal, onCancel: settings.onCancel })
    return await endingResult({ ...context, lock }, ending, facts)
  } catch (error) {
    await giveBack(lock, error)
    if (!(error instanceof UpgradeError)) throw error
    const { code, hint } = error.details
    const next = nextCommand(store.current().run?.direction === 'reverting' ? 'revert' : 'upgrade', settings, group)
    return recorder.result('halted', { ...facts, group, reason: reasonOf(code, error.message, hint), next })
  }
}

/** After a bug or a lost lock nobody knows what is under way: the Lease runs out by itself. */
async function giveBack(lock: Lock, error: unknown): Promise<void> {
  if (error instanceof UpgradeError && error.details.code !== 'lock-lost') await lock.release()
  else lock.abandon()
}

/** `runId`: of the run that is to be gone on with, or that will be begun; whoever finds the lock held is told it. */
function take(ports: Ports, recorder: Recorder, signal: AbortSignal, patienceMs: number, runId: string): Promise<Lock> {
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

function asReverting(open: OpenRun, message: string, at: number): OpenRun {
  return {
    ...open,
    direction: 'reverting',
    held: false,
    heldFor: undefined,
    reason: { code: 'asked', message, hint: '', at }
  }
}

function tellStart(recorder: Recorder, open: OpenRun, resumed: boolean): void {
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
function tellDifferences(recorder: Recorder, open: OpenRun, settings: Settings): void {
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

function refused(
  recorder: Recorder,
  findings: readonly Finding[],
  settings: Settings,
  group: string,
  facts: Partial<Result> = {}
): Result {
  const first = findings[0]
  const others = findings.length > 1 ? ` (and ${findings.length - 1} more)` : ''
  const message = first ? `${first.object}: ${first.reason}${others}` : 'nothing was found to upgrade'
  const code =
    first?.rule === 'other-run-open'
      ? 'other-run-open'
      : first?.rule.startsWith('group-not')
        ? 'group-not-found'
        : 'plan-blocked'
  const hint = first?.remedies[0] ?? `eks-node-upgrade ${nextCommand('plan', settings, group)}`
  return recorder.result('refused', { group, ...facts, reason: reasonOf(code, message, hint), findings })
}

function nothingOpen({ recorder, settings, group, pair }: Context): Result {
  const names: Partial<Result> = pair ? sidesOf(pair.blue, pair.green) : {}
  return recorder.result('unchanged', {
    group,
    ...names,
    reason: reasonOf(
      'nothing-open',
      `No run of ${group} is open: there is nothing to ${settings.mode}.`,
      `eks-node-upgrade ${nextCommand('status', settings, group)}`
    )
  })
}

function planOfOpenRun({ recorder, store, settings, group }: Context): Result {
  const open = openRun(store)
  recorder.follow(open)
  recorder.note('info', 'a run is open', statusText(open))
  return recorder.result('planned', {
    group,
    ...activeSides(open),
    next: nextCommand(open.held ? 'finalize' : 'upgrade', settings, group)
  })
}

async function status(context: Context): Promise<Result> {
  const { recorder, store, group, pair, ports } = context
  const { run: open, last } = store.current()
  if (open) {
    recorder.follow(open)
    recorder.note('info', group, statusText(open))
    return recorder.result('status', {
      group,
      ...activeSides(open),
      reason: open.reason,
      next: nextCommand(open.held ? 'finalize' : 'upgrade', context.settings, group)
    })
  }
  const groups = pair ? await ports.nodeGroups.describe([pair.blue.name, pair.green.name]) : []
  const [first, second] = groups
  const names = first && second ? sidesOf(first, second) : {}
  const active = groups.find((one) => one.name === names.activeGroup)
  recorder.note(
    'info',
    group,
    `no run is open; ${names.activeGroup ?? 'no group'} is active with ${active?.instances.length ?? 0} nodes`
  )
  if (last)
    recorder.note(
      'info',
      'last run',
      `${last.runId} ended ${new Date(last.at).toISOString()}: ${last.outcome}${last.reason ? ` (${last.reason.message})` : ''}`
    )
  return recorder.result('status', { group, ...names })
}

function sides(prepared: Prepared): Partial<Result> {
  return {
    group: prepared.plan.group,
    activeGroup: prepared.plan.active.name,
    inactiveGroup: prepared.plan.inactive.name
  }
}

function sidesOf(blue: Group, green: Group): Partial<Result> {
  const [active, inactive] = blue.instances.length > 0 || blue.capacity.desired > 0 ? [blue, green] : [green, blue]
  return { activeGroup: active.name, inactiveGroup: inactive.name }
}

function activeSides(open: OpenRun): Partial<Result> {
  return { activeGroup: open.outgoing.name, inactiveGroup: open.incoming.name }
}
