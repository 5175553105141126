/** What people, machines and applications do in scenarios, each as a function of the lab. */

import type { LabGateState } from '../joined/gates.ts'
import type { Lab } from '../joined/lab.ts'
import type { NodeGroupDescription } from '../joined/world.ts'
import type { KubeObject, Raw } from '../kubernetes/object.ts'

export type UserAction = (lab: Lab) => void
export type GroupRole = 'active' | 'inactive'

/** As the groups were at the beginning. */
export function groupName(lab: Lab, role: GroupRole): string {
  const name = lab.pairs[0]?.[role]
  if (name === undefined) throw new Error('this world has no node group')
  return name
}

/** Green's nodes join, and no pod ever becomes ready on them. */
export function badNodes(more: NodeGroupDescription = {}): NodeGroupDescription {
  return { ...more, green: { tags: { 'simulated/ready-after': 'never' } } }
}

export function podsOfApp(lab: Lab, app: string): readonly KubeObject[] {
  return lab.cluster.list('Pod', 'shop').filter((pod) => pod.metadata.labels?.app === app)
}

/** So many pods of an application, those on the new nodes first, lose their readiness and do not find it again. */
export function unready(app: string, count: number): UserAction {
  return (lab) => {
    const onNew = new Set(lab.nodesOf(groupName(lab, 'inactive')).map(({ metadata }) => metadata.name))
    const pods = [...podsOfApp(lab, app)].sort(
      (a, b) => Number(onNew.has(b.spec.nodeName)) - Number(onNew.has(a.spec.nodeName))
    )
    for (const pod of pods.slice(0, count))
      lab.cluster.annotate('Pod', 'shop', pod.metadata.name, { 'simulated/not-ready': 'true' })
  }
}

/** Somebody at the console, Terraform, or an autoscaler writes sizes. */
export function resized(
  role: GroupRole,
  { min, max, desired }: { min?: number; max?: number; desired?: number }
): UserAction {
  return (lab) => {
    const input = { AutoScalingGroupName: groupName(lab, role), MinSize: min, MaxSize: max, DesiredCapacity: desired }
    lab.aws.autoScaling.updateAutoScalingGroup(input).catch(() => {})
  }
}

/** An operator uncordons this many of a group's nodes. */
export function uncordoned(role: GroupRole, count: number): UserAction {
  return (lab) => {
    for (const { metadata } of lab.nodesOf(groupName(lab, role)).slice(0, count))
      lab.cluster.patch('Node', undefined, metadata.name, { spec: { unschedulable: null } }, 'merge')
  }
}

export function scaledTo(app: string, replicas: number, kind = 'Deployment'): UserAction {
  return (lab) => void lab.cluster.patch(kind, 'shop', app, { spec: { replicas } }, 'merge')
}

export function changed(kind: string, name: string, patch: Raw): UserAction {
  return (lab) => void lab.cluster.patch(kind, 'shop', name, patch, 'merge')
}

export function removed(kind: string, name: string): UserAction {
  return (lab) => void lab.cluster.remove(kind, 'shop', name)
}

/** The kubelet of the nth node falls silent, and the machine is not replaced. */
export function silenced(role: GroupRole, index = 0): UserAction {
  return (lab) => {
    const node = lab.nodesOf(groupName(lab, role))[index]
    if (node) lab.cluster.annotate('Node', undefined, node.metadata.name, { 'simulated/silent': 'true' })
  }
}

/** The machine of the nth instance is gone. */
export function lost(role: GroupRole, index = 0): UserAction {
  return (lab) => {
    const instance = lab.aws.world.group(groupName(lab, role)).instances[index]
    if (instance) lab.lose(instance.id)
  }
}

export function inTurn(...actions: readonly UserAction[]): UserAction {
  return (lab) => {
    for (const action of actions) action(lab)
  }
}

/** A tag of a group is set, or with undefined taken away. */
export function tagged(role: GroupRole, key: string, value: string | undefined): UserAction {
  return (lab) => {
    const { tags } = lab.aws.world.group(groupName(lab, role))
    if (value === undefined) tags.delete(key)
    else tags.set(key, { value, propagates: false })
  }
}

/** Whatever pod of this application comes to a new node crashes there, with these words. */
export function crashing(app: string, words: string): UserAction {
  return (lab) => {
    const group = groupName(lab, 'inactive')
    lab.cluster.watch('Pod', ({ object }) => {
      const { labels, annotations, name, namespace } = object.metadata
      if (labels?.app !== app || annotations?.['simulated/crash-loop'] || !object.spec?.nodeName) return
      if (!lab.nodesOf(group).some(({ metadata }) => metadata.name === object.spec.nodeName)) return
      if (lab.cluster.find('Pod', namespace, name)?.metadata.uid !== object.metadata.uid) return
      lab.cluster.annotate('Pod', namespace, name, { 'simulated/crash-loop': words })
    })
  }
}

/** From now on a gate answers like this. */
export function gateSays(gate: string, state: LabGateState): UserAction {
  return (lab) => lab.gates.say(gate, state)
}
