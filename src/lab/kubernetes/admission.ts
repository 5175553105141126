/** What an API server does to an object before it stores it: defaults, admission plugins that every cluster has, validation. */
import { badRequest, type FieldError, forbiddenField, invalid, invalidValue, required } from './api-error.ts'
import { type KubeObject, type Raw, same } from './object.ts'
import { quantity } from './quantity.ts'
import type { Resource } from './resource.ts'
import { matchesSelector } from './selector.ts'

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
      spec.selector = { matchLabels: { 'batch.kubernetes.io/controller-uid': metadata.uid } }
      spec.template ??= {}
      spec.template.metadata ??= {}
      spec.template.metadata.labels = { ...spec.template.metadata.labels, ...uid, ...names }
    }
    templateDefaults(spec)
  },
  PersistentVolumeClaim(claim) {
    claim.spec ??= {}
    claim.spec.volumeMode ??= 'Filesystem'
    claim.status ??= { phase: 'Pending' }
  },
  PersistentVolume(volume) {
    volume.spec ??= {}
    volume.spec.persistentVolumeReclaimPolicy ??= 'Retain'
    volume.status = { phase: 'Available' }
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

/** Throws 422 with all that is wrong. `before` is there on an update. */
export function validate(resource: Resource, object: Raw, before?: KubeObject): void {
  const errors = [...metadataErrors(resource, object), ...(validators[resource.kind]?.(object, before) ?? [])]
  if (errors.length > 0) throw invalid(resource, object.metadata.name, errors)
}

const subdomain = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/
const subdomainRule =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
const labelValue = /^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$/
const labelRule =
  "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')"

function metadataErrors(resource: Resource, { metadata }: Raw): FieldError[] {
  const errors: FieldError[] = []
  if (!subdomain.test(metadata.name) || metadata.name.length > 253) {
    errors.push(invalidValue('metadata.name', metadata.name, subdomainRule))
  }
  if (resource.namespaced && !metadata.namespace) errors.push(required('metadata.namespace'))
  for (const value of Object.values<Raw>(metadata.labels ?? {})) {
    if (typeof value !== 'string') throw badRequest(`a label's value must be a string, not ${JSON.stringify(value)}`)
    if (!labelValue.test(value) || value.length > 63) errors.push(invalidValue('metadata.labels', value, labelRule))
  }
  for (const value of Object.values<Raw>(metadata.annotations ?? {})) {
    if (typeof value !== 'string')
      throw badRequest(`an annotation's value must be a string, not ${JSON.stringify(value)}`)
  }
  return errors
}

type Validator = (object: Raw, before?: KubeObject) => FieldError[]

const validators: Record<string, Validator> = {
  Pod(pod, before) {
    const errors = podSpecErrors(pod.spec, 'spec')
    if (before && !same(fixedPodSpec(pod.spec), fixedPodSpec(before.spec))) {
      errors.push(
        forbiddenField(
          'spec',
          'pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)'
        )
      )
    }
    return errors
  },
  Deployment: workloadErrors,
  ReplicaSet: workloadErrors,
  StatefulSet: workloadErrors,
  DaemonSet: workloadErrors,
  Job(job, before) {
    const errors = podSpecErrors(job.spec.template?.spec, 'spec.template.spec')
    const policy = job.spec.template?.spec?.restartPolicy
    if (policy === 'Always') {
      errors.push({
        reason: 'FieldValueNotSupported',
        field: 'spec.template.spec.restartPolicy',
        message: 'Unsupported value: "Always": supported values: "OnFailure", "Never"'
      })
    }
    if (before && !same(job.spec.template, before.spec.template)) {
      errors.push(invalidValue('spec.template', job.spec.template, 'field is immutable'))
    }
    return errors
  },
  PodDisruptionBudget({ spec }) {
    const errors: FieldError[] = []
    if (spec?.minAvailable !== undefined && spec?.maxUnavailable !== undefined) {
      errors.push(invalidValue('spec', spec, 'minAvailable and maxUnavailable cannot be both set'))
    }
    for (const field of ['minAvailable', 'maxUnavailable']) {
      const value = spec?.[field]
      const fine =
        value === undefined || (typeof value === 'number' ? value >= 0 : /^([0-9]|[1-9][0-9]|100)%$/.test(value))
      if (!fine) errors.push(invalidValue(`spec.${field}`, value, 'must be a non-negative integer or a percentage'))
    }
    return errors
  },
  Node({ spec }, before) {
    const errors: FieldError[] = []
    const seen = new Set<string>()
    for (const [index, { key, value, effect }] of (spec?.taints ?? []).entries()) {
      if (seen.has(`${key}:${effect}`)) {
        errors.push(duplicateTaint(index, { key, value, effect }))
      }
      seen.add(`${key}:${effect}`)
    }
    if (before?.spec?.providerID && spec?.providerID !== before.spec.providerID) {
      errors.push(forbiddenField('spec.providerID', 'node updates may not change providerID except from "" to valid'))
    }
    return errors
  },
  Lease({ spec }) {
    if (spec?.leaseDurationSeconds !== undefined && !(spec.leaseDurationSeconds > 0)) {
      return [invalidValue('spec.leaseDurationSeconds', spec.leaseDurationSeconds, 'must be greater than 0')]
    }
    return []
  }
}

function duplicateTaint(index: number, { key, value = '', effect }: Raw): FieldError {
  const shown = JSON.stringify({ Key: key, Value: value, Effect: effect, TimeAdded: null })
  const message = `Duplicate value: ${shown}: taints must be unique by key and effect pair`
  return { reason: 'FieldValueDuplicate', field: `metadata.taints[${index}]`, message }
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

function workloadErrors(object: Raw, before?: KubeObject): FieldError[] {
  const { spec } = object
  const errors = podSpecErrors(spec.template?.spec, 'spec.template.spec')
  const labels = spec.template?.metadata?.labels
  if (!spec.selector) errors.push(required('spec.selector'))
  else if (!matchesSelector(spec.selector, labels)) {
    errors.push(
      invalidValue('spec.template.metadata.labels', labels ?? {}, '`selector` does not match template `labels`')
    )
  }
  if (before && !same(spec.selector, before.spec.selector)) {
    errors.push(invalidValue('spec.selector', spec.selector, 'field is immutable'))
  }
  if (spec.replicas !== undefined && spec.replicas < 0) {
    errors.push(invalidValue('spec.replicas', spec.replicas, 'must be greater than or equal to 0'))
  }
  return errors
}

function podSpecErrors(spec: Raw, path: string): FieldError[] {
  const errors: FieldError[] = []
  if (!spec?.containers?.length) return [required(`${path}.containers`)]
  for (const [index, container] of spec.containers.entries()) {
    if (!container.name) errors.push(required(`${path}.containers[${index}].name`))
    for (const [name, value] of Object.entries<Raw>(container.resources?.requests ?? {})) {
      try {
        quantity(value)
      } catch {
        throw badRequest(
          `unable to parse quantity's suffix: ${path}.containers[${index}].resources.requests.${name}: ${value}`
        )
      }
    }
  }
  return errors
}

function fixedPodSpec(spec: Raw): Raw {
  const bare = (container: Raw) => ({ ...container, image: undefined, resources: undefined })
  return {
    ...spec,
    tolerations: undefined,
    activeDeadlineSeconds: undefined,
    schedulingGates: undefined,
    containers: spec?.containers?.map(bare),
    initContainers: spec?.initContainers?.map(bare)
  }
}
