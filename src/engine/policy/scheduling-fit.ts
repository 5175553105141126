/**
 * Whether a node could run a pod: selectors, taints, resources, host ports. Works on what a node offers, which may be a real
 * node's or a guess about one that is still to be launched; what is not known is never held against it.
 * Deliberately not the whole scheduler: no inter-pod affinity, no zone spread, no volume limits.
 */
import type { Node, Placement, Requirement, Resources, Taint, Toleration } from '../model/cluster.ts'
import { amountText } from './quantity.ts'
import { meets } from './selectors.ts'

/** What a node has for pods that are not its DaemonSets'. */
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

/** Where several things hinder, the first is told. `certain` is false where an unknown label decides. */
export type Fit = { fits: true; certain: boolean } | { fits: false; why: string }

/** Effects that keep a pod away; PreferNoSchedule does not. */
const barring: readonly Taint['effect'][] = ['NoSchedule', 'NoExecute']

export function fitOf(placement: Placement, offer: NodeInfo): Fit {
  const taint = offer.taints.find((one) => barring.includes(one.effect) && !tolerated(one, placement.tolerations))
  if (taint) return { fits: false, why: `the taint ${taintText(taint)} is not tolerated` }
  const labels = labelsFit(placement, offer)
  if (!labels.fits) return labels
  const short = shortOf(placement.requests, offer)
  if (short) return { fits: false, why: short }
  const port = placement.hostPorts.find((one) => offer.hostPorts.includes(one))
  if (port) return { fits: false, why: `host port ${port} is taken by a DaemonSet` }
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

/** The offer of a node that is there, less what its DaemonSets ask for. */
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

function labelsFit(placement: Placement, offer: NodeInfo): Fit {
  let certain = true
  const require = (requirement: Requirement): boolean | undefined => requirementHolds(requirement, offer)
  for (const [key, value] of Object.entries(placement.nodeSelector)) {
    const holds = require({ key, operator: 'In', values: [value] })
    if (holds === false) return { fits: false, why: `its node selector asks for ${key}=${value}${seen(key, offer)}` }
    if (holds === undefined) certain = false
  }
  const terms = placement.requiredNodeTerms.map(({ expressions, fields }) =>
    expressions.length + fields.length === 0
      ? false
      : allHold([...expressions.map(require), ...fields.map((field) => fieldHolds(field, offer))])
  )
  if (terms.length > 0 && !terms.includes(true)) {
    if (!terms.includes(undefined)) {
      return { fits: false, why: `its required node affinity asks for ${termsText(placement)}` }
    }
    certain = false
  }
  return { fits: true, certain }
}

/** undefined: the label is not known. */
function requirementHolds(requirement: Requirement, offer: NodeInfo): boolean | undefined {
  const value = offer.labels[requirement.key]
  if (value === undefined && !offer.labelsComplete) return undefined
  return meets(requirement, value)
}

function fieldHolds(field: Requirement, offer: NodeInfo): boolean {
  // A node that is still to come has a name that nobody can have written down.
  return field.key === 'metadata.name' && meets(field, offer.nodeName ?? '')
}

function allHold(parts: readonly (boolean | undefined)[]): boolean | undefined {
  if (parts.includes(false)) return false
  return parts.includes(undefined) ? undefined : true
}

function shortOf(requests: Resources, offer: NodeInfo): string | undefined {
  for (const [name, amount] of Object.entries({ pods: 1, ...requests })) {
    const offered = offer.resources[name] ?? (offer.resourcesComplete ? 0 : undefined)
    if (amount <= 0 || offered === undefined || offered >= amount) continue
    if (name === 'pods') return `${offer.name} has room for no pod besides its DaemonSets`
    return `it asks for ${amountText(name, amount)}, and ${offer.name} offers ${amountText(name, Math.max(0, offered))}`
  }
  return undefined
}

function seen(key: string, offer: NodeInfo): string {
  const value = offer.labels[key]
  if (value === undefined) return `, and ${offer.name} has no such label`
  // A host name that is still to be given cannot be told.
  return value === '' ? '' : `, and ${offer.name} has ${value}`
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

function taintText(taint: Taint): string {
  return `${taint.key}${taint.value ? `=${taint.value}` : ''}:${taint.effect}`
}
