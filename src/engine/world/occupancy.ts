/**
 * Which instances hold pods that could move. A pod stands on its machine whether or not the Node object is there: somebody may
 * delete the object while the machine runs. So the name that an instance's node had is remembered, and an instance without a node
 * counts as one that never joined only if it was seen before it could have joined.
 */
import type { Pod } from '../model/cluster.ts'
import { returnsAllowed } from '../model/limits.ts'
import type { Instance } from '../model/node-group.ts'
import { judgePod } from '../policy/pod-filters.ts'
import type { OpenRun } from '../record/record.ts'
import { isStranded, type World } from './world.ts'

export interface Occupancy {
  /** Pods on the machine that have to be moved before it may go. */
  podsOn(instance: Instance): readonly Pod[]
}

export function occupancyOf(world: World, run: OpenRun): Occupancy {
  const byNode = new Map<string, Pod[]>()
  for (const pod of world.view.pods) {
    if (pod.nodeName === undefined || !hasToMove(pod, world, run)) continue
    const pods = byNode.get(pod.nodeName)
    if (pods) pods.push(pod)
    else byNode.set(pod.nodeName, [pod])
  }
  // Whose machine these stand on is not known.
  const orphans = [...byNode].flatMap(([name, pods]) => (world.index.nodes.has(name) ? [] : pods))
  return {
    podsOn(instance) {
      const names = nodeNamesOf(instance, world)
      if (names.length > 0) return names.flatMap((name) => byNode.get(name) ?? [])
      return world.observations.instances.get(instance.id)?.seenComing ? [] : orphans
    }
  }
}

/** Of its node now, or else of the one that it had. */
function nodeNamesOf(instance: Instance, world: World): readonly string[] {
  const now = world.view.nodes.filter((node) => node.instanceId === instance.id).map((node) => node.name)
  if (now.length > 0) return now
  const before = world.observations.instances.get(instance.id)?.nodeName
  return before === undefined ? [] : [before]
}

function hasToMove(pod: Pod, world: World, run: OpenRun): boolean {
  if (isStranded(pod, world.from, world.now)) return false
  if (judgePod(pod, run.settings, world.index).kind === 'leave') return false
  return !goesWithItsNode(pod, world, run)
}

/**
 * A pod that tolerates cordoned nodes and comes back to the new ones during a revert, however often it is evicted. It goes with
 * the last of them, at a moment when it serves nothing.
 */
function goesWithItsNode(pod: Pod, world: World, run: OpenRun): boolean {
  if (run.direction !== 'reverting' || pod.ready) return false
  return (run.returned[world.index.ownerOf(pod).key] ?? 0) >= returnsAllowed
}
