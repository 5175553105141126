/** A Node of the API in the engine's words. */
import type { Node, Taint } from '../../engine/model/cluster.ts'
import { cordonedByMark } from '../../engine/model/names.ts'
import { condition, identity, instant } from './metadata.ts'
import { parseResources } from './quantity.ts'
import type { RawCondition, RawNode } from './raw.ts'

const instanceOfProviderId = /^aws:\/\/\/[^/]*\/(i-[0-9a-f]{8,17})$/

/** Conditions of the kubelet and of the node problem detector that mean harm when they are true. */
const harmful = new Set([
  'MemoryPressure',
  'DiskPressure',
  'PIDPressure',
  'NetworkUnavailable',
  'KernelDeadlock',
  'ReadonlyFilesystem',
  'CorruptDockerOverlay2',
  'FrequentKubeletRestart',
  'FrequentContainerdRestart',
  'FrequentDockerRestart',
  'FrequentUnregisterNetDevice'
])

export function projectNode(raw: RawNode): Node {
  const { labels = {}, annotations, creationTimestamp } = raw.metadata ?? {}
  const createdAt = instant(creationTimestamp)
  const ready = condition(raw.status?.conditions, 'Ready')
  return {
    ...identity(raw),
    createdAt,
    instanceId: instanceOfProviderId.exec(raw.spec?.providerID ?? '')?.[1],
    labels,
    schedulable: raw.spec?.unschedulable !== true,
    cordonedBy: annotations?.[cordonedByMark],
    ready: ready?.status === 'True' || ready?.status === 'False' ? ready.status : 'Unknown',
    readySinceAt: instant(ready?.lastTransitionTime, createdAt),
    readyMessage: ready?.message ?? '',
    troubles: (raw.status?.conditions ?? []).filter(troubling).map(({ type = '' }) => type),
    taints: (raw.spec?.taints ?? []).map(({ key = '', value = '', effect }) => ({
      key,
      value,
      effect: effect as Taint['effect']
    })),
    allocatable: parseResources(raw.status?.allocatable),
    kubeletVersion: raw.status?.nodeInfo?.kubeletVersion ?? '',
    instanceType: labels['node.kubernetes.io/instance-type'] ?? labels['beta.kubernetes.io/instance-type'] ?? '',
    zone: labels['topology.kubernetes.io/zone'] ?? labels['failure-domain.beta.kubernetes.io/zone'] ?? ''
  }
}

/**
 * Not every condition that is true is bad: the EKS node monitoring agent reports `NetworkingReady`, `StorageReady` and
 * the like, which are bad when they are false. `Ready` itself has fields of its own.
 */
function troubling({ type = '', status }: RawCondition): boolean {
  if (type === 'Ready') return false
  return harmful.has(type) ? status === 'True' : type.endsWith('Ready') && status === 'False'
}
