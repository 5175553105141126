/**
 * Which workload a pod belongs to. A pod has at most one controller, the owner reference with `controller: true`
 * (https://github.com/kubernetes/kubernetes/blob/v1.37.2/staging/src/k8s.io/apimachinery/pkg/apis/meta/v1/controller_ref.go),
 * which may have one of its own (pod → ReplicaSet → Deployment); the topmost is the workload. Kinds that are not watched (an
 * Argo Rollout) are workloads as well: only their names and their pods are known.
 */
import type { Budget, ClusterView, Node, Pod, Volume, Workload } from '../model/cluster.ts'
import { ownerDepth } from '../model/limits.ts'

/** The workload that a pod belongs to. A pod without a controller is its own, with kind `Pod`. */
export interface PodOwner {
  /** `namespace/kind/name` in lower case, as `allow-downtime` names it. */
  key: string
  namespace: string
  kind: string
  name: string
  /** Undefined for kinds that are not watched, for bare pods, and if the controller is gone. */
  workload?: Workload
}

/** A view with its look-ups, made once per look. */
export interface ClusterIndex {
  view: ClusterView
  workloads: ReadonlyMap<string, Workload>
  owners: ReadonlyMap<string, PodOwner>
  nodes: ReadonlyMap<string, Node>
  /** By `namespace/name` of the claim. */
  volumes: ReadonlyMap<string, Volume>
  budgets: ReadonlyMap<string, readonly Budget[]>
  /** Unfinished pods by namespace. */
  namespaces: ReadonlyMap<string, readonly Pod[]>
  ownerOf(pod: Pod): PodOwner
  /** Pods of a workload that have not finished, wherever they are; those being deleted included. */
  podsOf(key: string): readonly Pod[]
}

export function indexCluster(view: ClusterView): ClusterIndex {
  const workloads = new Map(view.workloads.map((workload) => [workload.uid, workload]))
  const owners = new Map<string, PodOwner>()
  const pods = new Map<string, Pod[]>()
  const namespaces = new Map<string, Pod[]>()
  const ownerOf = (pod: Pod): PodOwner => {
    const found = findOwner(pod, workloads)
    const known = owners.get(found.key)
    if (known) return known
    owners.set(found.key, found)
    return found
  }
  for (const pod of view.pods) {
    if (isFinished(pod)) continue
    append(pods, ownerOf(pod).key, pod)
    append(namespaces, pod.namespace, pod)
  }
  const budgets = new Map<string, Budget[]>()
  for (const budget of view.budgets) append(budgets, budget.namespace, budget)
  const volumes = new Map<string, Volume>()
  for (const volume of view.volumes) if (volume.claim !== undefined) volumes.set(volume.claim, volume)
  return {
    view,
    workloads,
    owners,
    nodes: new Map(view.nodes.map((node) => [node.name, node])),
    volumes,
    budgets,
    namespaces,
    ownerOf,
    podsOf: (key) => pods.get(key) ?? []
  }
}

export function isFinished(pod: Pod): boolean {
  return pod.phase === 'Succeeded' || pod.phase === 'Failed'
}

export function workloadKey(namespace: string, kind: string, name: string): string {
  return `${namespace}/${kind}/${name}`.toLowerCase()
}

/** As people read it: `team-a/ledger`, and with the kind if it is not a Deployment: `team-a/statefulset/db`. */
export function ownerLabel(owner: Pick<PodOwner, 'namespace' | 'kind' | 'name'>): string {
  if (owner.kind === 'Deployment') return `${owner.namespace}/${owner.name}`
  return `${owner.namespace}/${owner.kind.toLowerCase()}/${owner.name}`
}

/** Pods that the workload wants; if that is not known, those that it has. */
export function wantedPods(owner: PodOwner, index: ClusterIndex): number {
  if (owner.workload) return owner.workload.replicas
  return index.podsOf(owner.key).filter((pod) => pod.deletingAt === undefined).length
}

/**
 * Whether `allow-downtime` lets this workload be down for a moment. `*` and `?` stay within one part of
 * `namespace/kind/name`, `**` goes across.
 */
export function downtimeAllowed(key: string, globs: readonly string[]): boolean {
  return globs.some((glob) => globPattern(glob).test(key.toLowerCase()))
}

function globPattern(glob: string): RegExp {
  const pattern = glob
    .trim()
    .toLowerCase()
    .replace(/\*\*|\*|\?|[.+^${}()|[\]\\]/g, (token) => {
      if (token === '**') return '.*'
      if (token === '*') return '[^/]*'
      if (token === '?') return '[^/]'
      return `\\${token}`
    })
  return new RegExp(`^${pattern}$`)
}

function findOwner(pod: Pod, workloads: ReadonlyMap<string, Workload>): PodOwner {
  let owner = pod.owner
  if (!owner)
    return { key: workloadKey(pod.namespace, 'Pod', pod.name), namespace: pod.namespace, kind: 'Pod', name: pod.name }
  let workload = workloads.get(owner.uid)
  for (let depth = 0; workload?.owner && depth < ownerDepth; depth++) {
    // A CronJob makes Jobs by its schedule and never a pod in place of another one, so the Job is the workload.
    if (workload.kind === 'Job') break
    owner = workload.owner
    workload = workloads.get(owner.uid)
  }
  const { kind, name } = workload ?? owner
  return { key: workloadKey(pod.namespace, kind, name), namespace: pod.namespace, kind, name, workload }
}

function append<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const list = map.get(key)
  if (list) list.push(value)
  else map.set(key, [value])
}
