/**
 * Observe, decide, act, until the run ends. The loop holds no position: everything that decides is looked at anew in every
 * pass, so that a start after a crash is no different from the next pass.
 */
import type { Action } from './action.ts'
import { type Decision, decide, type Looked } from './decide.ts'
import { type Diary, newDiary } from './diary.ts'
import { UpgradeError } from './error.ts'
import { createGroupReader, type GroupReader } from './group-reader.ts'
import { takeBaseline } from './health.ts'
import { debounceMs, heartbeatMs, longestWriteMs, retryMs, sessionAssumedMs, unheldMs } from './limits.ts'
import type { Lock } from './lock.ts'
import { judgePod } from './policy/pods.ts'
import type { Ports } from './ports.ts'
import { podCounts, progressOf, sameProgress } from './progress.ts'
import type { OpenRun, RecordStore } from './record.ts'
import type { Recorder } from './recorder.ts'
import { remember } from './remember.ts'
import type { Progress, Reason, StageName } from './report.ts'
import { saveRecord } from './save.ts'
import type { Settings } from './settings.ts'
import { covered } from './stages/release.ts'
import { createWorks, type Works } from './works.ts'
import { isStranded, makeWorld, type World } from './world.ts'

export type Ending =
  | { kind: 'finish'; outcome: 'upgraded' | 'reverted'; run: OpenRun; notes: readonly string[]; world: World }
  | { kind: 'hold'; run: OpenRun; reason?: Reason; world: World }
  | { kind: 'halt'; run: OpenRun; reason: Reason }
  | { kind: 'stopped'; run: OpenRun; outstanding: boolean }

export interface LoopOptions {
  ports: Ports
  store: RecordStore
  lock: Lock
  recorder: Recorder
  signal: AbortSignal
  /** Of this process, whoever began the run. */
  onCancel: Settings['onCancel']
}

/** Rejects only with lock-lost, with what the group reader cannot mend, or with a bug. */
export async function loop(options: LoopOptions): Promise<Ending> {
  const { ports, store, lock, recorder, signal } = options
  const { clock } = ports
  let run = openRun(store)
  let diary = newDiary(clock.now(), run.elapsedMs)
  const beganAt = clock.now()
  // Session credentials that nobody renews live for an hour as a rule; where their end is unknown, that is assumed.
  const credentialsEndAt = () =>
    ports.credentialsExpireAt ? (ports.credentialsExpireAt() ?? beganAt + sessionAssumedMs) : Number.POSITIVE_INFINITY
  let shown: Progress | undefined
  let lastLookFailedAt: number | undefined
  let unheldSince: number | undefined
  const reader = createGroupReader(ports)
  const works = createWorks({
    ...ports,
    diary: () => diary,
    mayWrite: () => lock.held() && !signal.aborted,
    wroteGroups: () => reader.wrote(),
    did: (text) => recorder.did(text),
    trouble: (text) => recorder.note('info', 'trying again', text)
  })

  const save = async (next: OpenRun): Promise<void> => {
    run = next
    recorder.follow(run)
    await saveRecord(store, { ...store.current(), run }, { clock, lock, signal })
  }
  /** A new direction is begun with a clean diary, and with nothing of the old one under way. */
  const turn = async (next: OpenRun): Promise<void> => {
    await works.idle()
    await save(next)
    diary = newDiary(clock.now(), run.elapsedMs)
    reader.wrote()
    const reason = run.reason ?? { code: 'asked' as const, message: '', hint: '' }
    recorder.event({ kind: 'turned', direction: run.direction, reason })
  }

  for (;;) {
    if (signal.aborted) return stop(options, works, run, diary)
    if (lock.lostTo()) throw lockLost(lock)
    if (!lock.held()) {
      unheldSince ??= clock.now()
      if (clock.now() - unheldSince > unheldMs) throw lockOutOfReach(unheldSince, clock.now())
      await clock.sleep(500, signal)
      continue
    }
    unheldSince = undefined
    const view = ports.cluster.view()
    const changed = wakeOnChange(ports, signal)
    const seen = await look(reader, run, view, recorder, lastLookFailedAt, clock.now())
    if (!seen) {
      lastLookFailedAt ??= clock.now()
      changed.cancel()
      await clock.sleep(retryMs[1] ?? 2_000, signal)
      continue
    }
    lastLookFailedAt = undefined
    const world = makeWorld(clock.now(), run, seen.groups, view, seen.activities, diary, credentialsEndAt())
    remember(world, run)
    const { decision, looked } = decide(world, run)
    const progress = progressOf(world, run, decision, looked)
    const moved = noteStage(decision, looked, world, run, diary, recorder)
    if (moved !== run) {
      run = { ...moved, ...countsOf(progress, moved) }
      await save(run)
    }
    if (decision.kind === 'go') reader.stage(decision.stage)
    if (!shown || !sameProgress(shown, progress) || clock.now() - shown.at >= heartbeatMs) {
      shown = progress
      recorder.event({ kind: 'progress', progress })
    }
    switch (decision.kind) {
      case 'go': {
        if (decision.step.first) {
          changed.cancel()
          await save(decision.step.first(run))
          continue
        }
        const ended = works.ended()
        works.start(guarded(decision.step.actions, world, run))
        await pause(
          [changed.happened, ...(works.busy() ? [ended] : [])],
          ports,
          pauseMs(decision.stage, reader, diary, clock.now()),
          signal
        )
        changed.cancel()
        continue
      }
      case 'revert': {
        changed.cancel()
        const at = clock.now()
        await turn(
          closeBooks(
            { ...run, direction: 'reverting', reason: { ...decision.reason, stage: decision.stage, at } },
            world,
            diary
          )
        )
        continue
      }
      case 'retire': {
        changed.cancel()
        // Nothing may be under way, and the lock must be ours for as long as this write can last: the point of no return.
        await works.idle()
        if (!lock.held()) continue
        await turn(closeBooks({ ...run, direction: 'retiring', held: false, heldFor: undefined }, world, diary))
        continue
      }
      case 'hold': {
        changed.cancel()
        await works.idle()
        works.start(healthChecks(world))
        await works.idle()
        // What could not be finalized is not how it should be: the baseline stays the one that was verified.
        const verified = decision.reason?.code !== 'finalize-failed'
        const held = closeBooks(
          { ...run, held: true, heldFor: decision.heldFor, ...(verified ? freshBaseline(run, world) : {}) },
          world,
          diary
        )
        await save(held)
        return { kind: 'hold', run: held, reason: decision.reason, world }
      }
      case 'finish':
        changed.cancel()
        await works.idle()
        return {
          kind: 'finish',
          outcome: decision.outcome,
          run: closeBooks(run, world, diary),
          notes: decision.notes,
          world
        }
      case 'halt': {
        changed.cancel()
        await works.idle()
        const booked = closeBooks(
          { ...run, reason: run.reason ?? { ...decision.reason, stage: decision.stage, at: clock.now() } },
          world,
          diary
        )
        const halted = { ...booked, spentMs: withoutDirection(booked) }
        await save(halted)
        return { kind: 'halt', run: halted, reason: decision.reason }
      }
    }
  }
}

export function openRun(store: RecordStore): OpenRun {
  const { run } = store.current()
  if (!run) throw new Error('the loop needs an open run')
  return run
}

/** Production guards of the invariants that matter most, next to the door: what must never be sent is not. */
export function guarded(actions: readonly Action[], world: World, run: OpenRun): readonly Action[] {
  const from = new Set(world.from.nodes.map((node) => node.name))
  const emptied = new Set(world.from.nodes.filter((node) => !node.schedulable).map((node) => node.name))
  return actions.filter((action) => {
    // I2: a pod that is not on a node being emptied is never asked to go.
    if (action.kind === 'evict' || action.kind === 'remove') {
      // I1: nothing is deleted past its budget but what serves nobody, and only on the way back.
      if (action.kind === 'remove' && (action.pod.ready || world.from !== world.incoming)) return false
      return action.pod.nodeName !== undefined && emptied.has(action.pod.nodeName)
    }
    // I4, I6: only what is seen to hold no pod that could move; of outgoing nothing before it is retired.
    if (action.kind === 'terminate') return action.instanceIds.every((id) => mayTerminate(id, action.group, world, run))
    if (action.kind === 'resize' || action.kind === 'protect') return keepsInstances(action, world, run)
    // I23: only nodes of *from* are closed, and only while *to* has an open one for their pods.
    if (action.kind === 'close-node') {
      return (
        from.has(action.node.name) &&
        (world.to.nodes.some((node) => node.schedulable && node.ready === 'True') || world.from.nodes.length === 0)
      )
    }
    return true
  })
}

/**
 * I4, I6: Desired is lowered only while every instance is protected, and of outgoing only when it is retired; protection is lifted
 * only where Desired is not below the number of instances. Auto Scaling can never pick one.
 */
function keepsInstances(action: Extract<Action, { kind: 'resize' | 'protect' }>, world: World, run: OpenRun): boolean {
  const side = action.group === world.outgoing.group.name ? world.outgoing : world.incoming
  const { desired } = side.group.capacity
  if (action.kind === 'protect') return action.on || covered(side)
  const next = action.capacity.desired ?? Math.min(desired, action.capacity.max ?? desired)
  if (next >= desired) return true
  if (side === world.outgoing && run.direction !== 'retiring') return false
  return side.instances.every((instance) => instance.protectedFromScaleIn)
}

function mayTerminate(id: string, group: string, world: World, run: OpenRun): boolean {
  if (group === run.outgoing.name && run.direction !== 'retiring') return false
  const names = new Set(world.view.nodes.filter((node) => node.instanceId === id).map((node) => node.name))
  return !world.view.pods.some(
    (pod) =>
      pod.nodeName &&
      names.has(pod.nodeName) &&
      !isStranded(pod, world.from, world.now) &&
      judgePod(pod, run.settings, world.index).kind !== 'leave'
  )
}

async function look(
  reader: GroupReader,
  run: OpenRun,
  view: ReturnType<Ports['cluster']['view']>,
  recorder: Recorder,
  failingSince: number | undefined,
  now: number
): Promise<Awaited<ReturnType<GroupReader['read']>> | undefined> {
  try {
    return await reader.read(run, view)
  } catch (error) {
    if (!(error instanceof UpgradeError)) throw error
    const { code } = error.details
    if (code === 'group-not-found') throw error
    // Unknown is not gone: nothing is decided without a look. Credentials may come back with the next refresh.
    const hopeless = code === 'access-denied' || code === 'credentials' || code === 'region'
    if (failingSince !== undefined && now - failingSince > (hopeless ? 60_000 : 15 * 60_000)) throw error
    if (failingSince === undefined)
      recorder.note('warning', 'cannot see the Auto Scaling groups', `${error.message} Trying again.`)
    return undefined
  }
}

interface Change {
  happened: Promise<void>
  cancel(): void
}

/** Armed before the look, so that what changes during it is not missed. */
function wakeOnChange(ports: Ports, signal: AbortSignal): Change {
  const stop = new AbortController()
  const cancel = () => stop.abort()
  signal.addEventListener('abort', cancel, { once: true })
  const happened = ports.cluster.changed(stop.signal).finally(() => signal.removeEventListener('abort', cancel))
  return { happened, cancel }
}

/** Deadlines and steady times need a look of ours, not a call: soon where something is just about to be so. */
function pauseMs(stage: StageName, reader: GroupReader, diary: Diary, now: number): number {
  const quick = stage !== 'move' && now - Math.max(diary.stage?.at ?? 0, diary.progress.at) < 5_000
  return Math.max(debounceMs, Math.min(quick ? 200 : heartbeatMs, reader.dueAt() - now))
}

/** Until something changes, something of ours ends, or a clock runs out; looks are kept apart, so that a burst is one. */
async function pause(wakes: readonly Promise<unknown>[], ports: Ports, ms: number, signal: AbortSignal): Promise<void> {
  const timer = new AbortController()
  const lookedAt = ports.clock.now()
  const onAbort = () => timer.abort()
  signal.addEventListener('abort', onAbort, { once: true })
  await Promise.race([...wakes, ports.clock.sleep(ms, timer.signal)])
  signal.removeEventListener('abort', onAbort)
  timer.abort()
  const apart = lookedAt + debounceMs - ports.clock.now()
  if (!signal.aborted && apart > 0) await ports.clock.sleep(apart, signal)
}

/** Books the time of the stage that was, and tells of the one that is. Returns a new run when the record should know. */
function noteStage(
  decision: Decision,
  looked: readonly Looked[],
  world: World,
  run: OpenRun,
  diary: Diary,
  recorder: Recorder
): OpenRun {
  if (decision.kind !== 'go') {
    // The last stages of a direction end with the decision that ends it.
    endStages(looked, world, run, recorder)
    if (decision.kind === 'revert' || decision.kind === 'halt') failStage(decision, world, run, recorder)
    return run
  }
  const { direction } = run
  const key = `${direction}/${decision.stage}`
  if (diary.stage?.key === key) return run
  const before = diary.stage
  diary.stage = { key, at: world.now }
  const spentMs = before
    ? { ...run.spentMs, [before.key]: (run.spentMs[before.key] ?? 0) + world.now - before.at }
    : run.spentMs
  const isNew = !recorder.stages.some((stage) => stage.direction === direction && stage.stage === decision.stage)
  endStages(looked, world, run, recorder)
  if (isNew) {
    recorder.stages.push({
      direction,
      stage: decision.stage,
      startedAt: world.now,
      endedAt: world.now,
      detail: '',
      failed: false
    })
    recorder.event({ kind: 'stage', direction, stage: decision.stage, state: 'began', detail: '', elapsedMs: 0 })
  }
  return isNew ? { ...run, spentMs, elapsedMs: booked(run, world, diary) } : run
}

function failStage(
  { stage, reason }: Extract<Decision, { kind: 'revert' | 'halt' }>,
  world: World,
  run: OpenRun,
  recorder: Recorder
): void {
  const told = recorder.stages.find((one) => one.direction === run.direction && one.stage === stage)
  if (told) Object.assign(told, { failed: true, detail: reason.message, endedAt: world.now })
}

/** Stages that are done now and were not told of. */
function endStages(looked: readonly Looked[], world: World, run: OpenRun, recorder: Recorder): void {
  for (const { stage, step } of looked) {
    if (step.kind !== 'done') continue
    let told = recorder.stages.find((one) => one.direction === run.direction && one.stage === stage)
    if (!told) {
      told = { direction: run.direction, stage, startedAt: world.now, endedAt: world.now, detail: '', failed: false }
      recorder.stages.push(told)
    }
    if (told.detail !== '') continue
    told.detail = step.detail
    told.endedAt = world.now
    // What forward has done is asked again while retiring, and is no news as long as it is so.
    if (run.direction === 'retiring' && told.startedAt === world.now) continue
    recorder.event({
      kind: 'stage',
      direction: run.direction,
      stage,
      state: 'done',
      detail: step.detail,
      elapsedMs: told.endedAt - told.startedAt
    })
  }
}

function booked(run: OpenRun, world: World, diary: Diary): number {
  const total = run.elapsedMs + (world.now - diary.startedAt)
  diary.startedAt = world.now
  return total
}

/** A person has been told that the time is over; when that person says "go on", these clocks begin anew. */
function withoutDirection(run: OpenRun): OpenRun['spentMs'] {
  return Object.fromEntries(Object.entries(run.spentMs).filter(([key]) => !key.startsWith(`${run.direction}/`)))
}

/** Before the diary goes: all times into the record. */
function closeBooks(run: OpenRun, world: World, diary: Diary): OpenRun {
  const { stage } = diary
  const spentMs = stage
    ? { ...run.spentMs, [stage.key]: (run.spentMs[stage.key] ?? 0) + world.now - stage.at }
    : run.spentMs
  diary.stage = undefined
  const moved =
    run.direction === 'forward' && run.held ? {} : { podsMoved: Math.max(run.podsMoved, podCounts(world, run).moved) }
  return { ...run, spentMs, elapsedMs: booked(run, world, diary), ...moved }
}

function countsOf(progress: Progress, run: OpenRun): Partial<OpenRun> {
  return run.direction === 'forward' ? { podsMoved: progress.podsMoved, podsTotal: progress.podsTotal } : {}
}

/** What is held serves for as long as a person takes: an instance that dies is found and replaced. */
function healthChecks({ incoming }: World): readonly Action[] {
  const ours = ['HealthCheck'].filter(
    (process) => incoming.group.suspended.includes(process) && !incoming.original.suspended.includes(process)
  )
  const healthy = incoming.group.instances.every((instance) => instance.healthy)
  return ours.length > 0 && healthy ? [{ kind: 'resume', group: incoming.group.name, processes: ours }] : []
}

/** What is held is judged from now on by how it is now. */
function freshBaseline(run: OpenRun, world: World): Partial<OpenRun> {
  const nodes = new Set([...world.incoming.nodes, ...world.outgoing.nodes].map((node) => node.name))
  return { baseline: takeBaseline(nodes, world.index, run.settings, world.now) }
}

/** Starts nothing new, and waits a moment for what is under way: only then may the Lease be given back. */
async function stop(
  { ports, store, recorder, lock, onCancel }: LoopOptions,
  works: Works,
  run: OpenRun,
  diary: Diary
): Promise<Ending> {
  const timer = new AbortController()
  await Promise.race([works.idle(), ports.clock.sleep(1_000, timer.signal)])
  timer.abort()
  const now = ports.clock.now()
  const { stage } = diary
  const booked: OpenRun = {
    ...run,
    elapsedMs: run.elapsedMs + (now - diary.startedAt),
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
    await Promise.race([saved, ports.clock.sleep(Math.min(600, longestWriteMs), limit.signal)])
    limit.abort()
  }
  const last = recorder.stages.at(-1)
  if (last && last.detail === '') Object.assign(last, { detail: 'stopped', endedAt: now })
  recorder.follow(next)
  return { kind: 'stopped', run: next, outstanding: works.busy() }
}

function lockOutOfReach(since: number, now: number): UpgradeError {
  return new UpgradeError(
    `The lock could not be renewed for ${Math.round((now - since) / 60_000)} min: the API server does not answer.`,
    {
      code: 'cluster-unreachable',
      outcome: 'halted',
      hint: 'Every pod has an open node to go to, and growth is possible. When the API server answers again, run the same command: it goes on from here.'
    }
  )
}

function lockLost(lock: Lock): UpgradeError {
  const holder = lock.lostTo()
  return new UpgradeError(
    `The lock on the cluster was taken over by ${holder?.holder || 'somebody who has given it back'}. This run writes nothing more.`,
    {
      code: 'lock-lost',
      outcome: 'halted',
      hint: 'The run that has it goes on with the upgrade; look at it with: eks-node-upgrade status'
    }
  )
}
