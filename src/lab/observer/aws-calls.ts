/** Writes to AWS, judged at the instant at which they take effect: I4, I6, I9. */
import { counts } from '../aws/instance.ts'
import type { LabGroup } from '../aws/state.ts'
import type { Lab } from '../joined/lab.ts'
import type { KubeObject, Raw } from '../kubernetes/object.ts'
import type { PortCall } from '../ports/call-gate.ts'
import { isMovable, type ObservedCluster, type OpenRecord } from './cluster-view.ts'
import type { ReportViolation } from './invariants.ts'

export function createAwsCallChecks(lab: Lab, observed: ObservedCluster, broken: ReportViolation) {
  const suspendedAtFirst = new Map(
    [...lab.aws.account.groups].map(([name, { suspended }]) => [name, new Set(suspended.keys())])
  )

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
      const pods = podsInTheWay(id, run, lab, observed)
      if (pods.length === 0) continue
      const names = pods.map(({ metadata }) => metadata.name).join(', ')
      broken('I6', `${id} (${lab.nodeOf(id)}) is terminated with ${names} on it`)
    }
  }

  return { before: toAws }
}

/** Pods that could still move from the node of an instance. */
function podsInTheWay(
  id: string,
  run: OpenRecord | undefined,
  lab: Lab,
  observed: ObservedCluster
): readonly KubeObject[] {
  const node = lab.nodeOf(id)
  return lab.cluster
    .list('Pod')
    .filter((pod) => node !== undefined && pod.spec?.nodeName === node && isMovable(pod, observed))
    .filter((pod) => !(run?.direction === 'reverting' && observed.kindOf(pod) === 'Job'))
    .filter((pod) => !isStranded(pod, node, lab))
}

/** Its kubelet is gone: nothing is left to end it. */
function isStranded(pod: KubeObject, node: string | undefined, lab: Lab): boolean {
  const annotations = node ? lab.cluster.find('Node', undefined, node)?.metadata.annotations : undefined
  return pod.metadata.deletionTimestamp !== undefined && annotations?.['simulated/silent'] === 'true'
}
