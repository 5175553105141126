/** Where pods of the outgoing nodes find a place: on new nodes as they are expected, or on nodes that remain. */
import type { ClusterView, Node, Pod, Resources } from '../model/cluster.ts'
import { mostPackingSteps } from '../model/limits.ts'
import { type Fit, fitOf, less, type NodeInfo, nodeInfoOf, plus } from '../policy/scheduling-fit.ts'
import { termsMatch } from '../policy/selectors.ts'
import { type ClusterIndex, isFinished } from '../policy/workloads.ts'

export interface Room {
  /** What a node of the incoming group will have, for each of its types and zones. */
  expected: readonly NodeInfo[]
  /** How many incoming nodes there will be. */
  incomingNodes: number
  /** Nodes that are not drained and take pods. */
  remaining: readonly Node[]
  incomingName: string
}

export function roomFor(
  view: ClusterView,
  expected: readonly NodeInfo[],
  outgoing: ReadonlySet<string>,
  incoming: { name: string; nodes: number }
): Room {
  return {
    expected,
    incomingNodes: incoming.nodes,
    remaining: view.nodes.filter((node) => !outgoing.has(node.name) && node.schedulable),
    incomingName: incoming.name
  }
}

/** The best place of a pod: on an empty incoming node, otherwise on an empty remaining node. */
export function placeFinder(room: Room, index: ClusterIndex): (pod: Pod) => Fit {
  const byNode = groupByNode(index.view.pods)
  const remaining = room.remaining.map((node) => {
    const ofDaemonSets = (byNode.get(node.name) ?? []).filter((pod) => pod.owner?.kind === 'DaemonSet')
    return nodeInfoOf(node, reservedBy(ofDaemonSets))
  })
  const candidates = [...room.expected, ...remaining]
  return (pod) => best(candidates, (node) => placeFit(pod, node, index))
}

/** A certain place, otherwise a possible one, otherwise why the first one is none. Looks no further than it must. */
function best(nodes: readonly NodeInfo[], judge: (node: NodeInfo) => Fit): Fit {
  let found: Fit | undefined
  for (const node of nodes) {
    const fit = judge(node)
    if (fit.fits && fit.certain) return fit
    if (!found || (fit.fits && !found.fits)) found = fit
  }
  // Nothing is known of any node.
  return found ?? { fits: true, certain: true }
}

function placeFit(pod: Pod, node: NodeInfo, index: ClusterIndex): Fit {
  const fit = fitOf(pod.placement, node)
  if (!fit.fits) return fit
  for (const claim of pod.claims) {
    // https://kubernetes.io/docs/concepts/storage/persistent-volumes/#node-affinity
    const volume = index.volumes.get(`${pod.namespace}/${claim}`)
    if (!volume || volume.requiredNodeTerms.length === 0) continue
    const keys = volume.requiredNodeTerms.flatMap(({ expressions }) => expressions.map(({ key }) => key))
    if (keys.some((key) => node.labels[key] === undefined && !node.labelsComplete)) continue
    if (!termsMatch(volume.requiredNodeTerms, node.labels, node.nodeName ?? '')) {
      const why = `its volume ${volume.name} (claim ${claim}) is bound to another zone`
      return { fits: false, rule: 'volume-zone', why }
    }
  }
  return fit
}

/**
 * How many of the pods find no room, placed largest first, each on the first node that fits. The scheduler might place more.
 * Undefined if the resources of new nodes are not known, or the cluster is so large that a guess would take too long.
 */
export function podsWithoutRoom(pods: readonly Pod[], room: Room, index: ClusterIndex): number | undefined {
  const first = room.expected[0]
  if (!first || !room.expected.every((node) => node.resourcesComplete)) return undefined
  if (pods.length * (room.incomingNodes + room.remaining.length) > mostPackingSteps) return undefined
  const byNode = groupByNode(index.view.pods)
  const incoming = Array.from({ length: room.incomingNodes }, (_, number) => ({
    ...(room.expected[number % room.expected.length] ?? first)
  }))
  const remaining = room.remaining.map((node) => ({ ...nodeInfoOf(node, reservedBy(byNode.get(node.name) ?? [])) }))
  const nodes = [...incoming, ...remaining]
  const memory = (pod: Pod) => pod.placement.requests.memory ?? 0
  let left = 0
  for (const pod of [...pods].sort((a, b) => memory(b) - memory(a))) {
    const node = nodes.find((one) => fitOf(pod.placement, one).fits)
    if (node) node.resources = less(node.resources, { pods: 1, ...pod.placement.requests })
    else left += 1
  }
  return left
}

function groupByNode(pods: readonly Pod[]): ReadonlyMap<string, readonly Pod[]> {
  const byNode = new Map<string, Pod[]>()
  for (const pod of pods) {
    if (pod.nodeName === undefined || isFinished(pod)) continue
    const list = byNode.get(pod.nodeName)
    if (list) list.push(pod)
    else byNode.set(pod.nodeName, [pod])
  }
  return byNode
}

function reservedBy(pods: readonly Pod[]): Resources {
  return pods.reduce<Resources>((sum, pod) => plus(sum, { pods: 1, ...pod.placement.requests }), {})
}
