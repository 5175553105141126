/**
 * What may be done with one pod on a node that is emptied: an ordered list of opinions, the first one counts. Whether its workload
 * can spare it now is another question (methods.ts).
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
  (pod) => (pod.mirror ? verdict('leave', 'mirror', 'the kubelet of its node owns it') : undefined),
  (pod) => (isFinished(pod) ? verdict('leave', 'finished', 'it has finished') : undefined),
  (pod, _settings, index) =>
    pod.owner?.kind === 'DaemonSet' && index.workloads.has(pod.owner.uid)
      ? verdict('leave', 'daemonset', 'its DaemonSet would make it again on the same node')
      : undefined,
  (pod) => (pod.deletingAt !== undefined ? verdict('wait', 'deleting', 'it is being deleted already') : undefined),
  // The eviction API answers 403 there, and the pod goes with its namespace.
  (pod, _settings, index) =>
    index.view.terminatingNamespaces.includes(pod.namespace)
      ? verdict('wait', 'namespace-terminating', 'its namespace is being deleted')
      : undefined,
  (pod, settings) =>
    pod.owner?.kind === 'DaemonSet' && settings.podsWithoutController === 'refuse'
      ? verdict('refuse', 'orphan-daemonset', 'its DaemonSet does not exist any more, so nothing would make it again')
      : undefined,
  (pod, settings) =>
    !pod.owner && settings.podsWithoutController === 'refuse'
      ? verdict('refuse', 'no-controller', 'it has no controller, so nothing would make it again')
      : undefined,
  (pod, settings) =>
    pod.owner?.kind === 'Job' && settings.jobs === 'wait' ? verdict('wait', 'job', 'its Job is waited for') : undefined,
  (pod, settings) =>
    pod.emptyDir && settings.emptydirData === 'refuse'
      ? verdict('refuse', 'emptydir', 'it has data in an emptyDir, which does not move')
      : undefined,
  (pod) => (pod.owner?.kind === 'Job' ? verdict('move', 'job', 'its Job makes it again, from the start') : undefined),
  (pod) => (pod.owner?.kind === 'DaemonSet' ? verdict('move', 'orphan-daemonset', 'it may go for good') : undefined),
  (pod) => (pod.owner ? undefined : verdict('move', 'no-controller', 'it may go for good'))
]

export function judgePod(pod: Pod, settings: PodSettings, index: ClusterIndex): PodVerdict {
  for (const rule of rules) {
    const found = rule(pod, settings, index)
    if (found) return found
  }
  return verdict('move', 'controlled', 'its controller makes it again elsewhere')
}

function verdict(kind: PodVerdict['kind'], rule: PodRule, why: string): PodVerdict {
  return { kind, rule, why }
}
