/** The lab: a small AWS and a small Kubernetes on one clock, joined as a cluster with worker nodes is. */
import type { CreateAutoScalingGroupType } from '@aws-sdk/client-auto-scaling'
import { createAws, type LabAws } from '../aws/aws.ts'
import type { LaunchTemplateLine } from '../aws/state.ts'
import type { SleepingClock } from '../clock.ts'
import { createCluster, type LabCluster } from '../kubernetes/cluster.ts'
import { conditionOf, type KubeObject } from '../kubernetes/object.ts'
import { createLabGates, type LabGates } from './gates.ts'
import { type NodeLife, nodeLife } from './node-life.ts'
import {
  type GroupDescription,
  type GroupNames,
  groupTags,
  type LabColor,
  type NodeGroupDescription,
  nodeGroupDefaults,
  templateAges,
  templateData,
  type WorldDescription
} from './world.ts'

export interface LabOptions {
  clock: SleepingClock
  world: WorldDescription
  seed?: number
  /** By what credentials expire, where callers come over HTTP; the lab's clock unless it says more. */
  credentialsNow?: () => number
}

export interface Lab extends Pick<NodeLife, 'nodeOf' | 'lose'> {
  readonly clock: SleepingClock
  readonly aws: LabAws
  readonly cluster: LabCluster
  readonly gates: LabGates
  readonly clusterName: string
  readonly pairs: readonly GroupNames[]
  readonly templates: Readonly<Record<string, LaunchTemplateLine>>
  /** Resolves when everything that can run runs, or two minutes of the lab's time have passed. */
  settled(): Promise<void>
  /** 1, 2, 3, … for each subject. */
  nextNumber(subject: string): number
  /** Nodes of a group's instances that are there now. */
  nodesOf(group: string): readonly KubeObject[]
  podsOn(group: string): readonly KubeObject[]
}

export function createLab({ clock, world, seed = 1, credentialsNow }: LabOptions): Lab {
  const clusterName = world.cluster ?? 'shop'
  const aws = createAws({ clock, seed, ...(credentialsNow ? { credentialsNow } : {}) })
  const cluster = createCluster({ clock, ...(world.version ? { version: world.version } : {}) })
  const descriptions = (world.nodeGroups ?? [{}]).map((group) => ({ ...nodeGroupDefaults, ...group }))
  const joinAfter = new Map<string, number>()
  const life = nodeLife({ aws, cluster, clock, joinAfterMs: (group) => joinAfter.get(group) ?? 0 })
  const templates: Record<string, LaunchTemplateLine> = {}
  for (const { ImageId, ...details } of world.images ?? []) {
    aws.addImage(ImageId, { ImageOwnerAlias: 'amazon', OwnerId: '602401143452', ...details })
  }
  for (const [name, value] of Object.entries(world.parameters ?? {})) aws.setParameter(name, value)
  cluster.apply(world.objects)
  for (let i = 0; i < (world.foreignNodes ?? 0); i++) addForeignNode(cluster, i)
  const pairs = descriptions.map((description): GroupNames => {
    const { pair, line } = addPair(aws, clusterName, description)
    templates[pair.name] = line
    // What is there at the beginning has been there for long; only what comes later takes its time.
    clock.after(0, () => {
      for (const name of [pair.blue, pair.green]) {
        const { launchAfterMs, terminateAfterMs, joinAfterMs } = description
        if (aws.account.groups.has(name)) aws.world.behave(name, { launchAfterMs, terminateAfterMs })
        joinAfter.set(name, joinAfterMs)
      }
    })
    return pair
  })
  const numbers = new Map<string, number>()

  const nodesOf = (group: string) => {
    const names = new Set(aws.account.groups.get(group)?.instances.map(({ id }) => life.nodeOf(id)))
    return cluster.list('Node').filter(({ metadata }) => names.has(metadata.name))
  }

  return {
    clock,
    aws,
    cluster,
    gates: createLabGates(),
    clusterName,
    pairs,
    templates,
    nodeOf: life.nodeOf,
    lose: life.lose,
    async settled() {
      for (let waited = 0; waited < 120_000; waited += 1_000) {
        await clock.sleep(1_000)
        if (waited >= 2_000 && isSettled(cluster)) return
      }
    },
    nextNumber(subject) {
      const next = (numbers.get(subject) ?? 0) + 1
      numbers.set(subject, next)
      return next
    },
    nodesOf,
    podsOn(group) {
      const names = new Set(nodesOf(group).map(({ metadata }) => metadata.name))
      return cluster.list('Pod').filter(({ spec }) => names.has(spec?.nodeName))
    }
  }
}

type Whole = Required<Omit<NodeGroupDescription, 'blue' | 'green' | 'min' | 'max' | 'ownTemplates'>> &
  NodeGroupDescription

function addPair(aws: LabAws, cluster: string, description: Whole): { pair: GroupNames; line: LaunchTemplateLine } {
  const { name, nodes, active, min = nodes, max = nodes + 3 } = description
  const other: LabColor = active === 'blue' ? 'green' : 'blue'
  const now = aws.account.clock.now()
  const title = `${cluster}-${name}`
  const data = (color: LabColor) => ({
    ...templateData(color === active ? 'running' : 'new'),
    ...description[color]?.template
  })
  const line = aws.addLaunchTemplate(title, data(active), { createdAt: now - templateAges.running })
  const createdAt = now - templateAges.new
  const own = description.ownTemplates
    ? aws.addLaunchTemplate(`${title}-${other}`, data(other), { createdAt })
    : undefined
  if (!own) aws.addLaunchTemplateVersion(line, data(other), { createdAt })
  const add = (color: LabColor) => {
    const group: GroupDescription = description[color] ?? {}
    const isActive = color === active
    const input: Partial<CreateAutoScalingGroupType> & { AutoScalingGroupName: string } = {
      AutoScalingGroupName: `${title}-${color}`,
      MinSize: isActive ? min : 0,
      MaxSize: isActive ? max : 0,
      DesiredCapacity: isActive ? nodes : 0,
      LaunchTemplate:
        own && !isActive
          ? { LaunchTemplateId: own.id, Version: group.version ?? '$Latest' }
          : { LaunchTemplateId: line.id, Version: group.version ?? (isActive ? '1' : '2') },
      Tags: groupTags(cluster, name, color, group.tags),
      ...group.input
    }
    aws.addGroup(input, group.extras)
  }
  add(active)
  add(other)
  const names = { blue: `${title}-blue`, green: `${title}-green` }
  return { pair: { name, ...names, active: names[active], inactive: names[other] }, line }
}

function addForeignNode(cluster: LabCluster, index: number): void {
  const zone = `eu-west-1${'abc'[index % 3]}`
  cluster.addNode({ name: `foreign-${index}`, providerId: `aws:///${zone}/i-0foreign${index}`, zone })
}

function isSettled(cluster: LabCluster): boolean {
  const whole = (kind: string) =>
    cluster
      .list(kind)
      .every(
        ({ metadata, spec, status }) =>
          (status?.observedGeneration ?? 0) >= (metadata.generation ?? 0) &&
          (status?.availableReplicas ?? 0) >= (spec?.replicas ?? 1)
      )
  const budgets = cluster
    .list('PodDisruptionBudget')
    .every(({ metadata, status }) => (status?.observedGeneration ?? 0) >= (metadata.generation ?? 0))
  const nodes = cluster.list('Node').every((node) => conditionOf(node, 'Ready') !== undefined)
  return nodes && budgets && whole('Deployment') && whole('StatefulSet')
}
