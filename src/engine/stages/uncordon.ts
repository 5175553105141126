/** The first stage of a revert: the old nodes are uncordoned, and enough of them are Ready, before any new one is cordoned. */

import type { Node } from '../model/cluster.ts'
import { serves } from '../model/lifecycle.ts'
import { namesShown } from '../model/limits.ts'
import type { OpenRun } from '../record/record.ts'
import type { Action } from '../world/action.ts'
import { agreedLooks } from '../world/observations.ts'
import { nodeOf, type World } from '../world/world.ts'
import { act, done, type Stage, wait } from './stage.ts'

export const uncordon: Stage = {
  name: 'uncordon',
  next(world, run) {
    const { outgoing } = world
    const ours = outgoing.nodes.filter((node) => node.cordonedBy !== undefined)
    const actions: Action[] = ours.map((node) => ({ kind: 'uncordon', node }))
    actions.push(...size(world, run), ...replaceUnhealthy(world, run))
    const usable = usableOutgoing(world).length
    const needed = neededOutgoing(world, run)
    const detail = `${usable} of ${Math.max(needed, usable)} old nodes uncordoned`
    if (actions.length > 0) return act(detail, actions)
    if (usable >= needed) return done(detail)
    return wait(detail, {
      what: `nodes of ${outgoing.group.name}`,
      seen: `${usable} of ${needed} are Ready and uncordoned${unready(outgoing.nodes)}`
    })
  }
}

/** Ready, not cordoned, and its instance in service. */
function usableOutgoing(world: World): readonly Node[] {
  return world.outgoing.instances.flatMap((instance) => {
    const node = nodeOf(world.outgoing, instance)
    return node && serves(instance) && node.ready === 'True' && node.schedulable ? [node] : []
  })
}

/** As many nodes as had the load before the run, or as have it now, whichever is less. */
export function neededOutgoing(world: World, run: OpenRun): number {
  const incomingUsable = world.incoming.instances.filter(
    (instance) => serves(instance) && nodeOf(world.incoming, instance)?.ready === 'True'
  ).length
  return Math.min(Math.max(run.count - run.cordonedBefore.length, 0), incomingUsable)
}

function size(world: World, run: OpenRun): Action[] {
  const { group, counted } = world.outgoing
  const max = Math.max(run.outgoing.capacity.max, counted.length, group.capacity.desired)
  const pinned =
    group.template !== undefined &&
    /^\d+$/.test(group.template.version) &&
    counted.every((instance) => instance.template?.version === group.template?.version)
  const usable = world.incoming.instances.filter(serves).length
  // If incoming has grown, its pods must find room on outgoing, but only on nodes that are like the old ones.
  const desired = pinned ? Math.max(group.capacity.desired, Math.min(usable, max)) : group.capacity.desired
  if (group.capacity.max >= max && group.capacity.desired >= desired) return []
  // Desired is written only to raise it: others may have raised it further since this look.
  const capacity = { max, ...(group.capacity.desired < desired ? { desired } : {}) }
  return [{ kind: 'resize', group: group.name, capacity }]
}

/** Outgoing is the side that stays, so a node of it that dies during the revert is replaced as usual. */
function replaceUnhealthy(world: World, run: OpenRun): Action[] {
  const process = 'ReplaceUnhealthy'
  const ours = world.outgoing.group.suspended.includes(process) && !run.outgoing.suspended.includes(process)
  const healthy = agreedLooks(world.observations, `healthy ${world.outgoing.group.name}`) >= 2
  return ours && healthy ? [{ kind: 'resume', group: world.outgoing.group.name, processes: [process] }] : []
}

function unready(nodes: readonly Node[]): string {
  const found = nodes
    .filter((node) => node.ready !== 'True')
    .map((node) => `${node.name} is ${node.ready === 'False' ? 'NotReady' : 'Unknown'}`)
  return found.length === 0 ? '' : `; ${found.slice(0, namesShown).join(', ')}`
}
