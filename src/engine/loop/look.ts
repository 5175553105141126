/** One look at everything outside. Nothing is decided without one: unknown is not the same as gone. */
import { UpgradeError } from '../model/error.ts'
import { hopelessLookMs, lookPatienceMs, retryDelayMs, unheldLookMs, unheldMs } from '../model/limits.ts'
import type { Activity } from '../model/node-group.ts'
import type { Lock } from '../record/lock.ts'
import { type Groups, makeWorld, type World } from '../world/world.ts'
import type { Session } from './session.ts'
import { type WakeUp, wakeOnChange } from './wait-for-change.ts'

export interface Look {
  world: World
  /** Armed before the look: what changes during it is not missed. */
  change: WakeUp
}

/** Undefined: nothing can be seen or written now, and a moment has been waited. Rejects once patience is over. */
export async function look(session: Session): Promise<Look | undefined> {
  const { ports, signal, run } = session
  if (!(await mayWrite(session))) return undefined
  const view = ports.cluster.view()
  const change = wakeOnChange(ports, signal)
  const seen = await readGroups(session)
  if (!seen) {
    change.cancel()
    await ports.clock.sleep(retryDelayMs(2), signal)
    return undefined
  }
  const world = makeWorld({
    now: ports.clock.now(),
    run,
    groups: seen.groups,
    view,
    activities: seen.activities,
    gateLooks: session.gates.latest(),
    observations: session.observations,
    credentialsEndAt: session.credentialsEndAt()
  })
  return { world, change }
}

/** An engine that may have lost the lock does nothing. */
async function mayWrite(session: Session): Promise<boolean> {
  const { lock, ports, signal } = session
  const now = ports.clock.now()
  if (lock.lostTo()) throw lockLost(lock)
  if (lock.held()) {
    session.unheldSince = undefined
    return true
  }
  session.unheldSince ??= now
  if (now - session.unheldSince > unheldMs) throw lockOutOfReach(session.unheldSince, now)
  await ports.clock.sleep(unheldLookMs, signal)
  return false
}

async function readGroups(session: Session): Promise<{ groups: Groups; activities: readonly Activity[] } | undefined> {
  const { reader, run, ports, recorder } = session
  const now = ports.clock.now()
  try {
    const seen = await reader.read(run, ports.cluster.view())
    session.blindSince = undefined
    return seen
  } catch (error) {
    if (!(error instanceof UpgradeError) || error.details.code === 'group-not-found') throw error
    // Credentials and permissions may come back with the next refresh, and hardly later than that.
    const hopeless = ['access-denied', 'credentials', 'region'].includes(error.details.code)
    const since = session.blindSince
    if (since !== undefined && now - since > (hopeless ? hopelessLookMs : lookPatienceMs)) throw error
    if (since === undefined)
      recorder.note('warning', 'cannot read the Auto Scaling groups', `${error.message} Trying again.`)
    session.blindSince ??= now
    return undefined
  }
}

function lockOutOfReach(since: number, now: number): UpgradeError {
  return new UpgradeError(
    `The lock could not be renewed for ${Math.round((now - since) / 60_000)} min: the API server does not answer.`,
    {
      code: 'cluster-unreachable',
      outcome: 'halted',
      hint: 'Every pod has a schedulable node to go to, and the groups can still scale out. When the API server answers again, run the same command: it resumes from here.'
    }
  )
}

function lockLost(lock: Lock): UpgradeError {
  const holder = lock.lostTo()?.holder
  const by = holder ? holder : 'another run, which has since released it'
  return new UpgradeError(`The lock on the cluster was taken over by ${by}. This run writes nothing more.`, {
    code: 'lock-lost',
    outcome: 'halted',
    hint: 'The run that holds the lock continues the upgrade. Look at it with the mode status.'
  })
}
