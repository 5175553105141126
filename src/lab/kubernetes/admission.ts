/** What an API server does to an object before it stores it: defaults, and admission plugins that every cluster has. */
import type { KubeObject, Raw } from './object.ts'

/** Fills in, in a draft, what the user left out. `find` looks up other objects (priority classes). */
export function setDefaults(draft: Raw, find: (kind: string, name: string) => KubeObject | undefined): void {
  defaults[draft.kind]?.(draft, find)
}

type Default = (draft: Raw, find: (kind: string, name: string) => KubeObject | undefined) => void

const defaults: Record<string, Default> = {
  Pod(pod, find) {
    podSpecDefaults(pod.spec)
    tolerationDefaults(pod.spec)
    priorityDefaults(pod.spec, find)
    pod.spec.serviceAccountName ??= 'default'
    pod.spec.serviceAccount = pod.spec.serviceAccountName
    pod.spec.enableServiceLinks ??= true
    pod.spec.preemptionPolicy ??= 'PreemptLowerPriority'
    pod.status = { phase: 'Pending', qosClass: qosClass(pod.spec) }
  },
  Namespace(namespace) {
    namespace.metadata.labels = { ...namespace.metadata.labels, 'kubernetes.io/metadata.name': namespace.metadata.name }
    namespace.spec = { finalizers: ['kubernetes'] }
    namespace.status = { phase: 'Active' }
  },
  Deployment(one) {
    const { spec } = one
    one.status = {}
    spec.replicas ??= 1
    spec.revisionHistoryLimit ??= 10
    spec.progressDeadlineSeconds ??= 600
    spec.strategy ??= {}
    spec.strategy.type ??= 'RollingUpdate'
    if (spec.strategy.type === 'RollingUpdate') {
      spec.strategy.rollingUpdate = { maxUnavailable: '25%', maxSurge: '25%', ...spec.strategy.rollingUpdate }
    }
    templateDefaults(spec)
  },
  ReplicaSet(one) {
    const { spec } = one
    one.status = { replicas: 0 }
    spec.replicas ??= 1
    templateDefaults(spec)
  },
  StatefulSet(one) {
    const { spec } = one
    one.status = { replicas: 0, availableReplicas: 0 }
    spec.replicas ??= 1
    spec.revisionHistoryLimit ??= 10
    spec.podManagementPolicy ??= 'OrderedReady'
    spec.updateStrategy ??= {}
    spec.updateStrategy.type ??= 'RollingUpdate'
    if (spec.updateStrategy.type === 'RollingUpdate')
      spec.updateStrategy.rollingUpdate = { partition: 0, ...spec.updateStrategy.rollingUpdate }
    spec.persistentVolumeClaimRetentionPolicy ??= { whenDeleted: 'Retain', whenScaled: 'Retain' }
    templateDefaults(spec)
  },
  DaemonSet(one) {
    const { spec } = one
    one.status = { currentNumberScheduled: 0, numberMisscheduled: 0, desiredNumberScheduled: 0, numberReady: 0 }
    spec.revisionHistoryLimit ??= 10
    spec.updateStrategy ??= {}
    spec.updateStrategy.type ??= 'RollingUpdate'
    if (spec.updateStrategy.type === 'RollingUpdate') {
      spec.updateStrategy.rollingUpdate = { maxUnavailable: 1, maxSurge: 0, ...spec.updateStrategy.rollingUpdate }
    }
    templateDefaults(spec)
  },
  Job(job) {
    const { spec, metadata } = job
    job.status = {}
    if (spec.completions === undefined && spec.parallelism === undefined) spec.completions = 1
    spec.parallelism ??= 1
    spec.backoffLimit ??= 6
    spec.completionMode ??= 'NonIndexed'
    spec.suspend ??= false
    spec.podReplacementPolicy ??= spec.podFailurePolicy ? 'Failed' : 'TerminatingOrFailed'
    if (!spec.manualSelector) {
      const uid = { 'batch.kubernetes.io/controller-uid': metadata.uid, 'controller-uid': metadata.uid }
      const names = { 'batch.kubernetes.io/job-name': metadata.name, 'job-name': metadata.name }
      spec.manualSelector = false
      spec.selector = { matchLabels: { 'batch.kubernetes.io/controller-uid': metadata.uid } }
      spec.template ??= {}
      spec.template.metadata ??= {}
      spec.template.metadata.labels = { ...spec.template.metadata.labels, ...uid, ...names }
    }
    metadata.labels ??= { ...spec.template?.metadata?.labels }
    templateDefaults(spec)
  },
  PersistentVolumeClaim(claim) {
    claim.spec ??= {}
    claim.spec.volumeMode ??= 'Filesystem'
    claim.status = { phase: 'Pending' }
  },
  PersistentVolume(volume) {
    volume.spec ??= {}
    volume.spec.persistentVolumeReclaimPolicy ??= 'Retain'
    volume.spec.volumeMode ??= 'Filesystem'
    if (volume.spec.storageClassName === '') delete volume.spec.storageClassName
    volume.status = { phase: 'Pending' }
  },
  PodDisruptionBudget(one) {
    one.spec ??= {}
    one.status = { currentHealthy: 0, desiredHealthy: 0, disruptionsAllowed: 0, expectedPods: 0 }
  },
  StorageClass(one) {
    one.reclaimPolicy ??= 'Delete'
    one.volumeBindingMode ??= 'Immediate'
  },
  VolumeAttachment(one) {
    one.status ??= { attached: false }
  },
  // The admission plugin TaintNodesByCondition: no node takes pods before its kubelet has said that it is ready.
  Node(node) {
    node.spec ??= {}
    node.status ??= {}
    const key = 'node.kubernetes.io/not-ready'
    const taints: Raw[] = node.spec.taints ?? []
    if (!taints.some((one) => one.key === key && one.effect === 'NoSchedule'))
      node.spec.taints = [...taints, { key, effect: 'NoSchedule' }]
  }
}

function templateDefaults(spec: Raw): void {
  if (spec.template?.spec) podSpecDefaults(spec.template.spec)
  const metadata = spec.template?.metadata ?? {}
  for (const field of ['labels', 'annotations']) {
    if (metadata[field] && Object.keys(metadata[field]).length === 0) delete metadata[field]
  }
}

function podSpecDefaults(spec: Raw): void {
  if (!spec) return
  spec.restartPolicy ??= 'Always'
  spec.terminationGracePeriodSeconds ??= 30
  spec.dnsPolicy ??= 'ClusterFirst'
  spec.schedulerName ??= 'default-scheduler'
  spec.securityContext ??= {}
  for (const container of [...(spec.containers ?? []), ...(spec.initContainers ?? [])]) {
    container.resources ??= {}
    const tag = /:([^/:@]+)$/.exec(container.image ?? '')?.[1]
    container.imagePullPolicy ??=
      container.image?.includes('@') || (tag && tag !== 'latest') ? 'IfNotPresent' : 'Always'
    container.terminationMessagePath ??= '/dev/termination-log'
    container.terminationMessagePolicy ??= 'File'
    // A limit without a request is a request, too.
    const { limits } = container.resources
    if (limits) container.resources.requests = { ...limits, ...container.resources.requests }
  }
}

/** The admission plugin DefaultTolerationSeconds: five minutes on a node that is not ready or not reachable. */
function tolerationDefaults(spec: Raw): void {
  spec.tolerations = [...(spec.tolerations ?? [])]
  for (const key of ['node.kubernetes.io/not-ready', 'node.kubernetes.io/unreachable']) {
    const tolerated = spec.tolerations.some(
      (one: Raw) => (one.key === key || !one.key) && (!one.effect || one.effect === 'NoExecute')
    )
    if (!tolerated) spec.tolerations.push({ key, operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 300 })
  }
}

const systemPriorities: Record<string, number> = {
  'system-node-critical': 2_000_001_000,
  'system-cluster-critical': 2_000_000_000
}

function priorityDefaults(spec: Raw, find: (kind: string, name: string) => KubeObject | undefined): void {
  const name = spec.priorityClassName
  if (!name) spec.priority = spec.priority ?? 0
  else spec.priority = find('PriorityClass', name)?.value ?? systemPriorities[name] ?? 0
}

function qosClass(spec: Raw): string {
  const containers: Raw[] = [...(spec.containers ?? []), ...(spec.initContainers ?? [])]
  const asks = containers.some(
    (one) => Object.keys({ ...one.resources?.requests, ...one.resources?.limits }).length > 0
  )
  if (!asks) return 'BestEffort'
  const guaranteed = containers.every(({ resources }) =>
    ['cpu', 'memory'].every(
      (name) => resources?.limits?.[name] !== undefined && resources.requests?.[name] === resources.limits[name]
    )
  )
  return guaranteed ? 'Guaranteed' : 'Burstable'
}

/** Fields that are not on the wire when they have no value: `unschedulable: false` is no `unschedulable`. */
export function omitEmpty(draft: Raw): void {
  const { kind, spec } = draft
  if (kind === 'Node' && spec) {
    if (spec.unschedulable === false) delete spec.unschedulable
    if (spec.taints?.length === 0) delete spec.taints
  }
  if (kind === 'Deployment' && spec.paused === false) delete spec.paused
  for (const field of omittedWhenZero[kind] ?? []) if (draft.status?.[field] === 0) delete draft.status[field]
}

const omittedWhenZero: Record<string, readonly string[]> = {
  Deployment: [
    'replicas',
    'updatedReplicas',
    'readyReplicas',
    'availableReplicas',
    'unavailableReplicas',
    'observedGeneration'
  ],
  ReplicaSet: ['fullyLabeledReplicas', 'readyReplicas', 'availableReplicas', 'observedGeneration'],
  StatefulSet: ['readyReplicas', 'currentReplicas', 'updatedReplicas', 'observedGeneration'],
  DaemonSet: ['updatedNumberScheduled', 'numberAvailable', 'numberUnavailable', 'observedGeneration'],
  Job: ['active', 'succeeded', 'failed'],
  PodDisruptionBudget: ['observedGeneration']
}
