/** Label and field selectors, as strings in a query and as objects in a spec. */
import { badRequest } from './api-error.ts'
import type { KubeObject, Raw } from './object.ts'

export type Labels = Record<string, string>
export type Matches = (labels: Labels) => boolean

/** A `LabelSelector` object. None matches nothing, an empty one everything, as in policy/v1 and apps/v1. */
export function matchesSelector(selector: Raw, labels: Labels | undefined): boolean {
  if (!selector) return false
  const has = labels ?? {}
  for (const [key, value] of Object.entries(selector.matchLabels ?? {})) if (has[key] !== value) return false
  return (selector.matchExpressions ?? []).every((one: Raw) => holds(one.key, one.operator, one.values ?? [], has))
}

/** One requirement of a label selector, a node selector term included. */
export function holds(key: string, operator: string, values: string[], labels: Labels): boolean {
  const value = labels[key]
  switch (operator) {
    case 'In':
      return value !== undefined && values.includes(value)
    case 'NotIn':
      return value === undefined || !values.includes(value)
    case 'Exists':
      return value !== undefined
    case 'DoesNotExist':
      return value === undefined
    case 'Gt':
      return value !== undefined && Number(value) > Number(values[0])
    case 'Lt':
      return value !== undefined && Number(value) < Number(values[0])
    default:
      throw badRequest(`"${operator}" is not a valid label selector operator`)
  }
}

/** `a=b,c!=d,e in (f,g),h,!i` */
export function parseLabelSelector(text: string): Matches {
  const requirements = splitOutsideParentheses(text).map(parseRequirement)
  return (labels) => requirements.every((requirement) => requirement(labels))
}

function parseRequirement(text: string): Matches {
  const set = /^(\S+)\s+(in|notin)\s*\(([^)]*)\)$/.exec(text)
  if (set) {
    const [, key = '', operator, list = ''] = set
    const values = list.split(',').map((value) => value.trim())
    return (labels) => holds(key, operator === 'in' ? 'In' : 'NotIn', values, labels)
  }
  const comparison = /^([^\s=!]+)\s*(==|=|!=)\s*(\S*)$/.exec(text)
  if (comparison) {
    const [, key = '', operator, value = ''] = comparison
    return (labels) => (operator === '!=' ? labels[key] !== value : labels[key] === value)
  }
  if (/^![^\s=!]+$/.test(text)) return (labels) => labels[text.slice(1)] === undefined
  if (/^[^\s=!(),]+$/.test(text)) return (labels) => labels[text] !== undefined
  throw badRequest(`unable to parse requirement: ${JSON.stringify(text)} is not a label selector`)
}

function splitOutsideParentheses(text: string): string[] {
  const parts = text.match(/(?:[^,(]|\([^)]*\))+/g) ?? []
  return parts.map((part) => part.trim()).filter(Boolean)
}

const fields: Record<string, (object: KubeObject) => string> = {
  'metadata.name': (object) => object.metadata.name,
  'metadata.namespace': (object) => object.metadata.namespace ?? '',
  'spec.nodeName': (object) => object.spec?.nodeName ?? '',
  'spec.schedulerName': (object) => object.spec?.schedulerName ?? '',
  'spec.restartPolicy': (object) => object.spec?.restartPolicy ?? '',
  'status.phase': (object) => object.status?.phase ?? '',
  'spec.unschedulable': (object) => String(object.spec?.unschedulable === true),
  'involvedObject.kind': (object) => object.involvedObject?.kind ?? '',
  'involvedObject.name': (object) => object.involvedObject?.name ?? '',
  'involvedObject.namespace': (object) => object.involvedObject?.namespace ?? '',
  'involvedObject.uid': (object) => object.involvedObject?.uid ?? '',
  reason: (object) => object.reason ?? '',
  type: (object) => object.type ?? ''
}

const fieldsOfKind: Record<string, readonly string[]> = {
  Pod: ['spec.nodeName', 'spec.schedulerName', 'spec.restartPolicy', 'status.phase'],
  Node: ['spec.unschedulable'],
  Event: [
    'involvedObject.kind',
    'involvedObject.name',
    'involvedObject.namespace',
    'involvedObject.uid',
    'reason',
    'type'
  ],
  Namespace: ['status.phase'],
  Job: ['status.successful']
}

export interface FieldSelector {
  matches(object: KubeObject): boolean
  /** The node, when the selector demands one: pods are indexed by it. */
  nodeName?: string
}

export function parseFieldSelector(kind: string, text: string): FieldSelector {
  const requirements = text
    .split(',')
    .filter(Boolean)
    .map((part) => {
      const match = /^([^=!]+)(==|=|!=)(.*)$/.exec(part.trim())
      if (!match)
        throw badRequest(`invalid selector: ${JSON.stringify(part)}; can't understand ${JSON.stringify(part)}`)
      const [, key = '', operator, value = ''] = match
      const known = key.startsWith('metadata.') || fieldsOfKind[kind]?.includes(key)
      const read = fields[key]
      if (!known || !read) throw badRequest(`field label not supported: ${key}`)
      return { key, equal: operator !== '!=', value, read }
    })
  const pinned = requirements.find(({ key, equal }) => key === 'spec.nodeName' && equal)
  return {
    matches: (object) => requirements.every(({ read, value, equal }) => (read(object) === value) === equal),
    ...(pinned ? { nodeName: pinned.value } : {})
  }
}
