/**
 * What joins the lab's halves: an instance in service becomes a node some time later, and goes when its instance goes.
 * As with real groups that follow the cluster autoscaler's habit, tags say what the nodes are like:
 * `k8s.io/cluster-autoscaler/node-template/label/…` and `…/taint/…` become labels and taints, `simulated/…` annotations.
 * `simulated/joins-after` and `simulated/leaves-after` of a group overrule the pace; `never` is a value of both.
 */
import type { LabAws } from '../aws/aws.ts'
import type { LabGroup, LabInstance } from '../aws/state.ts'
import type { LabClock } from '../clock.ts'
import type { LabCluster } from '../kubernetes/cluster.ts'
import { delayOf } from '../kubernetes/simulated-behavior.ts'

const simulated = 'simulated/'
const template = 'k8s.io/cluster-autoscaler/node-template/'
const groupLabel = 'lab/group'

export interface NodeLifeOptions {
  aws: LabAws
  cluster: LabCluster
  clock: LabClock
  /** In ms, for a group whose tags do not say it. */
  joinAfterMs(group: string): number
}

export interface NodeLife {
  nodeOf(instanceId: string): string | undefined
  /** The machine breaks: its node falls silent, and Auto Scaling learns of it if its health checks run. */
  lose(instanceId: string, message?: string): void
}

export function nodeLife({ aws, cluster, clock, joinAfterMs }: NodeLifeOptions): NodeLife {
  const nodes = new Map<string, string>()

  function join(instance: LabInstance, group: LabGroup): void {
    if (instance.machine !== 'running' || nodes.has(instance.id)) return
    const described = describe(instance, group)
    nodes.set(instance.id, described.name)
    if (!cluster.find('Node', undefined, described.name)) cluster.addNode(described)
  }

  function silence(instance: LabInstance): void {
    const name = nodes.get(instance.id)
    if (name && cluster.find('Node', undefined, name))
      cluster.annotate('Node', undefined, name, { [`${simulated}silent`]: 'true' })
  }

  aws.listen({
    onInService(instance, group) {
      const delay = delayOf(tag(group, `${simulated}joins-after`), joinAfterMs(group.name))
      if (delay !== undefined) clock.after(delay, () => join(instance, group))
    },
    onTerminating: silence,
    onTerminated(instance, group) {
      silence(instance)
      const name = nodes.get(instance.id)
      const delay = delayOf(tag(group, `${simulated}leaves-after`), 0)
      if (name !== undefined && delay !== undefined) clock.after(delay, () => cluster.removeNode(name))
    }
  })

  return {
    nodeOf: (id) => nodes.get(id),
    lose(id, message) {
      const instance = aws.world.instance(id)
      if (instance) silence(instance)
      aws.world.lose(id, message)
      // The cloud's controller asks after nodes that have fallen silent, and takes away those whose machine is gone.
      const name = nodes.get(id)
      if (name !== undefined) clock.after(60_000, () => cluster.removeNode(name))
    }
  }
}

function tag(group: LabGroup, key: string): string | undefined {
  return group.tags.get(key)?.value
}

function describe(instance: LabInstance, group: LabGroup) {
  const annotations: Record<string, string> = {}
  const labels: Record<string, string> = { [groupLabel]: labelValue(group.name) }
  const taints: { key: string; value: string; effect: string }[] = []
  for (const [key, { value }] of group.tags) {
    if (key.startsWith(simulated)) annotations[key] = value
    if (key.startsWith(`${template}label/`)) labels[key.slice(`${template}label/`.length)] = value
    if (key.startsWith(`${template}taint/`)) {
      const [worth = '', effect = 'NoSchedule'] = value.split(':')
      taints.push({ key: key.slice(`${template}taint/`.length), value: worth, effect })
    }
  }
  return {
    name: instance.privateDnsName,
    providerId: `aws:///${instance.zone}/${instance.id}`,
    zone: instance.zone,
    instanceType: instance.instanceType,
    labels,
    taints,
    annotations
  }
}

/** Names of groups are free, values of labels are not. */
function labelValue(name: string): string {
  return name
    .replace(/[^-A-Za-z0-9_.]+/g, '-')
    .slice(0, 63)
    .replace(/^[^A-Za-z0-9]+|[^A-Za-z0-9]+$/g, '')
}
