/**
 * Whether a workload can be moved by a rolling restart: the new pod runs before the old one stops, so not even a single replica
 * has a gap. Rollouts do not ask budgets.
 */
import type { Pod } from '../model/cluster.ts'
import { rollingBounds } from './budgets.ts'
import type { ClusterIndex, PodOwner } from './workloads.ts'

export type Surgeable = { ok: true } | { ok: false; why: string }

/** Names of the nodes that are emptied, and of those that may already hold restarted pods. */
export interface Sides {
  from: ReadonlySet<string>
  to?: ReadonlySet<string>
}

export function surgeable(owner: PodOwner, index: ClusterIndex, sides: Sides): Surgeable {
  const workload = owner.workload
  if (workload?.kind !== 'Deployment') return no(`a ${owner.kind} cannot start its new pod before the old one stops`)
  if (workload.paused) return no('its rollout is paused')
  if (workload.strategy.type === 'Recreate') return no('its strategy is Recreate')
  const { surge, unavailable } = rollingBounds(workload)
  if (unavailable > 0) return no(`its maxUnavailable is ${unavailable} of ${workload.replicas}`)
  if (surge < 1) return no('its maxSurge is 0')
  const pods = index.podsOf(owner.key)
  const elsewhere = pods.find((pod) => isElsewhere(pod, sides))
  if (elsewhere) return no(`its pod ${elsewhere.name} runs on a node that stays, and would be restarted too`)
  const ports = pods.find((pod) => pod.placement.hostPorts.length > 0)?.placement ?? workload.placement
  if (ports.hostPorts.length > 0) return no(`it uses the host port ${ports.hostPorts[0]}`)
  const claim = unshareableClaim(pods, index)
  if (claim) return no(`its volume ${claim} can be used on one node only`)
  return { ok: true }
}

/**
 * A claim of these pods that a second node cannot use meanwhile. A claim whose volume is not known counts: a restart that
 * waits for a volume waits for ever.
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

function no(why: string): Surgeable {
  return { ok: false, why }
}
