/**
 * What may be done with one pod on a node that is drained: an ordered list of rules, the first that applies counts. They follow
 * the filters of `kubectl drain`
 * (https://github.com/kubernetes/kubernetes/blob/v1.37.2/staging/src/k8s.io/kubectl/pkg/drain/filters.go). Whether its workload
 * can spare the pod now is another question (disruption-method.ts).
 */
import type { Pod } from '../model/cluster.ts'
import type { Settings } from '../model/settings.ts'
import { type ClusterIndex, isFinished } from './workloads.ts'

export type PodRule =
  | 'mirror'
  | 'finished'
  | 'daemonset'
  | 'orphan-daemonset'
  | 'deleting'
  | 'namespace-terminating'
  | 'no-controller'
  | 'job'
  | 'emptydir'
  | 'controlled'

/** `move`: to be moved. `leave`: stays until its node goes. `wait`: goes by itself. `refuse`: may not be touched. */
export interface PodVerdict {
  kind: 'move' | 'leave' | 'wait' | 'refuse'
  rule: PodRule
  why: string
}

export type PodSettings = Pick<Settings, 'jobs' | 'podsWithoutController' | 'emptydirData'>

type Rule = (pod: Pod, settings: PodSettings, index: ClusterIndex) => PodVerdict | undefined

const rules: readonly Rule[] = [
  // https://kubernetes.io/docs/tasks/configure-pod-container/static-pod/
  (pod) => (pod.mirror ? verdict('leave', 'mirror', 'the kubelet of its node owns it') : undefined),
  (pod) => (isFinished(pod) ? verdict('leave', 'finished', 'it has finished') : undefined),
  // A DaemonSet's pods tolerate cordoned nodes
  // (https://github.com/kubernetes/kubernetes/blob/v1.37.2/pkg/controller/daemon/util/daemonset_util.go).
  (pod, _settings, index) =>
    pod.owner?.kind === 'DaemonSet' && index.workloads.has(pod.owner.uid)
      ? verdict('leave', 'daemonset', 'its DaemonSet would recreate it on the same node')
      : undefined,
  (pod) => (pod.deletingAt !== undefined ? verdict('wait', 'deleting', 'it is being deleted already') : undefined),
  // The eviction API answers 403 there
  // (https://github.com/kubernetes/kubernetes/blob/v1.37.2/staging/src/k8s.io/apiserver/pkg/admission/plugin/namespace/lifecycle/admission.go),
  // and the pod goes with its namespace.
  (pod, _settings, index) =>
    index.view.terminatingNamespaces.includes(pod.namespace)
      ? verdict('wait', 'namespace-terminating', 'its namespace is being deleted')
      : undefined,
  (pod, settings) =>
    pod.owner?.kind === 'DaemonSet' && settings.podsWithoutController === 'refuse'
      ? verdict('refuse', 'orphan-daemonset', 'its DaemonSet no longer exists, so nothing would recreate it')
      : undefined,
  (pod, settings) =>
    !pod.owner && settings.podsWithoutController === 'refuse'
      ? verdict('refuse', 'no-controller', 'it has no controller, so nothing would recreate it')
      : undefined,
  (pod, settings) =>
    pod.owner?.kind === 'Job' && settings.jobs === 'wait' ? verdict('wait', 'job', 'its Job is waited for') : undefined,
  (pod, settings) =>
    pod.emptyDir && settings.emptydirData === 'refuse'
      ? verdict('refuse', 'emptydir', 'it has data in an emptyDir, which does not move')
      : undefined,
  // Its Job counts the evicted pod as failed, unless its podFailurePolicy ignores DisruptionTarget
  // (https://kubernetes.io/docs/concepts/workloads/controllers/job/#pod-failure-policy).
  (pod) => (pod.owner?.kind === 'Job' ? verdict('move', 'job', 'its Job recreates it, from the start') : undefined),
  (pod) => (pod.owner?.kind === 'DaemonSet' ? verdict('move', 'orphan-daemonset', 'it may go for good') : undefined),
  (pod) => (pod.owner ? undefined : verdict('move', 'no-controller', 'it may go for good'))
]

export function judgePod(pod: Pod, settings: PodSettings, index: ClusterIndex): PodVerdict {
  for (const rule of rules) {
    const found = rule(pod, settings, index)
    if (found) return found
  }
  return verdict('move', 'controlled', 'its controller recreates it elsewhere')
}

function verdict(kind: PodVerdict['kind'], rule: PodRule, why: string): PodVerdict {
  return { kind, rule, why }
}
