/** The instances of the active group must be nodes of this cluster. */
import type { ClusterView } from '../../model/cluster.ts'
import type { Group } from '../../model/node-group.ts'
import { finding, nameSome } from '../finding.ts'
import type { PlanFacts } from '../plan-facts.ts'
import { type Findings, nothing } from './check.ts'

const look = "kubectl get nodes -o custom-columns='NAME:.metadata.name,ID:.spec.providerID'"

export function nodes({
  active: { group },
  nodes: known,
  view,
  settings
}: Pick<PlanFacts, 'active' | 'nodes' | 'view' | 'settings'>): Findings {
  const ids = new Set(known.map((node) => node.instanceId))
  const missing = group.instances.map(({ id }) => id).filter((id) => !ids.has(id))
  if (missing.length === 0) return nothing
  // Whatever the tags say, this is the wrong cluster.
  if (known.length === 0) {
    const reason = `none of its ${group.instances.length} instances is a node of this cluster, ${settings.cluster}`
    const remedy = 'Check that `cluster`, `aws-region` and `kubeconfig` belong to the same cluster.'
    return { blockers: [finding('wrong-cluster', group.name, reason, look, remedy)], warnings: [] }
  }
  const nameless = namelessNodes(group, missing, view)
  const are = missing.length === 1 ? 'is not a node' : 'are not nodes'
  if (nameless.length > 0) {
    const have = nameless.length === 1 ? 'has' : 'have'
    const reason = `${nameSome(missing)} ${are} of this cluster, and ${nameSome(nameless)} ${have} no spec.providerID: pods there could be overlooked`
    return { blockers: [finding('provider-id-missing', group.name, reason, look)], warnings: [] }
  }
  const reason = `${nameSome(missing)} ${are} of this cluster and will be terminated with the others`
  return { blockers: [], warnings: [finding('instance-without-node', group.name, reason, look)] }
}

/** Nodes that could be one of these instances: of the same type and zone, and without an instance of their own. */
function namelessNodes(group: Group, missing: readonly string[], view: ClusterView): readonly string[] {
  const wanted = group.instances.filter(({ id }) => missing.includes(id))
  return view.nodes
    .filter(
      ({ instanceId, instanceType, zone }) =>
        instanceId === undefined && wanted.some((one) => one.type === instanceType && one.zone === zone)
    )
    .map(({ name }) => name)
}
