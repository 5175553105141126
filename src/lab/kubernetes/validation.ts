/** What the API server refuses before it stores an object: 422 with every reason at once. */
import { badRequest, type FieldError, forbiddenField, invalid, invalidValue, required } from './api-error.ts'
import { type KubeObject, type Raw, same } from './object.ts'
import { quantity } from './quantity.ts'
import type { Resource } from './resource.ts'
import { matchesSelector } from './selector.ts'

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
