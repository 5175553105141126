/** One look at everything: both groups, the cluster, and what was observed before. Plain values, made again for every pass. */
import type { Budget, ClusterView, Node, Pod } from '../model/cluster.ts'
import type { DatedLook } from '../model/gates.ts'
import { countsInDesired, isAttached } from '../model/lifecycle.ts'
import { budgetReflectedMs, lostNodeMs, staleMs, unknownRetryMs } from '../model/limits.ts'
import type { Activity, Group, Instance, TemplateState } from '../model/node-group.ts'
import { budgetsOf } from '../policy/budgets.ts'
import { type ClusterIndex, indexCluster } from '../policy/workloads.ts'
import type { OpenRun, Original } from '../record/record.ts'
import type { ReadonlyObservations } from './observations.ts'

export interface Side {
  group: Group
  original: Original
  /** Instances that are attached: there or coming, not those that leave. */
  instances: readonly Instance[]
  /** Those of them that count in Desired. */
  counted: readonly Instance[]
  /** Nodes of this group's instances, those that are just leaving included. */
  nodes: readonly Node[]
  /** Their names, and the names of nodes whose Node object is gone while the machine may still run. */
  nodeNames: ReadonlySet<string>
}

export interface World {
  now: number
  view: ClusterView
  index: ClusterIndex
  outgoing: Side
  incoming: Side
  /** The side being emptied, and the side being filled. */
  from: Side
  to: Side
  /** When the groups were last read. */
  groupsAt: number
  /** Auto Scaling's activities of the incoming group since its size was last changed, newest first. */
  activities: readonly Activity[]
  /** Launch templates of which the run writes a version; read with the groups. */
  templates: readonly TemplateState[]
  /** What each gate answered last, however long ago. */
  gateLooks: readonly DatedLook[]
  observations: ReadonlyObservations
  /** When the AWS credentials end for good; infinite if they are renewed. */
  credentialsEndAt: number
}

export interface Groups {
  outgoing: Group
  incoming: Group
  templates: readonly TemplateState[]
  at: number
}

export function makeWorld({
  now,
  run,
  groups,
  view: seen,
  activities,
  gateLooks = [],
  observations,
  credentialsEndAt
}: {
  now: number
  run: OpenRun
  groups: Groups
  view: ClusterView
  activities: readonly Activity[]
  gateLooks?: readonly DatedLook[]
  observations: ReadonlyObservations
  credentialsEndAt: number
}): World {
  const view = withAskedToGo(seen, observations, now)
  const index = indexCluster(view)
  const nodesByInstance = new Map<string, Node[]>()
  for (const node of view.nodes) {
    if (node.instanceId === undefined) continue
    nodesByInstance.set(node.instanceId, [...(nodesByInstance.get(node.instanceId) ?? []), node])
  }
  const side = (group: Group, original: Original): Side => {
    const ids = new Set(group.instances.map((instance) => instance.id))
    for (const [id, known] of observations.instances) if (known.group === group.name) ids.add(id)
    const nodes = [...ids].flatMap((id) => nodesByInstance.get(id) ?? [])
    // Addresses, and with them names, are used again: a name that another node has now means that node.
    const lost = [...ids]
      .flatMap((id) => (nodesByInstance.has(id) ? [] : (observations.instances.get(id)?.nodeName ?? [])))
      .filter((name) => !index.nodes.has(name))
    return {
      group,
      original,
      instances: group.instances.filter(isAttached),
      counted: group.instances.filter(countsInDesired),
      nodes,
      nodeNames: new Set([...nodes.map((node) => node.name), ...lost])
    }
  }
  const outgoing = side(groups.outgoing, run.outgoing)
  const incoming = side(groups.incoming, run.incoming)
  const back = run.direction === 'reverting'
  return {
    now,
    view,
    index,
    outgoing,
    incoming,
    from: back ? incoming : outgoing,
    to: back ? outgoing : incoming,
    groupsAt: groups.at,
    activities,
    templates: groups.templates,
    gateLooks,
    observations,
    credentialsEndAt
  }
}

/** Nothing was heard from the cluster for too long: what the view shows may be over, and nothing is concluded from it. */
export function isStale(world: World): boolean {
  return world.now - world.view.freshAt > staleMs
}

/**
 * A pod that is past its grace on a lost node: its kubelet is dead and ends nothing, so the pod counts as gone. A node is lost
 * when it has not been Ready for as long as a pod tolerates that by default
 * (https://github.com/kubernetes/kubernetes/blob/v1.37.2/plugin/pkg/admission/defaulttolerationseconds/admission.go).
 */
export function isStranded(pod: Pod, side: Side, now: number): boolean {
  if (pod.deletingAt === undefined || pod.deletingAt >= now) return false
  const node = side.nodes.find((one) => one.name === pod.nodeName)
  return node !== undefined && node.ready !== 'True' && now - node.readySinceAt >= lostNodeMs
}

export function nodeOf(side: Side, instance: Instance): Node | undefined {
  return side.nodes.find((node) => node.instanceId === instance.id)
}

/**
 * The watches lag some milliseconds behind what this run has done itself. A pod whose eviction is under way or was accepted
 * counts as leaving, and its budget allows that much less, so that no second decision rests on the state before the first.
 */
function withAskedToGo(view: ClusterView, observations: ReadonlyObservations, now: number): ClusterView {
  if (observations.evictions.size === 0) return view
  const unseen: Pod[] = []
  const pods = view.pods.map((pod) => {
    const entry = observations.evictions.get(pod.uid)
    if (!entry || pod.deletingAt !== undefined) return pod
    const kind = entry.answer?.kind
    // A lost reply may have been a yes: until it is asked again, the pod counts as leaving.
    const lost = kind === 'unknown' && now - (entry.answeredAt ?? now) < unknownRetryMs
    if (kind !== undefined && kind !== 'accepted' && !lost) return pod
    unseen.push(pod)
    return { ...pod, deletingAt: entry.sentAt }
  })
  // What a budget has given lately and its status does not show: asked, and neither listed nor long ago.
  for (const pod of view.pods) {
    const entry = observations.evictions.get(pod.uid)
    if (pod.deletingAt !== undefined && entry && now - (entry.answeredAt ?? now) < budgetReflectedMs) unseen.push(pod)
  }
  if (unseen.length === 0) return { ...view, pods }
  const index = indexCluster(view)
  const given = new Map<Budget, number>()
  for (const pod of unseen) {
    const entry = observations.evictions.get(pod.uid)
    for (const budget of budgetsOf(pod, index)) {
      const shown =
        budget.disruptedPods.includes(pod.name) ||
        (entry?.answeredAt !== undefined &&
          entry.budgetVersion !== budget.resourceVersion &&
          pod.deletingAt !== undefined)
      if (!shown) given.set(budget, (given.get(budget) ?? 0) + 1)
    }
  }
  const budgets = view.budgets.map((budget) => {
    const count = given.get(budget) ?? 0
    return count === 0 ? budget : { ...budget, disruptionsAllowed: budget.disruptionsAllowed - count }
  })
  return { ...view, pods, budgets }
}
