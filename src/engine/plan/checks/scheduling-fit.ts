/** Pods that would find no place, neither on a new node nor on one that remains. Only what is certain blocks. */
import type { Pod } from '../../model/cluster.ts'
import { hostnameLabel } from '../../model/names.ts'
import { shellWord } from '../../model/shell-word.ts'
import type { Fit } from '../../policy/scheduling-fit.ts'
import { type ClusterIndex, wantedPods } from '../../policy/workloads.ts'
import { expectedNodes } from '../expected-nodes.ts'
import { type Blocker, count, describeGroup, finding, kubectl, nameSome, tagCommand, type Warning } from '../finding.ts'
import type { PlanFacts } from '../plan-facts.ts'
import type { OutgoingWorkload } from '../planned-moves.ts'
import { placeFinder, podsWithoutRoom, type Room, roomFor } from '../room.ts'
import { type Findings, nothing } from './check.ts'

export function schedulingFit(facts: PlanFacts): Findings {
  const { active, inactive, incomingTemplate, launches, nodes, outgoing, runs, view } = facts
  if (!incomingTemplate) return nothing
  // Nodes that were made by the same user data say which labels the new ones will have.
  const isSame = runs.every((run) => run.fields['user data'] === launches?.fields['user data'])
  const alike = isSame ? { nodes, color: active.color } : undefined
  const expected = expectedNodes(inactive.group, incomingTemplate, view, alike)
  const room = roomFor(view, expected, outgoing, { name: inactive.group.name, nodes: active.group.instances.length })
  return fitFindings(facts.moves.workloads, room, facts.index)
}

export function fitFindings(workloads: readonly OutgoingWorkload[], room: Room, index: ClusterIndex): Findings {
  const find = placeFinder(room, index)
  const blockers: Blocker[] = []
  const unsure: Pod[] = []
  for (const workload of workloads) {
    if (workload.moving.length === 0) continue
    const places = placesOf(workload, find)
    unsure.push(...places.unsure)
    blockers.push(...fitsNowhere(workload, places.unplaced, room), ...spreadTooWide(workload, room, index))
  }
  return { blockers, warnings: [...labelsUnknown(unsure, room), ...roomShort(workloads, room, index)] }
}

interface Unplaced {
  pod: Pod
  why: string
}

/** Looks for a place for each different pod of a workload. */
function placesOf(
  workload: OutgoingWorkload,
  find: (pod: Pod) => Fit
): { unplaced: readonly Unplaced[]; unsure: readonly Pod[] } {
  const unplaced: Unplaced[] = []
  const unsure: Pod[] = []
  const judged = new Map<string, Fit>()
  for (const pod of workload.moving) {
    // Volumes differ from pod to pod; everything else of the pods of one template is the same.
    const key = JSON.stringify([pod.placement, pod.claims])
    const fit = judged.get(key) ?? find(pod)
    judged.set(key, fit)
    if (!fit.fits) unplaced.push({ pod, why: fit.why })
    else if (!fit.certain) unsure.push(pod)
  }
  return { unplaced, unsure }
}

function fitsNowhere(
  { owner, label }: OutgoingWorkload,
  unplaced: readonly Unplaced[],
  { incomingName }: Room
): readonly Blocker[] {
  const first = unplaced[0]
  if (!first) return []
  const names = nameSome(unplaced.map(({ pod }) => pod.name))
  const fit = unplaced.length === 1 ? 'does not fit' : 'do not fit'
  const reason = `${count(unplaced.length, 'pod')} (${names}) ${fit} on any node of ${incomingName} or on any remaining node: ${first.why}`
  const look = kubectl(owner.namespace, 'get pod', shellWord(first.pod.name), '-o yaml')
  return [finding('fits-nowhere', label, reason, look, describeGroup(incomingName))]
}

/** One warning for each label or affinity that is required, however many workloads require it. */
function labelsUnknown(pods: readonly Pod[], { incomingName }: Room): readonly Warning[] {
  const byText = new Map<string, Pod[]>()
  for (const pod of pods) {
    const labels = Object.entries(pod.placement.nodeSelector).map(([key, value]) => `${key}=${value}`)
    const text = labels.length > 0 ? `the node selector ${labels.join(', ')}` : 'a required node affinity'
    byText.set(text, [...(byText.get(text) ?? []), pod])
  }
  return [...byText].map(([required, some]) => {
    const names = nameSome(some.map((pod) => `${pod.namespace}/${pod.name}`))
    const reason = `${count(some.length, 'pod')} with ${required}: it is not known whether the new nodes will have these labels (${names})`
    const [key = 'KEY', value = 'VALUE'] = Object.entries(some[0]?.placement.nodeSelector ?? {})[0] ?? []
    const command = tagCommand(incomingName, `k8s.io/cluster-autoscaler/node-template/label/${key}`, value)
    const remedy = `If they will have them, declare each with a tag: \`${command}\`.`
    return finding('labels-unknown', incomingName, reason, remedy)
  })
}

/**
 * Cordoned outgoing nodes stay domains of a spread over host names, with no pod in them once they are drained. So no incoming node
 * may have more pods than maxSkew, unless the constraint leaves out nodes with taints.
 * https://kubernetes.io/docs/concepts/scheduling-eviction/topology-spread-constraints/#spread-constraint-definition
 */
function spreadTooWide(
  { owner, label, moving }: OutgoingWorkload,
  room: Room,
  index: ClusterIndex
): readonly Blocker[] {
  const constraint = (owner.workload?.placement ?? moving[0]?.placement)?.spread.find(
    (one) =>
      one.topologyKey === hostnameLabel && one.whenUnsatisfiable === 'DoNotSchedule' && one.nodeTaintsPolicy !== 'Honor'
  )
  if (!constraint) return []
  const wanted = wantedPods(owner, index)
  const nodes = room.incomingNodes + room.remaining.length
  const most = nodes * constraint.maxSkew
  if (wanted <= most) return []
  const reason = `it spreads ${wanted} pods over host names with maxSkew ${constraint.maxSkew} (DoNotSchedule), and drained nodes count until they are terminated: ${count(nodes, 'node')} would take ${most}`
  const edit = kubectl(owner.namespace, 'edit', `${owner.kind.toLowerCase()}/${shellWord(owner.name)}`)
  const remedy = `Set \`nodeTaintsPolicy: Honor\` on the topology spread constraint with \`${edit}\`.`
  return [finding('hostname-spread', label, reason, remedy)]
}

function roomShort(workloads: readonly OutgoingWorkload[], room: Room, index: ClusterIndex): readonly Warning[] {
  const pods = workloads.flatMap(({ moving }) => moving)
  const left = podsWithoutRoom(pods, room, index) ?? 0
  if (left === 0) return []
  const nodes = `${count(room.incomingNodes, 'new node')} (${room.expected[0]?.name})`
  const reason = `there seems to be no room for ${left} of ${count(pods.length, 'pod')} on ${nodes}; an autoscaler may have to add nodes`
  return [finding('room-short', room.incomingName, reason, "kubectl describe nodes | grep -A8 'Allocated resources'")]
}
