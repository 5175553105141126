/** The cluster's objects in the engine's words, and the port to them. All values are plain and read-only. */

/** Amounts in base units: `cpu` in millicores, `memory` and `ephemeral-storage` in bytes, all else in pieces. */
export type Resources = Readonly<Record<string, number>>

export interface Taint {
  key: string
  value: string
  effect: 'NoSchedule' | 'PreferNoSchedule' | 'NoExecute'
}

export interface Toleration {
  key?: string
  operator?: 'Exists' | 'Equal' | string
  value?: string
  effect?: string
}

export interface Requirement {
  key: string
  operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist' | 'Gt' | 'Lt' | string
  values: readonly string[]
}

/** A label selector as the API has it; an empty one selects everything. */
export interface Selector {
  matchLabels: Readonly<Record<string, string>>
  matchExpressions: readonly Requirement[]
}

/** `25%` or a number. */
export type IntOrPercent = number | string

export interface Owner {
  apiVersion: string
  kind: string
  name: string
  uid: string
}

export interface Node {
  name: string
  uid: string
  resourceVersion: string
  createdAt: number
  /** From spec.providerID (`aws:///zone/i-…`), never from the name. */
  instanceId?: string
  labels: Readonly<Record<string, string>>
  schedulable: boolean
  /** Run id in our mark `eks-node-upgrade/cordoned-by`. */
  cordonedBy?: string
  ready: 'True' | 'False' | 'Unknown'
  /** Since when `ready` has this value, in the node's own words. */
  readySinceAt: number
  readyMessage: string
  /** Types of other conditions that are true and should not be (`DiskPressure`, `NetworkUnavailable`, …). */
  troubles: readonly string[]
  taints: readonly Taint[]
  allocatable: Resources
  kubeletVersion: string
  instanceType: string
  zone: string
}

export interface SpreadConstraint {
  topologyKey: string
  maxSkew: number
  whenUnsatisfiable: string
  selector: Selector
  nodeTaintsPolicy?: string
  nodeAffinityPolicy?: string
}

/** The part of a pod's spec that decides where it may run. */
export interface Placement {
  nodeSelector: Readonly<Record<string, string>>
  /** requiredDuringScheduling node affinity: one term must hold, each with all its requirements. Empty: none. */
  requiredNodeTerms: readonly { expressions: readonly Requirement[]; fields: readonly Requirement[] }[]
  tolerations: readonly Toleration[]
  requests: Resources
  hostPorts: readonly string[]
  spread: readonly SpreadConstraint[]
  /** Topology keys of required anti-affinity terms that select the pod's own labels. */
  antiAffinityKeys: readonly string[]
}

/** What is wrong with a container, as the kubelet says it. */
export interface ContainerTrouble {
  container: string
  /** `CrashLoopBackOff`, `ImagePullBackOff`, `Error`, … */
  reason: string
  message: string
  exitCode?: number
  restarts: number
}

export interface Pod {
  namespace: string
  name: string
  uid: string
  resourceVersion: string
  createdAt: number
  labels: Readonly<Record<string, string>>
  /** The owner reference that is the controller. */
  owner?: Owner
  nodeName?: string
  phase: 'Pending' | 'Running' | 'Succeeded' | 'Failed' | 'Unknown'
  ready: boolean
  /** Since when `ready` has this value; creation where the kubelet has not spoken yet. */
  readySinceAt: number
  /** Not ready now and, as far as its conditions tell, never was. */
  neverReady: boolean
  /** The deletion timestamp, which includes the grace period; undefined where it is not being deleted. */
  deletingAt?: number
  mirror: boolean
  priorityClass: string
  /** PodScheduled=False because of Unschedulable: the scheduler's message, and since when. */
  unschedulable?: { message: string; sinceAt: number }
  /** Names of its PersistentVolumeClaims, in its namespace. */
  claims: readonly string[]
  emptyDir: boolean
  troubles: readonly ContainerTrouble[]
  restarts: number
  placement: Placement
}

export interface Workload {
  apiVersion: string
  kind: 'Deployment' | 'ReplicaSet' | 'StatefulSet' | 'DaemonSet' | 'Job' | string
  namespace: string
  name: string
  uid: string
  resourceVersion: string
  generation: number
  observedGeneration: number
  /** Pods wanted (a Job: parallelism; a DaemonSet: desiredNumberScheduled). */
  replicas: number
  readyReplicas: number
  availableReplicas: number
  updatedReplicas: number
  /** Pods that there are, of the old templates as well. */
  presentReplicas: number
  minReadySeconds: number
  selector: Selector
  strategy: { type: string; maxUnavailable?: IntOrPercent; maxSurge?: IntOrPercent }
  paused: boolean
  owner?: Owner
  /** Fingerprint of the pod template, so that a rollout by others is seen. */
  templateHash: string
  /** Run id and direction in our label `eks-node-upgrade/restarted-by`. */
  restartedBy?: string
  /** Labels and placement of the pods it would make. */
  podLabels: Readonly<Record<string, string>>
  placement: Placement
}

export interface Budget {
  namespace: string
  name: string
  uid: string
  resourceVersion: string
  /** undefined selects nothing, as in policy/v1. */
  selector?: Selector
  minAvailable?: IntOrPercent
  maxUnavailable?: IntOrPercent
  generation: number
  observedGeneration: number
  currentHealthy: number
  desiredHealthy: number
  expectedPods: number
  disruptionsAllowed: number
  /** Names of pods whose eviction was accepted and that the controller has not yet counted. */
  disruptedPods: readonly string[]
  unhealthyPodEvictionPolicy: string
}

export interface VolumeAttachment {
  name: string
  nodeName: string
  volumeName: string
  attached: boolean
}

export interface Volume {
  name: string
  /** `namespace/name` of the claim that is bound to it. */
  claim?: string
  accessModes: readonly string[]
  csiDriver?: string
  /** Required node affinity terms (zones). */
  requiredNodeTerms: Placement['requiredNodeTerms']
}

/** All that is known of the cluster at one moment. */
export interface ClusterView {
  /** The last instant at which every kind below was known to be live; older means stale. */
  freshAt: number
  nodes: readonly Node[]
  pods: readonly Pod[]
  workloads: readonly Workload[]
  budgets: readonly Budget[]
  attachments: readonly VolumeAttachment[]
  volumes: readonly Volume[]
  /** Names of CSI drivers per node name, as its CSINode lists them. */
  csiDrivers: Readonly<Record<string, readonly string[]>>
  /** Names of namespaces that are being deleted. */
  terminatingNamespaces: readonly string[]
}

/** How a write ended that may meet an object that has changed or gone. */
export type WriteAnswer = 'done' | 'conflict' | 'gone'

/** Every answer of the eviction API that is a different thing: each has its own branch. */
export type EvictionAnswer =
  | { kind: 'accepted' }
  /** 404: the pod is gone. */
  | { kind: 'gone' }
  /** 409: another pod has that name now, or it has changed since. */
  | { kind: 'replaced' }
  /** 429 with cause DisruptionBudget: no disruption allowed now. */
  | { kind: 'budget'; message: string; retryAfterMs?: number }
  /** 429 of flow control, or the server is too busy: everybody slows down. */
  | { kind: 'throttled'; retryAfterMs: number }
  /** 500: more than one budget selects the pod; no retry helps. */
  | { kind: 'two-budgets'; message: string }
  /** 403: its namespace is being deleted. */
  | { kind: 'namespace-terminating'; message: string }
  /** An admission webhook or validation said no, in its own words. */
  | { kind: 'denied'; message: string }
  /** 403 of RBAC. */
  | { kind: 'forbidden'; message: string }
  /** 5xx, time-out, lost reply: it is unknown whether it took effect. */
  | { kind: 'unknown'; message: string }

export interface AccessCheck {
  verb: string
  group: string
  resource: string
  subresource?: string
  namespace?: string
  name?: string
}

/**
 * What the engine asks of the cluster. Reads come from a feed that lists once and watches; unknown is never "gone".
 * Every write has a deadline inside the lease and is not retried below this port.
 */
export interface Cluster {
  /** Lists everything once and keeps watching until `close`. Rejects with cluster-unreachable, access-denied or credentials. */
  open(): Promise<void>
  /** Never rejects; what is stale says so in `freshAt`. */
  view(): ClusterView
  /** Resolves when something has changed since the last `view()`, or when `signal` is aborted. */
  changed(signal: AbortSignal): Promise<void>
  close(): Promise<void>
  /** Server version such as `1.33`. */
  version(): Promise<string>
  /** Those of `checks` that are not allowed (SelfSubjectAccessReview). */
  denied(checks: readonly AccessCheck[]): Promise<readonly AccessCheck[]>
  /** Cordon with our mark, both in one patch, guarded by resourceVersion. */
  cordonNode(node: Node, runId: string): Promise<WriteAnswer>
  /** Uncordon and remove the mark, in one patch, guarded by resourceVersion. */
  uncordonNode(node: Node): Promise<WriteAnswer>
  evict(pod: Pod): Promise<EvictionAnswer>
  /** Deletes with UID and resourceVersion as preconditions. */
  remove(pod: Pod): Promise<EvictionAnswer>
  /** The patch of `kubectl rollout restart`, with our mark, guarded by resourceVersion. */
  restart(workload: Workload, at: number, runId: string): Promise<WriteAnswer>
  unmarkWorkload(workload: Workload): Promise<WriteAnswer>
}

/** One ConfigMap with a key per node group. */
export interface Records {
  read(): Promise<{ entries: Readonly<Record<string, string>>; version: string | undefined }>
  /**
   * Writes (or with undefined removes) one entry if the ConfigMap still has `version` (undefined: does not exist).
   * Returns the new version, or undefined if another writer was faster.
   */
  write(key: string, text: string | undefined, version: string | undefined): Promise<string | undefined>
}

/** The Lease object, as it is stored. */
export interface Lease {
  holder: string
  /** Who that is, for people: host and link. */
  holderDetails: string
  acquiredAt: number
  renewedAt: number
  durationSeconds: number
  /** Fencing count: grows with every change of holder. */
  transitions: number
}

export interface Leases {
  read(): Promise<{ lease: Lease; version: string } | undefined>
  /** Compare-and-swap: returns the new version, or undefined if another writer was faster. */
  write(lease: Lease, version: string | undefined): Promise<string | undefined>
}
