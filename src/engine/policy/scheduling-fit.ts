/**
 * Whether a node could run a pod: selectors, taints, resources, host ports. Judges a NodeInfo (the scheduler's word), which describes
 * a node that exists or one that is still to be launched; what is not known about it never counts against it. Deliberately not the
 * whole scheduler: no inter-pod affinity, no zone spread, no volume limits.
 * https://kubernetes.io/docs/reference/scheduling/config/#scheduling-plugins
 */
import type { Node, Placement, Requirement, Resources, Taint, Toleration } from '../model/cluster.ts'
import { amountText } from './quantity.ts'
import { meets } from './selectors.ts'

/** What a node has for pods that are not those of its DaemonSets. */
export interface NodeInfo {
  /** Such as `m7i.large in eu-west-1a` or a node's name. */
  name: string
  nodeName?: string
  labels: Readonly<Record<string, string>>
  /** Every label is known, so that one that is not there is known to be missing. */
  labelsComplete: boolean
  taints: readonly Taint[]
  /** Only what is known; a resource that is not named is not judged unless `resourcesComplete`. */
  resources: Resources
  resourcesComplete: boolean
  hostPorts: readonly string[]
}

/** What keeps a pod from a node. */
type FitRule = 'taint' | 'node-selector' | 'node-affinity' | 'resources' | 'max-pods' | 'host-port' | 'volume-zone'

/** Of several reasons the first is given. `certain` is false if a label that is not known decides. */
export type Fit = { fits: true; certain: boolean } | { fits: false; rule: FitRule; why: string }
type Misfit = Extract<Fit, { fits: false }>

/**
 * Effects that keep a pod away; PreferNoSchedule does not.
 * https://kubernetes.io/docs/concepts/scheduling-eviction/taint-and-toleration/
 */
const barring: readonly Taint['effect'][] = ['NoSchedule', 'NoExecute']

export function fitOf(placement: Placement, node: NodeInfo): Fit {
  const taint = node.taints.find((one) => barring.includes(one.effect) && !tolerated(one, placement.tolerations))
  if (taint) return misfit('taint', `the taint ${taintText(taint)} is not tolerated`)
  const labels = labelsFit(placement, node)
  if (!labels.fits) return labels
  const short = shortOf(placement.requests, node)
  if (short) return short
  const port = placement.hostPorts.find((one) => node.hostPorts.includes(one))
  if (port) return misfit('host-port', `a DaemonSet uses its host port ${port}`)
  return labels
}

/** https://kubernetes.io/docs/concepts/scheduling-eviction/taint-and-toleration/ */
export function tolerated(taint: Taint, tolerations: readonly Toleration[]): boolean {
  return tolerations.some((toleration) => {
    if (toleration.effect && toleration.effect !== taint.effect) return false
    if (toleration.operator === 'Exists') return !toleration.key || toleration.key === taint.key
    return toleration.key === taint.key && (toleration.value ?? '') === taint.value
  })
}

/** A node that exists, less what is reserved on it. */
export function nodeInfoOf(node: Node, reserved: Resources, hostPorts: readonly string[] = []): NodeInfo {
  return {
    name: node.name,
    nodeName: node.name,
    labels: node.labels,
    labelsComplete: true,
    taints: node.taints,
    resources: less(node.allocatable, reserved),
    resourcesComplete: Object.keys(node.allocatable).length > 0,
    hostPorts
  }
}

export function less(resources: Resources, reserved: Resources): Resources {
  return Object.fromEntries(Object.entries(resources).map(([name, amount]) => [name, amount - (reserved[name] ?? 0)]))
}

export function plus(a: Resources, b: Resources): Resources {
  const sum: Record<string, number> = { ...a }
  for (const [name, amount] of Object.entries(b)) sum[name] = (sum[name] ?? 0) + amount
  return sum
}

function labelsFit(placement: Placement, node: NodeInfo): Fit {
  let certain = true
  const require = (requirement: Requirement): boolean | undefined => requirementHolds(requirement, node)
  for (const [key, value] of Object.entries(placement.nodeSelector)) {
    const holds = require({ key, operator: 'In', values: [value] })
    if (holds === false) {
      return misfit('node-selector', `its node selector requires ${key}=${value}${seen(key, node)}`)
    }
    if (holds === undefined) certain = false
  }
  const terms = placement.requiredNodeTerms.map(({ expressions, fields }) =>
    expressions.length + fields.length === 0
      ? false
      : allHold([...expressions.map(require), ...fields.map((field) => fieldHolds(field, node))])
  )
  if (terms.length > 0 && !terms.includes(true)) {
    if (!terms.includes(undefined)) {
      return misfit('node-affinity', `its required node affinity requires ${termsText(placement)}`)
    }
    certain = false
  }
  return { fits: true, certain }
}

/** undefined: the label is not known. */
function requirementHolds(requirement: Requirement, node: NodeInfo): boolean | undefined {
  const value = node.labels[requirement.key]
  if (value === undefined && !node.labelsComplete) return undefined
  return meets(requirement, value)
}

function fieldHolds(field: Requirement, node: NodeInfo): boolean {
  // The name of a node that does not exist yet cannot have been written down.
  return field.key === 'metadata.name' && meets(field, node.nodeName ?? '')
}

function allHold(parts: readonly (boolean | undefined)[]): boolean | undefined {
  if (parts.includes(false)) return false
  return parts.includes(undefined) ? undefined : true
}

function shortOf(requests: Resources, node: NodeInfo): Misfit | undefined {
  for (const [name, amount] of Object.entries({ pods: 1, ...requests })) {
    const offered = node.resources[name] ?? (node.resourcesComplete ? 0 : undefined)
    if (amount <= 0 || offered === undefined || offered >= amount) continue
    if (name === 'pods') return misfit('max-pods', `${node.name} has room for no pod besides its DaemonSet pods`)
    const has = amountText(name, Math.max(0, offered))
    return misfit('resources', `it requests ${amountText(name, amount)}, and ${node.name} has ${has}`)
  }
  return undefined
}

function seen(key: string, node: NodeInfo): string {
  const value = node.labels[key]
  if (value === undefined) return `, and ${node.name} has no such label`
  // The host name of a node that does not exist yet is not known.
  return value === '' ? '' : `, and ${node.name} has ${value}`
}

function termsText(placement: Placement): string {
  return placement.requiredNodeTerms
    .map(({ expressions, fields }) =>
      [...expressions, ...fields]
        .map((one) => `${one.key} ${one.operator}${one.values.length > 0 ? ` ${one.values.join(', ')}` : ''}`)
        .join(' and ')
    )
    .join(', or ')
}

function misfit(rule: FitRule, why: string): Misfit {
  return { fits: false, rule, why }
}

function taintText(taint: Taint): string {
  return `${taint.key}${taint.value ? `=${taint.value}` : ''}:${taint.effect}`
}
