/** The answers of an API server that say no: `Status` objects with the real reasons and wording (apimachinery/pkg/api/errors). */
import type { Raw } from './object.ts'
import { qualified, type Resource } from './resource.ts'

export interface ApiStatus {
  kind: 'Status'
  apiVersion: 'v1'
  metadata: { continue?: string }
  status: 'Success' | 'Failure'
  message?: string
  reason?: string
  details?: { name?: string; group?: string; kind?: string; uid?: string; causes?: Cause[]; retryAfterSeconds?: number }
  code?: number
}

export interface Cause {
  reason?: string
  message?: string
  field?: string
}

export class ApiError extends Error {
  override readonly name = 'ApiError'
  readonly status: ApiStatus
  constructor(status: ApiStatus) {
    super(status.message)
    this.status = status
  }
  get code(): number {
    return this.status.code ?? 500
  }
}

export function isApiError(error: unknown, code?: number): error is ApiError {
  return error instanceof ApiError && (code === undefined || error.code === code)
}

export function failure(code: number, reason: string, message: string, details?: ApiStatus['details']): ApiError {
  const status: ApiStatus = { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message }
  // A Status without a reason is one that some handler wrote by hand, as for two budgets; the field is then absent.
  if (reason) status.reason = reason
  if (details) status.details = details
  status.code = code
  return new ApiError(status)
}

export function success(details?: ApiStatus['details']): ApiStatus {
  return { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', ...(details ? { details } : {}) }
}

function of(resource: Resource, name: string): NonNullable<ApiStatus['details']> {
  return { ...(name ? { name } : {}), ...(resource.group ? { group: resource.group } : {}), kind: resource.plural }
}

export function notFound(resource: Resource, name: string): ApiError {
  return failure(404, 'NotFound', `${qualified(resource)} "${name}" not found`, of(resource, name))
}

export function alreadyExists(resource: Resource, name: string): ApiError {
  return failure(409, 'AlreadyExists', `${qualified(resource)} "${name}" already exists`, of(resource, name))
}

export function conflict(resource: Resource, name: string, why: string): ApiError {
  const message = `Operation cannot be fulfilled on ${qualified(resource)} "${name}": ${why}`
  return failure(409, 'Conflict', message, of(resource, name))
}

export const objectModified =
  'the object has been modified; please apply your changes to the latest version and try again'

export function forbidden(resource: Resource, name: string, why: string, causes?: Cause[]): ApiError {
  const what = name ? `${qualified(resource)} "${name}"` : qualified(resource)
  return failure(403, 'Forbidden', `${what} is forbidden: ${why}`, {
    ...of(resource, name),
    ...(causes ? { causes } : {})
  })
}

export interface FieldError {
  reason:
    | 'FieldValueRequired'
    | 'FieldValueInvalid'
    | 'FieldValueForbidden'
    | 'FieldValueNotSupported'
    | 'FieldValueDuplicate'
  field: string
  /** Without the field, as `ErrorBody()` gives it. */
  message: string
}

export function invalid(resource: Resource, name: string, errors: FieldError[]): ApiError {
  const kind = resource.group ? `${resource.kind}.${resource.group}` : resource.kind
  const each = errors.map((error) => `${error.field}: ${error.message}`)
  const said = each.length === 1 ? each[0] : `[${each.join(', ')}]`
  const causes = errors.map(({ reason, message, field }) => ({ reason, message, field }))
  const details = {
    ...(name ? { name } : {}),
    ...(resource.group ? { group: resource.group } : {}),
    kind: resource.kind,
    causes
  }
  return failure(422, 'Invalid', `${kind} "${name}" is invalid: ${said}`, details)
}

export function required(field: string, more = ''): FieldError {
  return { reason: 'FieldValueRequired', field, message: `Required value${more ? `: ${more}` : ''}` }
}

export function invalidValue(field: string, value: Raw, why: string): FieldError {
  const shown = typeof value === 'string' ? JSON.stringify(value) : JSON.stringify(value ?? null)
  return { reason: 'FieldValueInvalid', field, message: `Invalid value: ${shown}: ${why}` }
}

export function forbiddenField(field: string, why: string): FieldError {
  return { reason: 'FieldValueForbidden', field, message: `Forbidden: ${why}` }
}

export function badRequest(message: string): ApiError {
  return failure(400, 'BadRequest', message)
}

export function unprocessable(): ApiError {
  return failure(422, 'Invalid', 'the server rejected our request due to an error in our request', {})
}

export function expired(message: string): ApiError {
  return failure(410, 'Expired', message)
}

export function timedOut(message: string, retryAfterSeconds: number, causes?: Cause[]): ApiError {
  const details = { ...(causes ? { causes } : {}), retryAfterSeconds }
  return failure(504, 'Timeout', `Timeout: ${message}`, details)
}

/** `retryAfterSeconds` 0 is left out, as the real one does (omitempty), and then there is no Retry-After header either. */
export function tooManyRequests(message: string, retryAfterSeconds: number, causes?: Cause[]): ApiError {
  const details = { ...(causes ? { causes } : {}), ...(retryAfterSeconds ? { retryAfterSeconds } : {}) }
  return failure(429, 'TooManyRequests', message, details)
}

export function methodNotAllowed(resource: Resource, action: string): ApiError {
  const message = `${action} is not supported on resources of kind "${qualified(resource)}"`
  return failure(405, 'MethodNotAllowed', message, of(resource, ''))
}

/** Not an answer of Kubernetes: the lab says honestly that it has no such thing. */
export function notSimulated(what: string): ApiError {
  return failure(501, 'NotImplemented', `the lab does not simulate this: ${what}`)
}
