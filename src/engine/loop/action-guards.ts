/**
 * Production guards of the invariants that matter most (docs/invariants.md), right before an action is sent. A guard that
 * stops something has met a bug or a race: what it stopped is counted, logged and reported.
 */
import { unreachable } from '../model/error.ts'
import type { OpenRun } from '../record/record.ts'
import { desiredCoversInstances } from '../stages/release.ts'
import { type Action, actionObject, type PodAction } from '../world/action.ts'
import { gateTroubles } from '../world/gate-verdict.ts'
import { occupancyOf } from '../world/occupancy.ts'
import type { World } from '../world/world.ts'

/** The invariants that are guarded here. */
export type GuardedInvariant = 'I1' | 'I2' | 'I4' | 'I6' | 'I23' | 'I28'

export interface StoppedAction {
  invariant: GuardedInvariant
  /** As kubectl or the AWS console prints it. */
  object: string
  action: Action['kind']
}

export function guardActions(
  actions: readonly Action[],
  world: World,
  run: OpenRun
): { allowed: readonly Action[]; stopped: readonly StoppedAction[] } {
  const allowed: Action[] = []
  const stopped: StoppedAction[] = []
  for (const action of actions) {
    const invariant = broken(action, world, run)
    if (invariant === undefined) allowed.push(action)
    else stopped.push({ invariant, object: actionObject(action), action: action.kind })
  }
  return { allowed, stopped }
}

/** The invariant that this action would break. */
function broken(action: Action, world: World, run: OpenRun): GuardedInvariant | undefined {
  switch (action.kind) {
    case 'evict':
    case 'remove':
      return brokenByEviction(action, world) ?? brokenByGate(world, run)
    case 'restart':
      return brokenByGate(world, run)
    case 'terminate':
      return brokenByTermination(action, world, run)
    case 'resize':
    case 'protect':
      return brokenBySize(action, world, run)
    case 'cordon':
      return brokenByCordon(action, world)
    case 'uncordon':
    case 'unmark-workload':
    case 'suspend':
    case 'resume':
    case 'protect-new':
    case 'tag':
    case 'untag':
    case 'add-version':
    case 'set-default':
    case 'remove-version':
      return undefined
    default:
      return unreachable(action)
  }
}

function brokenByEviction({ kind, pod }: PodAction, world: World): GuardedInvariant | undefined {
  // Nothing is deleted past its budget but what is not ready, and only on the revert.
  if (kind === 'remove' && (pod.ready || world.from !== world.incoming)) return 'I1'
  const node = world.from.nodes.find((one) => one.name === pod.nodeName)
  return node && !node.schedulable ? undefined : 'I2'
}

/** Forward, no pod is asked to go while a gate is not known to be good. */
function brokenByGate(world: World, run: OpenRun): GuardedInvariant | undefined {
  return gateTroubles(world, run).length > 0 ? 'I28' : undefined
}

/** Only nodes of *from*, and only while *to* has a node that takes their pods. */
function brokenByCordon({ node }: Extract<Action, { kind: 'cordon' }>, world: World): GuardedInvariant | undefined {
  const ours = world.from.nodes.some((one) => one.name === node.name)
  const refuge = world.to.nodes.some((one) => one.schedulable && one.ready === 'True')
  return ours && refuge ? undefined : 'I23'
}

/**
 * Desired is lowered only while every instance is protected, and of outgoing only when it is retired; protection is lifted
 * only if Desired is not below the number of instances. So Auto Scaling can never choose an instance.
 */
function brokenBySize(
  action: Extract<Action, { kind: 'resize' | 'protect' }>,
  world: World,
  run: OpenRun
): GuardedInvariant | undefined {
  const side = action.group === world.outgoing.group.name ? world.outgoing : world.incoming
  const { desired } = side.group.capacity
  if (action.kind === 'protect') return action.on || desiredCoversInstances(side) ? undefined : 'I6'
  const next = action.capacity.desired ?? Math.min(desired, action.capacity.max ?? desired)
  if (next >= desired) return undefined
  if (side === world.outgoing && run.direction !== 'retiring') return 'I4'
  return side.counted.every((instance) => instance.protectedFromScaleIn) ? undefined : 'I6'
}

/** Only what is seen to hold no pod that could move; of outgoing nothing before it is retired. */
function brokenByTermination(
  { group, instanceIds }: Extract<Action, { kind: 'terminate' }>,
  world: World,
  run: OpenRun
): GuardedInvariant | undefined {
  if (group === run.outgoing.name && run.direction !== 'retiring') return 'I4'
  const ids = new Set(instanceIds)
  const { podsOn } = occupancyOf(world, run)
  const instances = [...world.outgoing.group.instances, ...world.incoming.group.instances]
  return instances.some((instance) => ids.has(instance.id) && podsOn(instance).length > 0) ? 'I6' : undefined
}
