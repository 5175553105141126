/** Who may do what in the lab: everybody everything, but for what a test denies. */
import { failure } from './api-error.ts'
import type { Raw } from './object.ts'
import { type RequestInfo, ruleResource } from './request-info.ts'

/** `*` and an absent field match anything; resources as RBAC names them (`pods/eviction`). */
export interface DenyRule {
  verb?: string
  group?: string
  resource?: string
  namespace?: string
  name?: string
}

export interface RequestUser {
  username: string
  groups?: readonly string[]
}

interface Attempt {
  verb: string
  group: string
  resource: string
  namespace?: string | undefined
  name?: string | undefined
}

function deniedRequest(rules: readonly DenyRule[], attempt: Attempt): boolean {
  const fits = (rule: string | undefined, value: string | undefined) =>
    rule === undefined || rule === '*' || rule === (value ?? '')
  return rules.some(
    (rule) =>
      fits(rule.verb, attempt.verb) &&
      fits(rule.group, attempt.group) &&
      fits(rule.resource, attempt.resource) &&
      fits(rule.namespace, attempt.namespace) &&
      fits(rule.name, attempt.name)
  )
}

/** Throws 403 with the words of RBAC. */
export function demandAccess(rules: readonly DenyRule[], user: RequestUser, info: RequestInfo): void {
  const { verb, resource, namespace, name } = info
  const attempt = { verb, group: resource.group, resource: ruleResource(info), namespace, name }
  if (!deniedRequest(rules, attempt)) return
  const what = resource.group ? `${resource.plural}.${resource.group}` : resource.plural
  const where = namespace ? `in the namespace "${namespace}"` : 'at the cluster scope'
  const message = `${what}${name ? ` "${name}"` : ''} is forbidden: User "${user.username}" cannot ${verb} resource "${ruleResource(info)}" in API group "${resource.group}" ${where}`
  const details = {
    ...(name ? { name } : {}),
    ...(resource.group ? { group: resource.group } : {}),
    kind: resource.plural
  }
  throw failure(403, 'Forbidden', message, details)
}

export function unauthorized() {
  return failure(401, 'Unauthorized', 'Unauthorized')
}

/** The answer to a SelfSubjectAccessReview. */
export function reviewAccess(rules: readonly DenyRule[], review: Raw): Raw {
  const { resourceAttributes: asked } = review.spec ?? {}
  const no =
    asked &&
    deniedRequest(rules, {
      verb: asked.verb ?? '',
      group: asked.group ?? '',
      resource: asked.subresource ? `${asked.resource}/${asked.subresource}` : (asked.resource ?? ''),
      namespace: asked.namespace,
      name: asked.name
    })
  return {
    ...review,
    kind: 'SelfSubjectAccessReview',
    apiVersion: 'authorization.k8s.io/v1',
    status: no ? { allowed: false } : { allowed: true, reason: 'the lab allows what it does not deny' }
  }
}
