/** Carries out what was decided. Whatever ends the run is returned; otherwise the loop looks again. */
import { writeOnLookMs } from '../model/limits.ts'
import type { Reason, StageName } from '../model/report.ts'
import type { OpenRun } from '../record/record.ts'
import { asHeld, asRetiring, asReverting } from '../record/run-state.ts'
import { type Action, isGroupAction } from '../world/action.ts'
import { takeBaseline } from '../world/workload-health.ts'
import type { World } from '../world/world.ts'
import { guardActions } from './action-guards.ts'
import type { Decision } from './decide.ts'
import type { Ending } from './ending.ts'
import type { Pass } from './pass.ts'
import { type Session, turn } from './session.ts'
import { finishBooks, withoutDirection } from './stage-times.ts'
import { pause, pauseMs, type WakeUp } from './wait-for-change.ts'

export async function act(pass: Pass, session: Session, change: WakeUp): Promise<Ending | undefined> {
  const { decision } = pass.verdict
  switch (decision.kind) {
    case 'go':
      return go(decision, pass, session, change)
    case 'revert':
      return turn(asReverting(bookedRun(pass, session), reasonNow(decision, session)), session).then(() => undefined)
    case 'retire':
      return beginRetiring(pass, session)
    case 'hold':
      return hold(decision, pass, session)
    case 'finish':
      await session.executor.idle()
      return { ...decision, run: bookedRun(pass, session), world: pass.world }
    case 'halt':
      return halt(decision, pass, session)
  }
}

/** Starts what a stage wants, or writes what must be in the record before; then waits until something changes. */
async function go(
  { step, stage }: Extract<Decision, { kind: 'go' }>,
  { world, run }: Pass,
  session: Session,
  change: WakeUp
): Promise<undefined> {
  const { executor, reader, ports, recorder, signal, observations } = session
  if (step.first) {
    await session.save(step.first(run))
    return
  }
  if (step.actions.some(isGroupAction) && looksAgain(world, session)) return
  reader.stage(stage)
  const ended = executor.ended()
  const { allowed, stopped } = guardActions(step.actions, world, run)
  recorder.guarded(stopped)
  executor.start(allowed)
  const wakes = executor.busy() ? [change.happened, ended] : [change.happened]
  await pause(wakes, ports, pauseMs(stage, reader, observations, ports.clock.now()), signal)
}

/** While pods move the groups are read rarely, and others may have changed them since: nothing is written to them on an old look. */
function looksAgain({ groupsAt }: World, session: Session): boolean {
  const now = session.ports.clock.now()
  const { groupsAskedAt } = session
  // A look can take longer than that: one that was begun for this is as good as there is.
  if (now - groupsAt <= writeOnLookMs || (groupsAskedAt !== undefined && groupsAt >= groupsAskedAt)) {
    session.groupsAskedAt = undefined
    return false
  }
  session.groupsAskedAt = now
  session.reader.refresh()
  return true
}

/** The point of no return: nothing may be under way, and the lock must be ours for as long as this write can last. */
async function beginRetiring(pass: Pass, session: Session): Promise<undefined> {
  await session.executor.idle()
  if (session.lock.held()) await turn(asRetiring(bookedRun(pass, session)), session)
}

async function hold(
  { heldFor, reason }: Extract<Decision, { kind: 'hold' }>,
  pass: Pass,
  session: Session
): Promise<Ending> {
  const { executor } = session
  await executor.idle()
  executor.start(healthChecks(pass.world))
  await executor.idle()
  // What could not be finalized is not as it was verified: the baseline stays the one that was.
  const baseline = reason?.code === 'finalize-failed' ? pass.run.baseline : freshBaseline(pass)
  const run = asHeld({ ...bookedRun(pass, session), baseline }, heldFor)
  await session.save(run)
  return { kind: 'hold', run, reason, world: pass.world }
}

async function halt(decision: Extract<Decision, { kind: 'halt' }>, pass: Pass, session: Session): Promise<Ending> {
  await session.executor.idle()
  const run = bookedRun(pass, session)
  const halted = { ...run, reason: run.reason ?? reasonNow(decision, session), spentMs: withoutDirection(run) }
  await session.save(halted)
  return { kind: 'halt', run: halted, reason: decision.reason }
}

function bookedRun(pass: Pass, session: Session): OpenRun {
  return finishBooks(pass, session.observations)
}

function reasonNow({ reason, stage }: { reason: Reason; stage: StageName }, session: Session) {
  return { ...reason, stage, at: session.ports.clock.now() }
}

/** What is held serves for as long as a person takes: an instance that dies is found and replaced. */
function healthChecks({ incoming }: World): readonly Action[] {
  const { group, original } = incoming
  const ours = group.suspended.includes('HealthCheck') && !original.suspended.includes('HealthCheck')
  const healthy = group.instances.every((instance) => instance.healthy)
  return ours && healthy ? [{ kind: 'resume', group: group.name, processes: ['HealthCheck'] }] : []
}

/** What is held is judged from now on by how it is now. */
function freshBaseline({ world, run }: Pass): OpenRun['baseline'] {
  const nodes = new Set([...world.incoming.nodes, ...world.outgoing.nodes].map((node) => node.name))
  return takeBaseline(nodes, world.index, run.settings, world.now)
}
