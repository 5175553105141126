/** Draining the node that this process runs on would end the upgrade halfway. */
import { finding } from '../finding.ts'
import type { PlanFacts } from '../plan-facts.ts'
import { type Findings, nothing } from './check.ts'

export function ownPod({ ownPod: own, view, outgoing }: Pick<PlanFacts, 'ownPod' | 'view' | 'outgoing'>): Findings {
  const pod = own && view.pods.find((one) => one.namespace === own.namespace && one.name === own.name)
  if (!pod?.nodeName || !outgoing.has(pod.nodeName)) return nothing
  const reason = `this process runs in it on ${pod.nodeName}, which is to be drained: it would evict itself`
  const remedy = 'Start the run outside the cluster, or on a node of another node group.'
  return { blockers: [finding('own-pod', `${pod.namespace}/${pod.name}`, reason, remedy)], warnings: [] }
}
