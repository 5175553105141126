// Makes and takes away what a scenario stands on: a pair of Auto Scaling groups and the workloads on their nodes.
import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import type { KubernetesObject } from './kubernetes-client.ts'
import { clusterName, type Testbed } from './testbed.ts'
import { groundLabel, type Made } from './workloads.ts'

export interface Ground {
  readonly group: string
  readonly blue: string
  readonly green: string
  readonly namespace: string
}

export interface GroundOptions {
  group: string
  nodes?: number
  workloads: readonly Made[]
  /** Tags on both groups, and on green alone: how instances and nodes behave. */
  tags?: Readonly<Record<string, string>>
  greenTags?: Readonly<Record<string, string>>
  /** How many pods must be ready before the scenario starts; Jobs' and the DaemonSets' do not count. */
  settleSeconds?: number
}

const sizesBefore = { min: 3, max: 9 }

/** The label that the simulated nodes have; an EKS node would not have it, so nothing else may depend on it. */
export const sideLabel = 'simulated/asg'

export async function prepareCluster(testbed: Testbed, name = clusterName): Promise<void> {
  const { aws } = testbed
  const { Subnets = [] } = await aws.ec2.describeSubnets({})
  const { clusters = [] } = await aws.eks.listClusters({})
  if (!clusters.includes(name)) {
    await aws.eks.createCluster({
      name,
      version: '1.37',
      roleArn: 'arn:aws:iam::123456789012:role/eks-cluster',
      resourcesVpcConfig: { subnetIds: Subnets.slice(0, 3).map(({ SubnetId = '' }) => SubnetId) }
    })
  }
  await aws.emulator('PUT', `/_emulator/clusters/${name}`, {
    endpoint: testbed.kubernetes.server,
    version: '1.37',
    ...(testbed.certificateAuthority && {
      certificateAuthority: readFileSync(testbed.certificateAuthority).toString('base64')
    })
  })
}

export async function makeGround(testbed: Testbed, options: GroundOptions): Promise<Ground> {
  const { aws, kubernetes } = testbed
  const name = `${clusterName}-${options.group}`
  const ground = {
    group: options.group,
    blue: `${name}-blue`,
    green: `${name}-green`,
    namespace: `shop-${options.group}`
  }
  const nodes = options.nodes ?? 6
  const { Images = [] } = await aws.ec2.describeImages({})
  const [old = '', fresh = ''] = Images.map(({ ImageId = '' }) => ImageId)
  // The image alone differs: moto cannot launch from a second version that has user data.
  const data = (version: number) => ({ ImageId: version === 1 ? old : fresh, InstanceType: 'm7i.large' }) as const
  await aws.ec2.createLaunchTemplate({ LaunchTemplateName: name, LaunchTemplateData: data(1) })
  await aws.ec2.createLaunchTemplateVersion({ LaunchTemplateName: name, LaunchTemplateData: data(2) })
  for (const [color, version] of [
    ['blue', 1],
    ['green', 2]
  ] as const) {
    const active = color === 'blue'
    const tags = {
      [`kubernetes.io/cluster/${clusterName}`]: 'owned',
      'eks-node-upgrade/group': options.group,
      'eks-node-upgrade/color': color,
      Owner: `team-${color}`,
      ...options.tags,
      ...(active ? {} : options.greenTags)
    }
    await aws.autoScaling.createAutoScalingGroup({
      AutoScalingGroupName: ground[color],
      MinSize: active ? sizesBefore.min : 0,
      MaxSize: active ? Math.max(sizesBefore.max, nodes + 2) : 0,
      DesiredCapacity: active ? nodes : 0,
      AvailabilityZones: ['a', 'b', 'c'].map((zone) => aws.region + zone),
      LaunchTemplate: { LaunchTemplateName: name, Version: String(version) },
      Tags: Object.entries(tags).map(([key, value]) => tagOf(ground[color], key, value))
    })
  }
  await kubernetes.create('/api/v1/namespaces', {
    metadata: { name: ground.namespace, labels: { [groundLabel]: 'true' } }
  })
  await until(`${nodes} nodes are ready`, 60, async () => {
    const all = await kubernetes.list(`/api/v1/nodes?labelSelector=${sideLabel}%3D${ground.blue}`)
    return all.items.filter(isReadyNode).length === nodes
  })
  await Promise.all(options.workloads.map(({ path, object }) => kubernetes.create(path, object)))
  await until('every pod of the ground is ready', options.settleSeconds ?? 90, () =>
    settled(testbed, options.workloads)
  )
  return ground
}

/** Every controller has what it wants, and every budget has been counted. */
async function settled(testbed: Testbed, workloads: readonly Made[]): Promise<boolean> {
  for (const { path, object } of workloads) {
    const now = await testbed.kubernetes.get(`${path}/${object.metadata.name}`)
    if (!now || !isSettled(now)) return false
  }
  return true
}

function isSettled({ kind, spec, status = {}, metadata }: KubernetesObject): boolean {
  switch (kind) {
    case 'Deployment':
      return status.availableReplicas === spec.replicas && status.observedGeneration === metadata.generation
    case 'StatefulSet':
      return status.availableReplicas === spec.replicas
    case 'DaemonSet':
      return status.numberReady > 0 && status.numberReady === status.desiredNumberScheduled
    case 'Job':
      return status.ready === spec.parallelism || status.succeeded === spec.completions
    case 'PodDisruptionBudget':
      return status.observedGeneration === metadata.generation && status.currentHealthy >= status.desiredHealthy
    default:
      return true
  }
}

export async function clearGround(testbed: Testbed, ground: Ground): Promise<void> {
  const { aws, kubernetes } = testbed
  const background = { propagationPolicy: 'Background' }
  await kubernetes.remove(`/api/v1/namespaces/${ground.namespace}`)
  for (const kind of ['apps/v1/namespaces/kube-system/deployments', 'apps/v1/namespaces/kube-system/daemonsets']) {
    for (const { metadata } of (await kubernetes.list(`/apis/${kind}?labelSelector=${groundLabel}`)).items)
      await kubernetes.remove(`/apis/${kind}/${metadata.name}`, background)
  }
  const budgets = '/apis/policy/v1/namespaces/kube-system/poddisruptionbudgets'
  for (const { metadata } of (await kubernetes.list(`${budgets}?labelSelector=${groundLabel}`)).items)
    await kubernetes.remove(`${budgets}/${metadata.name}`)
  await until('the pods of the ground are gone', 60, async () => {
    // A pod whose node has gone waits for the garbage collector; nothing needs to wait for it.
    const nodes = new Set((await kubernetes.list('/api/v1/nodes')).items.map(({ metadata }) => metadata.name))
    const pods = (await kubernetes.list('/api/v1/pods')).items
    return !pods.some(({ metadata, spec }) => isOfGround(metadata.namespace ?? '', ground) && nodes.has(spec.nodeName))
  })
  for (const name of [ground.blue, ground.green]) {
    await aws.autoScaling.updateAutoScalingGroup({ AutoScalingGroupName: name, MinSize: 0 })
    await aws.autoScaling.deleteAutoScalingGroup({ AutoScalingGroupName: name, ForceDelete: true })
  }
  await aws.ec2.deleteLaunchTemplate({ LaunchTemplateName: `${clusterName}-${ground.group}` })
  await kubernetes.remove('/api/v1/namespaces/kube-system/configmaps/eks-node-upgrade')
  await kubernetes.remove('/apis/coordination.k8s.io/v1/namespaces/kube-system/leases/eks-node-upgrade')
  await until(
    'the nodes of the ground are gone',
    60,
    async () => (await kubernetes.list('/api/v1/nodes')).items.length === 0
  )
}

export function isOfGround(namespace: string, ground: Ground): boolean {
  return namespace === ground.namespace || namespace === 'kube-system'
}

export async function setTag(testbed: Testbed, group: string, key: string, value: string): Promise<void> {
  await testbed.aws.autoScaling.createOrUpdateTags({ Tags: [tagOf(group, key, value)] })
}

export async function removeTag(testbed: Testbed, group: string, key: string): Promise<void> {
  const { PropagateAtLaunch: _, ...tag } = tagOf(group, key, '')
  await testbed.aws.autoScaling.deleteTags({ Tags: [tag] })
}

export function tagOf(group: string, key: string, value: string) {
  return { ResourceId: group, ResourceType: 'auto-scaling-group', Key: key, Value: value, PropagateAtLaunch: false }
}

export function isReadyNode({ status }: KubernetesObject): boolean {
  const conditions: { type: string; status: string }[] = status?.conditions ?? []
  return conditions.some(({ type, status }) => type === 'Ready' && status === 'True')
}

/** Looks again and again; fails, naming what never was, when the time is over. */
export async function until(what: string, seconds: number, holds: () => Promise<boolean> | boolean): Promise<void> {
  const end = Date.now() + seconds * 1000
  while (!(await holds())) {
    if (Date.now() > end) throw new Error(`waited ${seconds} s, and it never was that ${what}`)
    await sleep(200)
  }
}
