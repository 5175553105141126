/** What a kubelet says of its node: conditions, what it offers, its version and addresses. */

import { conditionOf, type Raw, setCondition } from './object.ts'
import { addressOf } from './pod-status.ts'
import { behaviorAnnotation } from './simulated-behavior.ts'

const KUBELET = '1.37'

/** Writes it into a draft of the node. */
export function setNodeStatus(draft: Raw, isReady: boolean, now: string): void {
  const { status } = draft
  const set = (type: string, value: boolean, reason: string, message: string) => {
    const was = conditionOf(draft, type)
    const next = { type, status: value ? 'True' : 'False', reason, message }
    // A heartbeat that says nothing new would only make noise.
    if (was?.status === next.status && was.reason === reason) return
    setCondition(status, { ...next, lastHeartbeatTime: now }, now)
  }
  set('MemoryPressure', false, 'KubeletHasSufficientMemory', 'kubelet has sufficient memory available')
  set('DiskPressure', false, 'KubeletHasNoDiskPressure', 'kubelet has no disk pressure')
  set('PIDPressure', false, 'KubeletHasSufficientPID', 'kubelet has sufficient PID available')
  if (isReady) set('Ready', true, 'KubeletReady', 'kubelet is posting ready status')
  else
    set(
      'Ready',
      false,
      'KubeletNotReady',
      'container runtime network not ready: NetworkReady=false reason:NetworkPluginNotReady message:Network plugin returns error: cni plugin not initialized'
    )
  const capacity = {
    cpu: behaviorAnnotation('cpu', draft) ?? '4',
    memory: behaviorAnnotation('memory', draft) ?? '16Gi',
    pods: behaviorAnnotation('pods', draft) ?? '58',
    'ephemeral-storage': behaviorAnnotation('ephemeral-storage', draft) ?? '100Gi'
  }
  status.capacity ??= capacity
  status.allocatable ??= capacity
  const version = behaviorAnnotation('kubelet-version', draft) ?? KUBELET
  status.nodeInfo ??= {
    kubeletVersion: version.startsWith('v')
      ? version
      : `v${version.split('.').length > 2 ? version : `${version}.0`}-eks-simulated`,
    operatingSystem: 'linux',
    architecture: draft.metadata.labels?.['kubernetes.io/arch'] ?? 'amd64',
    osImage: 'Amazon Linux 2023 (simulated)',
    containerRuntimeVersion: 'containerd://2.1.0'
  }
  const ip = addressOf(draft)
  status.addresses ??= [
    { type: 'InternalIP', address: ip },
    { type: 'Hostname', address: draft.metadata.name }
  ]
}
