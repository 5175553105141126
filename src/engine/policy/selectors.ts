/**
 * Label selectors and node selector requirements, matched as the API server and the scheduler match them
 * (https://github.com/kubernetes/kubernetes/blob/v1.37.2/staging/src/k8s.io/apimachinery/pkg/labels/selector.go,
 * `Requirement.Matches`).
 */
import type { Placement, Requirement, Selector } from '../model/cluster.ts'

type Labels = Readonly<Record<string, string>>

/**
 * An empty selector selects everything
 * (https://github.com/kubernetes/kubernetes/blob/v1.37.2/staging/src/k8s.io/apimachinery/pkg/apis/meta/v1/types.go,
 * `LabelSelector`). An unknown operator selects nothing.
 */
export function selects(selector: Selector, labels: Labels): boolean {
  for (const [key, value] of Object.entries(selector.matchLabels)) if (labels[key] !== value) return false
  return selector.matchExpressions.every((requirement) => meets(requirement, labels[requirement.key]))
}

/** Whether a label's value (undefined: there is no such label) meets one requirement. */
export function meets(requirement: Requirement, value: string | undefined): boolean {
  switch (requirement.operator) {
    case 'In':
      return value !== undefined && requirement.values.includes(value)
    case 'NotIn':
      return value === undefined || !requirement.values.includes(value)
    case 'Exists':
      return value !== undefined
    case 'DoesNotExist':
      return value === undefined
    case 'Gt':
      return compareIntegers(value, requirement.values[0], (a, b) => a > b)
    case 'Lt':
      return compareIntegers(value, requirement.values[0], (a, b) => a < b)
    default:
      return false
  }
}

/** Whether a node with these labels and this name satisfies the placement's nodeSelector and required node terms. */
export function nodeMatches(
  placement: Pick<Placement, 'nodeSelector' | 'requiredNodeTerms'>,
  labels: Labels,
  nodeName: string
): boolean {
  for (const [key, value] of Object.entries(placement.nodeSelector)) if (labels[key] !== value) return false
  return termsMatch(placement.requiredNodeTerms, labels, nodeName)
}

/**
 * No terms at all: everything matches. A term without requirements matches nothing
 * (https://github.com/kubernetes/kubernetes/blob/v1.37.2/staging/src/k8s.io/component-helpers/scheduling/corev1/nodeaffinity/nodeaffinity.go).
 */
export function termsMatch(terms: Placement['requiredNodeTerms'], labels: Labels, nodeName: string): boolean {
  if (terms.length === 0) return true
  return terms.some(
    ({ expressions, fields }) =>
      expressions.length + fields.length > 0 &&
      expressions.every((requirement) => meets(requirement, labels[requirement.key])) &&
      fields.every((requirement) => requirement.key === 'metadata.name' && meets(requirement, nodeName))
  )
}

function compareIntegers(
  value: string | undefined,
  bound: string | undefined,
  holds: (a: number, b: number) => boolean
): boolean {
  if (value === undefined || bound === undefined) return false
  if (!/^[+-]?\d+$/.test(value) || !/^[+-]?\d+$/.test(bound)) return false
  return holds(Number(value), Number(bound))
}
