/**
 * Whether a workload can be moved by a rolling restart without downtime. With maxSurge >= 1 and maxUnavailable 0 the new pod is
 * ready before the old one stops (https://github.com/kubernetes/kubernetes/blob/v1.37.2/pkg/controller/deployment/rolling.go), so
 * not even a single replica has a gap. Rollouts do not ask budgets
 * (https://kubernetes.io/docs/concepts/workloads/pods/disruptions/#pod-disruption-budgets).
 */
import type { Pod } from '../model/cluster.ts'
import { rollingBounds } from './budgets.ts'
import type { ClusterIndex, PodOwner } from './workloads.ts'

export type Surgeable = { ok: true } | { ok: false; rule: SurgeRule; why: string }

export type SurgeRule =
  | 'not-a-deployment'
  | 'rollout-paused'
  | 'recreate'
  | 'max-unavailable'
  | 'max-surge'
  | 'pod-elsewhere'
  | 'host-port'
  | 'unshareable-volume'

/** Names of the nodes that are drained, and of those that may already have restarted pods. */
export interface Sides {
  from: ReadonlySet<string>
  to?: ReadonlySet<string>
}

export function surgeable(owner: PodOwner, index: ClusterIndex, sides: Sides): Surgeable {
  const workload = owner.workload
  if (workload?.kind !== 'Deployment')
    return no('not-a-deployment', `a ${owner.kind} cannot start its new pod before the old one stops`)
  if (workload.paused) return no('rollout-paused', 'its rollout is paused')
  if (workload.strategy.type === 'Recreate') return no('recreate', 'its strategy is Recreate')
  const { surge, unavailable } = rollingBounds(workload)
  if (unavailable > 0) return no('max-unavailable', `its maxUnavailable is ${unavailable} of ${workload.replicas}`)
  if (surge < 1) return no('max-surge', 'its maxSurge is 0')
  const pods = index.podsOf(owner.key)
  const elsewhere = pods.find((pod) => isElsewhere(pod, sides))
  if (elsewhere)
    return no('pod-elsewhere', `its pod ${elsewhere.name} runs on a node that stays, and would be restarted also`)
  const ports = pods.find((pod) => pod.placement.hostPorts.length > 0)?.placement ?? workload.placement
  if (ports.hostPorts.length > 0) return no('host-port', `it uses the host port ${ports.hostPorts[0]}`)
  const claim = unshareableClaim(pods, index)
  if (claim) return no('unshareable-volume', `its volume ${claim} can be used on one node only`)
  return { ok: true }
}

/**
 * A claim of these pods that a second node cannot use at the same time
 * (https://github.com/kubernetes/kubernetes/blob/v1.37.2/pkg/volume/util/util.go, `IsMultiAttachAllowed`). A claim whose volume
 * is not known counts: a restart that waits for a volume waits for ever.
 */
export function unshareableClaim(pods: readonly Pod[], index: ClusterIndex): string | undefined {
  for (const pod of pods) {
    for (const claim of pod.claims) {
      const modes = index.volumes.get(`${pod.namespace}/${claim}`)?.accessModes ?? []
      if (!modes.includes('ReadWriteMany') && !isReadOnly(modes)) return claim
    }
  }
  return undefined
}

function isReadOnly(modes: readonly string[]): boolean {
  return modes.length > 0 && modes.every((mode) => mode === 'ReadOnlyMany')
}

function isElsewhere(pod: Pod, { from, to }: Sides): boolean {
  if (pod.deletingAt !== undefined || pod.nodeName === undefined) return false
  return !from.has(pod.nodeName) && !to?.has(pod.nodeName)
}

function no(rule: SurgeRule, why: string): Surgeable {
  return { ok: false, rule, why }
}
