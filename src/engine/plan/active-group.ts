/** Which group of a pair is active, and which nodes are its. */
import type { ClusterView, Node } from '../model/cluster.ts'
import type { Color, Group } from '../model/node-group.ts'
import type { NodeGroupPair } from './node-group-pair.ts'

/** The color of the one group that has instances; undefined if both have some or neither has. */
export function activeColor({ blue, green }: NodeGroupPair): Color | undefined {
  if (hasInstances(blue) === hasInstances(green)) return undefined
  return hasInstances(blue) ? 'blue' : 'green'
}

/** A group that is just starting counts; one whose last instances are terminating does not. */
export function hasInstances(group: Group): boolean {
  return group.capacity.desired > 0 || group.instances.some((one) => !one.lifecycle.startsWith('Terminating'))
}

/** Nodes of a group, matched by instance and never by name. */
export function nodesOf(group: Group, view: ClusterView): readonly Node[] {
  const ids = new Set(group.instances.map((one) => one.id))
  return view.nodes.filter((node) => node.instanceId !== undefined && ids.has(node.instanceId))
}
