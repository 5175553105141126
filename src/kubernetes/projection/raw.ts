/**
 * The parts of the API's JSON that we read. Everything is optional, because an object may come from any server version,
 * and what is missing must be met with a safe value rather than an exception.
 */

export interface RawMeta {
  name?: string
  namespace?: string
  uid?: string
  resourceVersion?: string
  generation?: number
  creationTimestamp?: string | null
  deletionTimestamp?: string | null
  labels?: Record<string, string>
  annotations?: Record<string, string>
  ownerReferences?: { apiVersion?: string; kind?: string; name?: string; uid?: string; controller?: boolean }[]
}

export interface RawObject {
  metadata?: RawMeta
}

export interface RawCondition {
  type?: string
  status?: string
  reason?: string
  message?: string
  lastTransitionTime?: string | null
}

export type RawQuantities = Record<string, string | number>

export interface RawRequirement {
  key?: string
  operator?: string
  values?: string[]
}

export interface RawSelector {
  matchLabels?: Record<string, string>
  matchExpressions?: RawRequirement[]
}

export interface RawNodeTerm {
  matchExpressions?: RawRequirement[]
  matchFields?: RawRequirement[]
}

export interface RawNode extends RawObject {
  spec?: {
    providerID?: string
    unschedulable?: boolean
    taints?: { key?: string; value?: string; effect?: string }[]
  }
  status?: {
    allocatable?: RawQuantities
    conditions?: RawCondition[]
    nodeInfo?: { kubeletVersion?: string }
  }
}

export interface RawResources {
  requests?: RawQuantities
  limits?: RawQuantities
}

export interface RawContainer {
  name?: string
  restartPolicy?: string
  resources?: RawResources
  ports?: { hostPort?: number; hostIP?: string; protocol?: string }[]
}

export interface RawPodAffinityTerm {
  topologyKey?: string
  labelSelector?: RawSelector
  namespaces?: string[]
  namespaceSelector?: RawSelector
}

export interface RawPodSpec {
  nodeName?: string
  nodeSelector?: Record<string, string>
  priorityClassName?: string
  tolerations?: { key?: string; operator?: string; value?: string; effect?: string }[]
  affinity?: {
    nodeAffinity?: { requiredDuringSchedulingIgnoredDuringExecution?: { nodeSelectorTerms?: RawNodeTerm[] } }
    podAntiAffinity?: { requiredDuringSchedulingIgnoredDuringExecution?: RawPodAffinityTerm[] }
  }
  topologySpreadConstraints?: {
    topologyKey?: string
    maxSkew?: number
    whenUnsatisfiable?: string
    labelSelector?: RawSelector
    nodeTaintsPolicy?: string
    nodeAffinityPolicy?: string
  }[]
  containers?: RawContainer[]
  initContainers?: RawContainer[]
  overhead?: RawQuantities
  resources?: RawResources
  volumes?: {
    name?: string
    persistentVolumeClaim?: { claimName?: string }
    ephemeral?: object
    emptyDir?: object
  }[]
}

export interface RawContainerState {
  waiting?: { reason?: string; message?: string }
  running?: object
  terminated?: { reason?: string; message?: string; exitCode?: number }
}

export interface RawContainerStatus {
  name?: string
  ready?: boolean
  restartCount?: number
  state?: RawContainerState
  lastState?: RawContainerState
}

export interface RawPod extends RawObject {
  spec?: RawPodSpec
  status?: {
    phase?: string
    startTime?: string | null
    conditions?: RawCondition[]
    containerStatuses?: RawContainerStatus[]
    initContainerStatuses?: RawContainerStatus[]
  }
}

export interface RawTemplate {
  metadata?: RawMeta
  spec?: RawPodSpec
}

export interface RawRolling {
  type?: string
  rollingUpdate?: { maxUnavailable?: number | string; maxSurge?: number | string }
}

/** Deployment, ReplicaSet, StatefulSet, DaemonSet and Job at once: they differ in few names. */
export interface RawWorkload extends RawObject {
  spec?: {
    replicas?: number
    parallelism?: number
    suspend?: boolean
    paused?: boolean
    minReadySeconds?: number
    selector?: RawSelector
    strategy?: RawRolling
    updateStrategy?: RawRolling
    template?: RawTemplate
  }
  status?: {
    observedGeneration?: number
    replicas?: number
    readyReplicas?: number
    availableReplicas?: number
    updatedReplicas?: number
    desiredNumberScheduled?: number
    numberReady?: number
    numberAvailable?: number
    updatedNumberScheduled?: number
    currentNumberScheduled?: number
    active?: number
    ready?: number
    conditions?: RawCondition[]
  }
}

export interface RawBudget extends RawObject {
  spec?: {
    selector?: RawSelector
    minAvailable?: number | string
    maxUnavailable?: number | string
    unhealthyPodEvictionPolicy?: string
  }
  status?: {
    observedGeneration?: number
    currentHealthy?: number
    desiredHealthy?: number
    expectedPods?: number
    disruptionsAllowed?: number
    disruptedPods?: Record<string, string>
  }
}

export interface RawVolumeAttachment extends RawObject {
  spec?: { nodeName?: string; source?: { persistentVolumeName?: string } }
  status?: { attached?: boolean }
}

export interface RawVolume extends RawObject {
  spec?: {
    claimRef?: { namespace?: string; name?: string }
    accessModes?: string[]
    csi?: { driver?: string }
    nodeAffinity?: { required?: { nodeSelectorTerms?: RawNodeTerm[] } }
  }
}

export interface RawCsiNode extends RawObject {
  spec?: { drivers?: { name?: string }[] }
}

export interface RawNamespace extends RawObject {
  status?: { phase?: string }
}
