/** Pods that will find no place: on no incoming node, and on no other that stays. Refused on certainty only. */
import type { ClusterView, Node, Pod, Resources } from '../model/cluster.ts'
import type { Finding } from '../model/report.ts'
import { shellWord } from '../model/shell-word.ts'
import { type Fit, fitOf, less, type NodeInfo, nodeInfoOf, plus } from '../policy/scheduling-fit.ts'
import { termsMatch } from '../policy/selectors.ts'
import { type ClusterIndex, isFinished, wantedPods } from '../policy/workloads.ts'
import { count, finding, kubectl, nameSome, tagCommand } from './finding.ts'
import type { OutgoingWorkload } from './planned-moves.ts'

/** Packing is a guess that only warns; a very large cluster is spared it. */
const mostPackingSteps = 5_000_000

export interface FitFindings {
  blockers: readonly Finding[]
  warnings: readonly Finding[]
}

export interface Room {
  /** What a node of the incoming group offers, for each of its types and zones. */
  expected: readonly NodeInfo[]
  /** How many incoming nodes there will be. */
  incomingNodes: number
  /** Nodes that are not emptied and take pods. */
  staying: readonly Node[]
  incomingName: string
}

export function roomFor(
  view: ClusterView,
  offers: readonly NodeInfo[],
  outgoing: ReadonlySet<string>,
  incoming: { name: string; nodes: number }
): Room {
  return {
    expected: offers,
    incomingNodes: incoming.nodes,
    staying: view.nodes.filter((node) => !outgoing.has(node.name) && node.schedulable),
    incomingName: incoming.name
  }
}

export function fitFindings(workloads: readonly OutgoingWorkload[], room: Room, index: ClusterIndex): FitFindings {
  const blockers: Finding[] = []
  const unsure: Pod[] = []
  const podsByNode = groupByNode(index.view.pods)
  const staying = room.staying.map((node) => nodeInfoOf(node, reservedBy(daemonSetPods(podsByNode.get(node.name)))))
  for (const workload of workloads) {
    if (workload.moving.length === 0) continue
    const places = placesOf(workload, room, staying, index)
    unsure.push(...places.unsure)
    const found = [fitsNowhere(workload, places.homeless, room), spreadHeldDown(workload, room, index)]
    blockers.push(...found.filter((one) => one !== undefined))
  }
  const short = packing(workloads, room, podsByNode)
  return { blockers, warnings: [...labelsUnknown(unsure, room), ...(short ? [short] : [])] }
}

/** Looks for a place for each different pod of a workload: on an empty incoming node, else on one that stays. */
function placesOf(
  workload: OutgoingWorkload,
  room: Room,
  staying: readonly NodeInfo[],
  index: ClusterIndex
): { homeless: readonly { pod: Pod; why: string }[]; unsure: readonly Pod[] } {
  const homeless: { pod: Pod; why: string }[] = []
  const unsure: Pod[] = []
  const judged = new Map<string, Fit>()
  for (const pod of workload.moving) {
    // Volumes differ from pod to pod; all else of a template's pods is the same.
    const key = JSON.stringify([pod.placement, pod.claims])
    const fit = judged.get(key) ?? best([room.expected, staying], (offer) => placeFit(pod, offer, index))
    judged.set(key, fit)
    if (!fit.fits) homeless.push({ pod, why: fit.why })
    else if (!fit.certain) unsure.push(pod)
  }
  return { homeless, unsure }
}

/** A certain place, else a possible one, else why the first one is none. Looks no further than it must. */
function best(lists: readonly (readonly NodeInfo[])[], judge: (offer: NodeInfo) => Fit): Fit {
  let found: Fit | undefined
  for (const offer of lists.flat()) {
    const fit = judge(offer)
    if (fit.fits && fit.certain) return fit
    if (!found || (fit.fits && !found.fits)) found = fit
  }
  // Nothing is known of any node.
  return found ?? { fits: true, certain: true }
}

function placeFit(pod: Pod, offer: NodeInfo, index: ClusterIndex): Fit {
  const fit = fitOf(pod.placement, offer)
  if (!fit.fits) return fit
  for (const claim of pod.claims) {
    const volume = index.volumes.get(`${pod.namespace}/${claim}`)
    if (!volume || volume.requiredNodeTerms.length === 0) continue
    const keys = volume.requiredNodeTerms.flatMap(({ expressions }) => expressions.map(({ key }) => key))
    if (keys.some((key) => offer.labels[key] === undefined && !offer.labelsComplete)) continue
    if (!termsMatch(volume.requiredNodeTerms, offer.labels, offer.nodeName ?? '')) {
      return { fits: false, why: `its volume ${volume.name} (claim ${claim}) is bound to another zone` }
    }
  }
  return fit
}

function fitsNowhere(
  { owner, label }: OutgoingWorkload,
  homeless: readonly { pod: Pod; why: string }[],
  room: Room
): Finding | undefined {
  const first = homeless[0]
  if (!first) return undefined
  const reason = `${count(homeless.length, 'pod')} would fit on no node of ${room.incomingName}, nor on any other that stays: ${first.why} (${nameSome(homeless.map(({ pod }) => pod.name))})`
  return finding(
    'fits-nowhere',
    label,
    reason,
    kubectl(owner.namespace, 'get pod', shellWord(first.pod.name), '-o yaml'),
    `aws autoscaling describe-auto-scaling-groups --auto-scaling-group-names ${shellWord(room.incomingName)}   (labels, taints and types of its launch template)`
  )
}

/** One warning for each thing that is asked for, however many workloads ask. */
function labelsUnknown(pods: readonly Pod[], room: Room): readonly Finding[] {
  const byWish = new Map<string, Pod[]>()
  for (const pod of pods) {
    const wish = Object.entries(pod.placement.nodeSelector).map(([key, value]) => `${key}=${value}`)
    const text = wish.length > 0 ? `the node selector ${wish.join(', ')}` : 'a required node affinity'
    byWish.set(text, [...(byWish.get(text) ?? []), pod])
  }
  return [...byWish].map(([asked, some]) => {
    const names = nameSome(some.map((pod) => `${pod.namespace}/${pod.name}`))
    const reason = `${count(some.length, 'pod')} with ${asked} (${names}): nothing says whether its new nodes bear such labels`
    const [key = 'KEY', value = 'VALUE'] = Object.entries(some[0]?.placement.nodeSelector ?? {})[0] ?? []
    const tag = tagCommand(room.incomingName, `k8s.io/cluster-autoscaler/node-template/label/${key}`, value)
    return finding('labels-unknown', room.incomingName, reason, `${tag}   (if they do)`)
  })
}

/**
 * Cordoned outgoing nodes stay domains of a spread over host names, with no pod in them once they are empty. So no incoming node
 * may hold more than maxSkew, unless the constraint leaves tainted nodes out.
 * https://kubernetes.io/docs/concepts/scheduling-eviction/topology-spread-constraints/#nodetaintspolicy
 */
function spreadHeldDown(
  { owner, label, moving }: OutgoingWorkload,
  room: Room,
  index: ClusterIndex
): Finding | undefined {
  const constraint = (owner.workload?.placement ?? moving[0]?.placement)?.spread.find(
    (one) =>
      one.topologyKey === 'kubernetes.io/hostname' &&
      one.whenUnsatisfiable === 'DoNotSchedule' &&
      one.nodeTaintsPolicy !== 'Honor'
  )
  if (!constraint) return undefined
  const wanted = wantedPods(owner, index)
  const nodes = room.incomingNodes + room.staying.length
  const most = nodes * constraint.maxSkew
  if (wanted <= most) return undefined
  const reason = `it spreads ${wanted} pods over host names with maxSkew ${constraint.maxSkew} (DoNotSchedule), and emptied nodes count until they are gone: ${count(nodes, 'node')} would take ${most}`
  const resource = `${owner.kind.toLowerCase()}/${shellWord(owner.name)}`
  return finding(
    'hostname-spread',
    label,
    reason,
    `${kubectl(owner.namespace, 'edit', resource)}   (set nodeTaintsPolicy: Honor on the constraint)`
  )
}

/** First fit, largest first: what it cannot place the scheduler might, so it only warns. */
function packing(
  workloads: readonly OutgoingWorkload[],
  room: Room,
  podsByNode: ReadonlyMap<string, readonly Pod[]>
): Finding | undefined {
  const types = room.expected
  const first = types[0]
  if (!first || !types.every((offer) => offer.resourcesComplete)) return undefined
  const bins = Array.from({ length: room.incomingNodes }, (_, number) => ({
    ...(types[number % types.length] ?? first)
  }))
  const others = room.staying.map((node) => ({ ...nodeInfoOf(node, reservedBy(podsByNode.get(node.name) ?? [])) }))
  const memory = (pod: Pod) => pod.placement.requests.memory ?? 0
  const pods = workloads.flatMap(({ moving }) => moving).sort((a, b) => memory(b) - memory(a))
  if (pods.length * (bins.length + others.length) > mostPackingSteps) return undefined
  let left = 0
  for (const pod of pods) {
    const bin = [...bins, ...others].find((offer) => fitOf(pod.placement, offer).fits)
    if (!bin) left += 1
    else bin.resources = less(bin.resources, { pods: 1, ...pod.placement.requests })
  }
  if (left === 0) return undefined
  const reason = `${count(left, 'pod')} of ${pods.length} seem to find no room on ${count(room.incomingNodes, 'new node')} of ${first.name}; an autoscaler may have to add some`
  return finding('room-short', room.incomingName, reason, "kubectl describe nodes | grep -A8 'Allocated resources'")
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

function daemonSetPods(pods: readonly Pod[] | undefined): readonly Pod[] {
  return (pods ?? []).filter((pod) => pod.owner?.kind === 'DaemonSet')
}

function reservedBy(pods: readonly Pod[]): Resources {
  return pods.reduce<Resources>((sum, pod) => plus(sum, { pods: 1, ...pod.placement.requests }), {})
}
