/** I1 and I3: budgets and workloads, judged from the pods as they are at each event, not from what controllers count. */

import type { Lab } from '../joined/lab.ts'
import type { KubeObject, Raw } from '../kubernetes/object.ts'
import { matchesSelector } from '../kubernetes/selector.ts'
import type { StoreChange } from '../kubernetes/store.ts'
import { hasFinished, isServing, type ObservedCluster } from './cluster-view.ts'
import type { ReportViolation } from './invariants.ts'

/** A time in which a workload that had served had no serving pod. `untilAt` is missing while it lasts. */
export interface ServingGap {
  workload: string
  at: number
  untilAt?: number
}

const judged = new Set(['Deployment', 'StatefulSet', 'ReplicaSet'])

export interface PodChecks {
  gaps: ServingGap[]
  seen: { workloads: number; changes: number }
  changed(change: StoreChange): void
  ended(): void
}

export function createPodChecks(
  lab: Lab,
  observed: ObservedCluster,
  broken: ReportViolation,
  mayBeDown: readonly string[]
): PodChecks {
  const judgeBudgets = createBudgetChecks(lab, observed, broken, mayBeDown)
  const gaps: ServingGap[] = []
  const told = new Set<ServingGap>()
  const servedOnce = new Set<string>()
  /** Serving pods by workload. */
  const serving = new Map<string, Set<string>>()
  const seen = { workloads: 0, changes: 0 }
  for (const pod of lab.cluster.list('Pod')) follow(pod, false)

  function follow(pod: KubeObject, gone: boolean): { key: string; was: boolean; is: boolean } {
    const key = observed.workloadOf(pod)
    const pods = serving.get(key) ?? new Set()
    serving.set(key, pods)
    const was = pods.has(pod.metadata.uid)
    const is = !gone && isServing(pod)
    if (is) {
      pods.add(pod.metadata.uid)
      // The others, such as DaemonSets, are not judged: their pods stay with the node.
      if (judged.has(key.split('/')[1] ?? '')) servedOnce.add(key)
    } else pods.delete(pod.metadata.uid)
    seen.workloads = servedOnce.size
    return { key, was, is }
  }

  function judgeWorkload(key: string): void {
    const [namespace = '', kind = '', name = ''] = key.split('/')
    if (!judged.has(kind) || !servedOnce.has(key)) return
    const workload = lab.cluster.find(kind, namespace, name)
    const open = gaps.find((gap) => gap.workload === key && gap.untilAt === undefined)
    const isWanted = workload !== undefined && (workload.spec?.replicas ?? 1) > 0
    const down = isWanted && (serving.get(key)?.size ?? 0) === 0
    if (down && !open) gaps.push({ workload: key, at: lab.clock.now() })
    if (!down && open) open.untilAt = lab.clock.now()
  }

  return {
    gaps,
    seen,
    changed({ object, type }) {
      if (object.kind === 'Pod') {
        const { key, was, is } = follow(object, type === 'DELETED')
        if (was !== is) seen.changes++
        judgeWorkload(key)
        if (was && !is) judgeBudgets(object)
      } else if (judged.has(object.kind)) {
        judgeWorkload(`${object.metadata.namespace}/${object.kind}/${object.metadata.name}`)
      }
    },
    ended() {
      for (const gap of gaps) {
        if (told.has(gap) || mayBeDown.includes(gap.workload)) continue
        told.add(gap)
        const length = gap.untilAt === undefined ? 'until the end' : `for ${gap.untilAt - gap.at} ms`
        broken('I3', `${gap.workload} had no serving pod ${length}, from ${new Date(gap.at).toISOString()}`)
      }
    }
  }
}

/** I1: whether a budget is below what it demands because of us. */
function createBudgetChecks(
  lab: Lab,
  observed: ObservedCluster,
  broken: ReportViolation,
  mayBeDown: readonly string[]
): (pod: KubeObject) => void {
  function judgeBudgets(pod: KubeObject): void {
    const { namespace, name, labels } = pod.metadata
    for (const one of lab.cluster.list('PodDisruptionBudget', namespace)) {
      if (!matchesSelector(one.spec?.selector, labels ?? {})) continue
      const { healthy, desired } = count(one)
      if (healthy >= desired || mayBeDown.includes(observed.workloadOf(pod))) continue
      const ours = byUs(pod)
      if (ours)
        broken('I1', `budget ${namespace}/${one.metadata.name} needs ${desired} and has ${healthy}: ${name} ${ours}`)
    }
  }

  /** As the disruption controller counts, but from the pods of this instant. */
  function count(budget: KubeObject): { healthy: number; desired: number } {
    const { namespace } = budget.metadata
    const pods = lab.cluster
      .list('Pod', namespace)
      .filter((pod) => !hasFinished(pod) && matchesSelector(budget.spec?.selector, pod.metadata.labels ?? {}))
    const owners = new Set(pods.map((pod) => observed.workloadOf(pod)))
    let expected = 0
    for (const key of owners) {
      const [inNamespace, kind = '', name = ''] = key.split('/')
      expected += (judged.has(kind) ? lab.cluster.find(kind, inNamespace, name)?.spec?.replicas : undefined) ?? 0
    }
    const { minAvailable, maxUnavailable } = budget.spec ?? {}
    const desired =
      minAvailable === undefined ? expected - share(maxUnavailable ?? 1, expected) : share(minAvailable, expected)
    return { healthy: pods.filter(isServing).length, desired: Math.max(0, desired) }
  }

  /** How the run made this pod cease to serve; undefined if it did not. */
  function byUs(pod: KubeObject): string | undefined {
    const target = pod.status?.conditions?.find((one: Raw) => one.type === 'DisruptionTarget')
    if (target?.reason === 'EvictionByEvictionAPI') return 'was evicted'
    const node = pod.spec?.nodeName
    if ([...observed.asked].some((id) => lab.nodeOf(id) === node)) return 'stood on a node that was terminated'
    const [namespace, kind = '', name = ''] = observed.workloadOf(pod).split('/')
    const owner = kind === 'Deployment' ? lab.cluster.find(kind, namespace, name) : undefined
    const restarted = owner?.metadata.labels?.['eks-node-upgrade/restarted-by'] !== undefined
    return restarted && pod.metadata.deletionTimestamp ? 'went with a restart of ours' : undefined
  }

  return judgeBudgets
}

/** Percentages round up, both kinds. */
function share(of: number | string, whole: number): number {
  return typeof of === 'number' ? of : Math.ceil((Number.parseFloat(of) / 100) * whole)
}
