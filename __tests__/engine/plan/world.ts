/** Builders of plain values for the tests of policy and plan: each with the least that makes it whole. */
import assert from 'node:assert/strict'
import type {
  Budget,
  ClusterView,
  IntOrPercent,
  Node,
  Placement,
  Pod,
  SpreadConstraint,
  Workload
} from '../../../src/engine/model/cluster.ts'
import type { Companions, Group, Instance, Json, TemplateVersion } from '../../../src/engine/model/node-group.ts'
import type { Finding } from '../../../src/engine/model/report.ts'
import { defaultSettings, type Settings } from '../../../src/engine/model/settings.ts'

export const settings: Settings = { ...defaultSettings, cluster: 'shop' }
const noSelector = { matchLabels: {}, matchExpressions: [] }

export function placement(over: Partial<Placement> = {}): Placement {
  return {
    nodeSelector: {},
    requiredNodeTerms: [],
    tolerations: [],
    requests: {},
    hostPorts: [],
    spread: [],
    antiAffinityKeys: [],
    ...over
  }
}

export function spreadOverHosts(over: Partial<SpreadConstraint> = {}): SpreadConstraint {
  return {
    topologyKey: 'kubernetes.io/hostname',
    maxSkew: 1,
    whenUnsatisfiable: 'DoNotSchedule',
    selector: noSelector,
    ...over
  }
}

export function node(name: string, over: Partial<Node> = {}): Node {
  return {
    name,
    uid: `uid-${name}`,
    resourceVersion: '1',
    createdAt: 0,
    instanceId: `i-${name}`,
    labels: { 'kubernetes.io/hostname': name, 'node.kubernetes.io/instance-type': 'm7i.large' },
    schedulable: true,
    ready: 'True',
    readySinceAt: 0,
    readyMessage: '',
    troubles: [],
    taints: [],
    allocatable: { cpu: 2000, memory: 8 * 2 ** 30, pods: 29 },
    kubeletVersion: 'v1.33.1-eks-1',
    instanceType: 'm7i.large',
    zone: 'eu-west-1a',
    ...over
  }
}

export function pod(name: string, over: Partial<Pod> = {}): Pod {
  return {
    namespace: 'team-a',
    name,
    uid: `uid-${name}`,
    resourceVersion: '1',
    createdAt: 0,
    labels: {},
    phase: 'Running',
    ready: true,
    readySinceAt: 0,
    neverReady: false,
    mirror: false,
    priorityClass: '',
    claims: [],
    emptyDir: false,
    troubles: [],
    restarts: 0,
    placement: placement(),
    ...over
  }
}

export function workload(kind: string, name: string, over: Partial<Workload> = {}): Workload {
  const replicas = over.replicas ?? 2
  return {
    apiVersion: 'apps/v1',
    kind,
    namespace: 'team-a',
    name,
    uid: `uid-${kind}-${name}`,
    resourceVersion: '1',
    generation: 1,
    observedGeneration: 1,
    replicas,
    readyReplicas: replicas,
    availableReplicas: replicas,
    presentReplicas: replicas,
    updatedReplicas: replicas,
    minReadySeconds: 0,
    selector: { matchLabels: { app: name }, matchExpressions: [] },
    strategy: { type: 'RollingUpdate', maxUnavailable: '25%', maxSurge: '25%' },
    paused: false,
    templateHash: 'h',
    podLabels: { app: name },
    placement: placement(),
    ...over
  }
}

export function ownerOf(one: Pick<Workload, 'apiVersion' | 'kind' | 'name' | 'uid'>): NonNullable<Pod['owner']> {
  return { apiVersion: one.apiVersion, kind: one.kind, name: one.name, uid: one.uid }
}

/** A Deployment with its ReplicaSet and its pods, one on each of `nodes`. */
export function deployment(
  name: string,
  nodes: readonly string[],
  over: Partial<Workload> = {},
  podOver: Partial<Pod> = {}
): { workloads: Workload[]; pods: Pod[] } {
  const top = workload('Deployment', name, { replicas: nodes.length, ...over })
  const set = workload('ReplicaSet', `${name}-7d9`, { replicas: nodes.length, owner: ownerOf(top) })
  const pods = nodes.map((nodeName, number) =>
    pod(`${name}-7d9-${number}`, { owner: ownerOf(set), nodeName, labels: { app: name }, ...podOver })
  )
  return { workloads: [top, set], pods }
}

/** Pods of one workload without anything in between. */
export function directly(
  kind: string,
  name: string,
  nodes: readonly string[],
  over: Partial<Workload> = {},
  podOver: Partial<Pod> = {}
): { workloads: Workload[]; pods: Pod[] } {
  const top = workload(kind, name, { replicas: nodes.length, ...over })
  const pods = nodes.map((nodeName, number) =>
    pod(`${name}-${number}`, { owner: ownerOf(top), nodeName, labels: { app: name }, ...podOver })
  )
  return { workloads: [top], pods }
}

/** Pods of a kind that is not watched. */
export function ofUnknownKind(name: string, nodes: readonly string[], podOver: Partial<Pod> = {}): { pods: Pod[] } {
  const owner = { apiVersion: 'example.io/v1', kind: 'Database', name, uid: `uid-${name}` }
  return {
    pods: nodes.map((nodeName, n) => pod(`${name}-${n}`, { owner, nodeName, labels: { app: name }, ...podOver }))
  }
}

export function budget(
  app: string,
  spec: { minAvailable?: IntOrPercent; maxUnavailable?: IntOrPercent },
  over: Partial<Budget> = {}
): Budget {
  return {
    namespace: 'team-a',
    name: app,
    uid: `uid-pdb-${app}`,
    resourceVersion: '1',
    selector: { matchLabels: { app }, matchExpressions: [] },
    ...spec,
    generation: 1,
    observedGeneration: 1,
    currentHealthy: 1,
    desiredHealthy: 1,
    expectedPods: 1,
    disruptionsAllowed: 1,
    disruptedPods: [],
    unhealthyPodEvictionPolicy: '',
    ...over
  }
}

export function view(...parts: readonly (Partial<Omit<ClusterView, 'freshAt'>> | undefined)[]): ClusterView {
  const all = parts.filter((part) => part !== undefined)
  return {
    freshAt: 0,
    nodes: all.flatMap((part) => part.nodes ?? []),
    pods: all.flatMap((part) => part.pods ?? []),
    workloads: all.flatMap((part) => part.workloads ?? []),
    budgets: all.flatMap((part) => part.budgets ?? []),
    attachments: [],
    volumes: all.flatMap((part) => part.volumes ?? []),
    csiDrivers: {},
    terminatingNamespaces: all.flatMap((part) => part.terminatingNamespaces ?? [])
  }
}

export function instance(id: string, over: Partial<Instance> = {}): Instance {
  return {
    id,
    type: 'm7i.large',
    zone: 'eu-west-1a',
    lifecycle: 'InService',
    healthy: true,
    protectedFromScaleIn: false,
    template: { id: 'lt-1', name: 'shop-workers', version: '41' },
    ...over
  }
}

export function group(name: string, color: string, over: Partial<Group> = {}): Group {
  const instances = over.instances ?? []
  return {
    name,
    tags: {
      'kubernetes.io/cluster/shop': 'owned',
      'eks-node-upgrade/group': 'workers',
      'eks-node-upgrade/color': color
    },
    capacity: { min: 0, max: 10, desired: instances.length },
    instances,
    suspended: [],
    zones: ['eu-west-1a'],
    subnets: ['subnet-a', 'subnet-b'],
    healthCheckType: 'EC2',
    newInstancesProtected: false,
    template: { id: 'lt-1', name: 'shop-workers', version: '42' },
    weighted: false,
    targetGroups: [],
    loadBalancers: [],
    warmPool: false,
    ...over
  }
}

export function companions(over: Partial<Companions> = {}): Companions {
  return { policies: [], scheduledActions: [], hooks: [], trafficSources: [], activeRefreshes: [], ...over }
}

export const hour = 3_600_000

export function template(version: number, data: Json, over: Partial<TemplateVersion> = {}): TemplateVersion {
  return { id: 'lt-1', name: 'shop-workers', version, createdAt: version * hour, data, ...over }
}

export function base64(text: string): string {
  return Buffer.from(text, 'utf8').toString('base64')
}

/** A generator from a seed (mulberry32): whole numbers from 0 up to and without `below`. */
export function random(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below)
  }
}

export function namesOf(findings: readonly Finding[]): readonly string[] {
  return findings.map(({ rule, object }) => `${rule} ${object}`)
}

/** Each blocker says why, and each of its remedies is a command or a whole sentence. */
export function assertRemedies(findings: readonly Finding[]): void {
  for (const { rule, reason, remedies } of findings) {
    assert.notEqual(reason, '')
    assert.ok(remedies.length > 0, `${rule} has a remedy`)
    for (const remedy of remedies) {
      assert.match(remedy, /^(kubectl|aws) [^`]+$|^[A-Z].*\.$/, rule)
      assert.doesNotMatch(remedy, /patch pdb|delete (pdb|pod)|--type merge/, rule)
    }
  }
}
