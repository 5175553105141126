/**
 * The one exception to "a pod is evicted, never deleted". A budget counts pods that are not ready as missing
 * (https://github.com/kubernetes/kubernetes/blob/v1.37.2/pkg/registry/core/pod/storage/eviction.go), so during a revert it may
 * refuse the very eviction that would bring a ready pod back. A pod that has not been ready for some time serves no requests and
 * may be deleted then, one per workload at a time.
 */
import type { Pod } from '../../model/cluster.ts'
import { deadPodMs } from '../../model/limits.ts'
import type { PodOwner } from '../../policy/workloads.ts'
import type { Action } from '../../world/action.ts'
import type { World } from '../../world/world.ts'

/** For a pod on *from*, during a revert, whose eviction its budget has refused. */
export function safeToDelete(pod: Pod, owner: PodOwner, world: World): boolean {
  if (pod.ready || world.now - pod.readySinceAt < deadPodMs) return false
  const holdsState = owner.kind === 'StatefulSet' || pod.claims.length > 0
  if (holdsState && !pod.neverReady) return false
  const node = world.from.nodes.find((one) => one.name === pod.nodeName)
  if (!node || node.schedulable || node.cordonedBy === undefined) return false
  const others = world.index.podsOf(owner.key).filter((other) => other.uid !== pod.uid && !other.ready)
  if (others.some((other) => other.deletingAt !== undefined)) return false
  // The replacement of the last one is not ready yet: wait for it, unless this one never served.
  const from = world.from.nodeNames
  const underWay = others.some((other) => other.nodeName === undefined || !from.has(other.nodeName))
  return !underWay || pod.neverReady
}

/** Lets one deletion through: the next is judged by what became of this one. */
export function oneDeletion(): (action: Action) => boolean {
  let deletions = 0
  return (action) => action.kind !== 'remove' || ++deletions === 1
}
