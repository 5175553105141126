/**
 * Observe, decide, act, until the run ends. The loop holds no position: everything that decides is looked at anew in every
 * pass, so that a start after a crash is no different from the next pass.
 */

import { UpgradeError } from '../model/error.ts'
import { heartbeatMs, retryMs, sessionAssumedMs, unheldMs } from '../model/limits.ts'
import type { Ports } from '../model/ports.ts'
import type { Progress, Reason } from '../model/report.ts'
import type { Settings } from '../model/settings.ts'
import type { Lock } from '../record/lock.ts'
import type { OpenRun, RecordStore } from '../record/record.ts'
import type { Recorder } from '../record/recorder.ts'
import { saveRecord } from '../record/save.ts'
import type { Action } from '../world/action.ts'
import { newObservations } from '../world/observations.ts'
import { takeBaseline } from '../world/workload-health.ts'
import { makeWorld, type World } from '../world/world.ts'
import { createActionExecutor } from './action-executor.ts'
import { allowedActions } from './action-guards.ts'
import { decide } from './decide.ts'
import { createGroupReader, type GroupReader } from './group-reader.ts'
import { observe } from './observe.ts'
import { stop } from './orderly-stop.ts'
import { progressOf, sameProgress } from './progress.ts'
import { bookStage, finishBooks, withoutDirection } from './stage-times.ts'
import { pause, pauseMs, wakeOnChange } from './wait-for-change.ts'

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
  let observations = newObservations(clock.now(), run.elapsedMs)
  const beganAt = clock.now()
  // Session credentials that nobody renews live for an hour as a rule; where their end is unknown, that is assumed.
  const credentialsEndAt = () =>
    ports.credentialsExpireAt ? (ports.credentialsExpireAt() ?? beganAt + sessionAssumedMs) : Number.POSITIVE_INFINITY
  let shown: Progress | undefined
  let lastLookFailedAt: number | undefined
  let unheldSince: number | undefined
  const reader = createGroupReader(ports)
  const works = createActionExecutor({
    ...ports,
    observations: () => observations,
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
  /** A new direction is begun with a clean observations, and with nothing of the old one under way. */
  const turn = async (next: OpenRun): Promise<void> => {
    await works.idle()
    await save(next)
    observations = newObservations(clock.now(), run.elapsedMs)
    reader.wrote()
    const reason = run.reason ?? { code: 'asked' as const, message: '', hint: '' }
    recorder.event({ kind: 'turned', direction: run.direction, reason })
  }

  for (;;) {
    if (signal.aborted) return stop(options, works, run, observations)
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
    const world = makeWorld(clock.now(), run, seen.groups, view, seen.activities, observations, credentialsEndAt())
    observe(world, run)
    const verdict = decide(world, run)
    const { decision, looked, survey } = verdict
    const progress = progressOf(world, run, verdict)
    const moved = bookStage(decision, looked, world, run, observations, recorder)
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
        works.start(allowedActions(decision.step.actions, world, run))
        await pause(
          [changed.happened, ...(works.busy() ? [ended] : [])],
          ports,
          pauseMs(decision.stage, reader, observations, clock.now()),
          signal
        )
        changed.cancel()
        continue
      }
      case 'revert': {
        changed.cancel()
        const at = clock.now()
        await turn(
          finishBooks(
            { ...run, direction: 'reverting', reason: { ...decision.reason, stage: decision.stage, at } },
            world,
            observations,
            survey
          )
        )
        continue
      }
      case 'retire': {
        changed.cancel()
        // Nothing may be under way, and the lock must be ours for as long as this write can last: the point of no return.
        await works.idle()
        if (!lock.held()) continue
        await turn(
          finishBooks({ ...run, direction: 'retiring', held: false, heldFor: undefined }, world, observations, survey)
        )
        continue
      }
      case 'hold': {
        changed.cancel()
        await works.idle()
        works.start(healthChecks(world))
        await works.idle()
        // What could not be finalized is not how it should be: the baseline stays the one that was verified.
        const verified = decision.reason?.code !== 'finalize-failed'
        const held = finishBooks(
          { ...run, held: true, heldFor: decision.heldFor, ...(verified ? freshBaseline(run, world) : {}) },
          world,
          observations,
          survey
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
          run: finishBooks(run, world, observations, survey),
          notes: decision.notes,
          world
        }
      case 'halt': {
        changed.cancel()
        await works.idle()
        const booked = finishBooks(
          { ...run, reason: run.reason ?? { ...decision.reason, stage: decision.stage, at: clock.now() } },
          world,
          observations,
          survey
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
