/** Every write, judged at the instant at which it takes effect: I1, I2, I4, I6, I9, I11, I13, I14, I18. */

import { counts } from '../aws/instance.ts'
import type { LabGroup } from '../aws/state.ts'
import type { Lab } from '../joined/lab.ts'
import type { KubeObject, Raw } from '../kubernetes/object.ts'
import type { PortCall } from '../ports/call-gate.ts'
import { isMovable, isSchedulable, type ObservedCluster, type OpenRecord } from './cluster-view.ts'
import type { ReportViolation } from './invariants.ts'

const mark = 'eks-node-upgrade/cordoned-by'
/** A pod that has been unready for so long serves nobody (design, the trap of the way back). */
const deadMs = 60_000

export function createCallChecks(
  lab: Lab,
  observed: ObservedCluster,
  broken: ReportViolation
): { before(call: PortCall): void } {
  const suspendedAtFirst = new Map(
    [...lab.aws.account.groups].map(([name, { suspended }]) => [name, new Set(suspended.keys())])
  )

  function before(call: PortCall): void {
    if (!call.writes) return
    lease(call)
    if (isBookkeeping(call)) return
    if (observed.openRuns().length === 0) broken('I13', `${call.name} before there is a record`)
    if (call.service === 'aws') toAws(call)
    else toKubernetes(call)
  }

  /** The Lease and the record are what the rest is guarded by. */
  function isBookkeeping({ path = '' }: PortCall): boolean {
    return /\/(leases|configmaps)(\/eks-node-upgrade)?$/.test(path.split('?')[0] ?? '')
  }

  function lease(call: PortCall): void {
    if (/leases/.test(call.path ?? '')) return
    const spec = lab.cluster.find('Lease', 'kube-system', 'eks-node-upgrade')?.spec
    const holder: string = spec?.holderIdentity ?? ''
    const endsAt = Date.parse(spec?.renewTime ?? '') + (spec?.leaseDurationSeconds ?? 0) * 1000
    if (!holder.startsWith(`${call.host} `))
      broken('I11', `${call.host} sent ${call.name}, and "${holder}" holds the Lease`)
    else if (!(lab.clock.now() < endsAt)) broken('I11', `${call.host} sent ${call.name} after its Lease had run out`)
  }

  function toAws({ name, input }: PortCall): void {
    const asked = input as Raw
    const groups: string[] = asked.Tags ? asked.Tags.map((tag: Raw) => tag.ResourceId) : [asked.AutoScalingGroupName]
    for (const groupName of new Set(groups)) {
      const group = lab.aws.account.groups.get(groupName)
      const run = observed.runOf(groupName)
      if (!group) continue
      if (!run) broken('I9', `${name} for ${groupName}, which takes part in no open run`)
      const guarded = run?.direction === 'forward' && run.outgoing === groupName
      switch (name) {
        case 'UpdateAutoScalingGroup':
          sizes(group, asked, guarded)
          break
        case 'SetInstanceProtection':
          protection(group, asked, guarded)
          break
        case 'ResumeProcesses':
          for (const process of asked.ScalingProcesses ?? [])
            if (suspendedAtFirst.get(groupName)?.has(process))
              broken('I9', `${process} of ${groupName} is resumed, which others had suspended`)
          break
        case 'TerminateInstanceInAutoScalingGroup':
          termination(group, asked, guarded, run)
          break
      }
    }
  }

  function sizes(group: LabGroup, asked: Raw, guarded: boolean): void {
    const desired: number | undefined = asked.DesiredCapacity
    const present = group.instances.filter(counts)
    const lowers = desired !== undefined && desired < group.desired
    if (guarded && lowers)
      broken('I4', `Desired of ${group.name} goes from ${group.desired} to ${desired} before retiring`)
    if (guarded && asked.MinSize !== undefined && asked.MinSize < group.minSize)
      broken('I4', `Min of ${group.name} goes from ${group.minSize} to ${asked.MinSize} before retiring`)
    const open = present.filter((instance) => !instance.isProtected)
    if (desired !== undefined && desired < present.length && open.length > 0)
      broken(
        'I6',
        `Desired of ${group.name} goes to ${desired} while ${open.map(({ id }) => id).join(', ')} may be chosen`
      )
  }

  function protection(group: LabGroup, asked: Raw, guarded: boolean): void {
    if (asked.ProtectedFromScaleIn) return
    if (guarded) broken('I4', `protection of ${group.name} is lifted before retiring`)
    const present = group.instances.filter(counts).length
    if (group.desired < present)
      broken(
        'I6',
        `protection is lifted while Desired of ${group.name} is ${group.desired} and it has ${present} instances`
      )
  }

  function termination(group: LabGroup, asked: Raw, guarded: boolean, run: OpenRecord | undefined): void {
    if (asked.ShouldDecrementDesiredCapacity) broken('I6', `a termination in ${group.name} lowers Desired`)
    if (guarded) broken('I4', `${(asked.InstanceIds ?? []).join()} of ${group.name} is terminated before retiring`)
    for (const id of asked.InstanceIds ?? []) {
      observed.asked.add(id)
      const node = lab.nodeOf(id)
      const pods = lab.cluster
        .list('Pod')
        .filter((pod) => node !== undefined && pod.spec?.nodeName === node && isMovable(pod, observed))
        .filter((pod) => !(run?.direction === 'reverting' && observed.kindOf(pod) === 'Job'))
        .filter((pod) => !isStranded(pod, node))
      if (pods.length > 0)
        broken('I6', `${id} (${node}) is terminated with ${pods.map(({ metadata }) => metadata.name).join(', ')} on it`)
    }
  }

  /** Its kubelet is gone: nobody is left to end it. */
  function isStranded(pod: KubeObject, node: string | undefined): boolean {
    const annotations = node ? lab.cluster.find('Node', undefined, node)?.metadata.annotations : undefined
    return pod.metadata.deletionTimestamp !== undefined && annotations?.['simulated/silent'] === 'true'
  }

  function toKubernetes(call: PortCall): void {
    const [, namespace, name] =
      /namespaces\/([^/]+)\/pods\/([^/]+)/.exec(call.path ?? '')?.map(decodeURIComponent) ?? []
    if (call.name === 'POST pods/eviction') eviction(call, lab.cluster.find('Pod', namespace, name ?? ''))
    else if (call.name === 'DELETE pods') deletion(call, lab.cluster.find('Pod', namespace, name ?? ''))
    else if (call.name === 'PATCH nodes') nodePatch(call)
    else if (call.name !== 'PATCH deployments' && call.name !== 'PATCH statefulsets')
      broken('I9', `${call.name} ${call.path} is no business of ours`)
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
        `${pod.metadata.name} is deleted although it is ready, has not been unready for 60 s, or we are not on the way back`
      )
  }

  function nodePatch(call: PortCall): void {
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
    if (patch.spec?.unschedulable === true) closing(node, group, run)
    else if (node.metadata.annotations?.[mark] === undefined)
      broken('I9', `node ${name} is opened, and its cordon is not ours`)
  }

  function closing(node: KubeObject, group: string | undefined, run: OpenRecord): void {
    const { name } = node.metadata
    const from = run.direction === 'reverting' ? run.incoming : run.outgoing
    if (group !== from) broken('I23', `${name} of ${group} is cordoned while ${from} is emptied`)
    if (node.spec?.unschedulable) broken('I9', `${name} is cordoned already, and is patched all the same`)
    const others = lab.nodesOf(run.outgoing)
    const first = !others.some((one) => one.metadata.annotations?.[mark] !== undefined)
    if (run.direction !== 'forward' || !first) return
    const usable = lab.nodesOf(run.incoming).filter(isSchedulable).length
    if (usable < others.length)
      broken('I18', `${name} is cordoned when ${usable} new nodes are there for ${others.length}`)
  }

  return { before }
}
