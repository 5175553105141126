/** Writes to the cluster, judged at the instant at which they take effect: I1, I2, I9, I14, I18, I23. */
import type { Lab } from '../joined/lab.ts'
import type { KubeObject, Raw } from '../kubernetes/object.ts'
import type { PortCall } from '../ports/call-gate.ts'
import { isSchedulable, type ObservedCluster, type OpenRecord } from './cluster-view.ts'
import type { ReportViolation } from './invariants.ts'

const mark = 'eks-node-upgrade/cordoned-by'
/** A pod that has been unready for this long may be deleted in a revert if its budget refuses its eviction. */
const deadMs = 60_000

export function createKubernetesCallChecks(lab: Lab, observed: ObservedCluster, broken: ReportViolation) {
  const nodes = createNodePatchChecks(lab, observed, broken)

  function toKubernetes(call: PortCall): void {
    const [, namespace, name] =
      /namespaces\/([^/]+)\/pods\/([^/]+)/.exec(call.path ?? '')?.map(decodeURIComponent) ?? []
    if (call.name === 'POST pods/eviction') eviction(call, lab.cluster.find('Pod', namespace, name ?? ''))
    else if (call.name === 'DELETE pods') deletion(call, lab.cluster.find('Pod', namespace, name ?? ''))
    else if (call.name === 'PATCH nodes') nodes.patched(call)
    else if (call.name !== 'PATCH deployments' && call.name !== 'PATCH statefulsets')
      broken('I9', `${call.name} ${call.path} does not belong to an upgrade`)
  }

  function eviction(call: PortCall, pod: KubeObject | undefined): void {
    const uid = (call.input as Raw)?.deleteOptions?.preconditions?.uid
    if (!uid) broken('I2', `${call.path} without the pod's UID`)
    if (pod && pod.metadata.uid === uid) emptied(call, pod)
  }

  /** A pod may be asked to go only from a cordoned node of the side that is being emptied. */
  function emptied(call: PortCall, pod: KubeObject): void {
    const node = lab.cluster.find('Node', undefined, pod.spec?.nodeName ?? '')
    const group = observed.groupOf(pod.spec?.nodeName)
    const run = observed.runOf(group)
    const { name } = pod.metadata
    if (!run || !node?.spec?.unschedulable) {
      broken('I2', `${call.name} of ${name} on ${pod.spec?.nodeName}, which is not being emptied`)
      return
    }
    const from = run.direction === 'reverting' ? run.incoming : run.outgoing
    if (group !== from)
      broken(
        run.direction === 'forward' ? 'I14' : 'I2',
        `${call.name} of ${name}, which is on ${group} while ${from} is emptied`
      )
  }

  function deletion(call: PortCall, pod: KubeObject | undefined): void {
    const { uid, resourceVersion } = (call.input as Raw)?.preconditions ?? {}
    if (!uid || !resourceVersion) broken('I1', `${call.path} without UID and resourceVersion`)
    if (!pod || pod.metadata.uid !== uid || pod.metadata.resourceVersion !== resourceVersion) return
    emptied(call, pod)
    const ready = pod.status?.conditions?.find((one: Raw) => one.type === 'Ready')
    const since = Date.parse(ready?.lastTransitionTime ?? pod.metadata.creationTimestamp)
    const back = observed.runOf(observed.groupOf(pod.spec?.nodeName))?.direction === 'reverting'
    if (!back || ready?.status === 'True' || lab.clock.now() - since < deadMs - 1_000)
      broken(
        'I1',
        `${pod.metadata.name} is deleted although it is ready, has not been unready for 60 s, or the run does not revert`
      )
  }

  return { before: toKubernetes }
}

function createNodePatchChecks(lab: Lab, observed: ObservedCluster, broken: ReportViolation) {
  function patched(call: PortCall): void {
    const name = decodeURIComponent(/nodes\/([^/]+)/.exec(call.path ?? '')?.[1] ?? '')
    const node = lab.cluster.find('Node', undefined, name)
    const patch = call.input as Raw
    if (!node || patch?.metadata?.resourceVersion !== node.metadata.resourceVersion) return
    const group = observed.groupOf(name)
    const run = observed.runOf(group)
    if (!run) {
      broken('I9', `node ${name}, which is in no open run, is patched`)
      return
    }
    if (patch.spec?.unschedulable === true) cordoning(node, group, run)
    else if (node.metadata.annotations?.[mark] === undefined)
      broken('I9', `node ${name} is opened, and its cordon is not ours`)
  }

  function cordoning(node: KubeObject, group: string | undefined, run: OpenRecord): void {
    const { name } = node.metadata
    const from = run.direction === 'reverting' ? run.incoming : run.outgoing
    if (group !== from) broken('I23', `${name} of ${group} is cordoned while ${from} is emptied`)
    if (node.spec?.unschedulable) broken('I9', `${name} is cordoned already, and is patched anyway`)
    const others = lab.nodesOf(run.outgoing)
    const first = !others.some((one) => one.metadata.annotations?.[mark] !== undefined)
    if (run.direction !== 'forward' || !first) return
    const usable = lab.nodesOf(run.incoming).filter(isSchedulable).length
    if (usable < others.length)
      broken('I18', `${name} is cordoned when ${usable} new nodes are there for ${others.length}`)
  }

  return { patched }
}
