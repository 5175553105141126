/** What the API server, the network or the credentials say when they say no, as errors that people can act on. */
import { type ErrorCode, type Outcome, UpgradeError } from '../engine/model/error.ts'
import { longestRetryAfterMs, usualRetryAfterMs } from './limits.ts'

/** The Status object that comes with every refusal of the API server. */
export interface ErrorStatus {
  message?: string
  reason?: string
  code?: number
  details?: {
    name?: string
    kind?: string
    retryAfterSeconds?: number
    causes?: { reason?: string; message?: string }[]
  }
}

export interface Reply {
  status: number
  headers: Readonly<Record<string, string | string[] | undefined>>
  /** Parsed JSON; `{}` where the body was none. */
  body: unknown
  /** The beginning of a body that was no JSON. */
  text: string
}

export function succeeded(reply: Reply): boolean {
  return reply.status >= 200 && reply.status < 300
}

export function statusOf(reply: Reply): ErrorStatus {
  return typeof reply.body === 'object' && reply.body !== null ? (reply.body as ErrorStatus) : {}
}

/** The server's own words; a proxy's page is cut to one line. */
export function wordsOf(reply: Reply): string {
  const words = statusOf(reply).message ?? reply.text.replace(/<[^>]*>/g, ' ').replace(/\s+/g, ' ')
  return redact(words.trim().slice(0, 600)) || `HTTP ${reply.status}`
}

export function hasCause(reply: Reply, reason: string): boolean {
  return statusOf(reply).details?.causes?.some((cause) => cause.reason === reason) ?? false
}

/** From the header (seconds or a date), else from the Status; undefined where neither says anything. */
export function retryAfterMs(reply: Reply, now: number): number | undefined {
  const header = [reply.headers['retry-after']].flat()[0]
  const seconds = Number(header ?? statusOf(reply).details?.retryAfterSeconds ?? Number.NaN)
  if (seconds > 0) return seconds * 1000
  const until = header === undefined ? Number.NaN : Date.parse(header)
  return Number.isNaN(until) || seconds === 0 ? undefined : Math.max(0, until - now)
}

export function boundedRetryAfterMs(reply: Reply, now: number): number {
  return Math.min(retryAfterMs(reply, now) ?? usualRetryAfterMs, longestRetryAfterMs)
}

/** Bearer tokens, in case a server, a proxy or an exec plugin quotes one. */
function redact(text: string): string {
  return text
    .replace(/k8s-aws-v1\.[\w-]+/g, 'k8s-aws-v1.***')
    .replace(/\beyJ[\w-]+\.[\w-]+\.[\w-]*/g, '***')
    .replace(/\bBearer\s+\S+/gi, 'Bearer ***')
    .replace(/(X-Amz-(?:Signature|Security-Token|Credential)=)[^&\s"]+/gi, '$1***')
}

/** The code of the innermost error: `ECONNREFUSED`, `UND_ERR_SOCKET`, `TimeoutError`, … */
export function failureOf(error: unknown): string {
  for (let current = error; current instanceof Error; current = current.cause) {
    const { code } = current as NodeJS.ErrnoException
    if (typeof code === 'string') return code
    if (current.name === 'TimeoutError' || current.name === 'AbortError') return current.name
  }
  return ''
}

const untrusted = /CERT|SELF_SIGNED|UNABLE_TO_VERIFY|ALTNAME/

/** Nobody answered. What was asked is a phrase such as `list pods`. */
export function unreachableError(server: string, asked: string, error: unknown): UpgradeError {
  const failure = failureOf(error)
  const words = failure === 'TimeoutError' ? 'no answer in time' : redact(innermost(error))
  const hint = untrusted.test(failure)
    ? `The certificate of ${server} is not signed by the authority that was given. Take both from the same place: aws eks describe-cluster --name CLUSTER --query cluster.[endpoint,certificateAuthority.data]`
    : `Is this the cluster's endpoint, and can it be reached from here? A private endpoint needs a runner inside the VPC: curl -k ${server}/version`
  return fault('cluster-unreachable', 'refused', `${server} does not answer (${asked}): ${words}`, hint, error)
}

/** A write that was not answered: it may have taken effect, unless it never reached the server. */
export function lostReplyError(server: string, asked: string, error: unknown): UpgradeError {
  const unsent = /^(ECONNREFUSED|ENOTFOUND|EAI_AGAIN)$/.test(failureOf(error))
  const said = unsent ? `could not reach ${server} to` : `it is unknown whether ${server} did`
  const message = `${said} ${asked}: ${redact(innermost(error))}`
  return fault(
    'kubernetes',
    'halted',
    message,
    'Run the same command again: it looks at what is there and continues.',
    error
  )
}

/** A refusal that has no meaning of its own to the caller. */
export function refusalError(reply: Reply, server: string, asked: string): UpgradeError {
  const words = wordsOf(reply)
  if (reply.status === 401) {
    return fault(
      'credentials',
      'refused',
      `${server} does not accept the credentials (${asked}): ${words}`,
      'The role must be known to the cluster, by an access entry (aws eks create-access-entry --cluster-name CLUSTER --principal-arn ROLE) or in the aws-auth ConfigMap.'
    )
  }
  if (reply.status === 403) {
    return fault(
      'access-denied',
      'refused',
      `may not ${asked}: ${words}`,
      'Bind the ClusterRole and the Role of docs/permissions.md to the user or group that the words name: kubectl apply -f examples/rbac.yaml'
    )
  }
  const hint = 'Run the same command again: it looks at what is there and continues.'
  return fault('kubernetes', 'halted', `${server} refused to ${asked} (HTTP ${reply.status}): ${words}`, hint)
}

export function notKubernetesError(server: string, asked: string, reply: Reply): UpgradeError {
  const message = `${server} does not speak the Kubernetes API (${asked}): it answered ${wordsOf(reply)}`
  return fault('cluster-unreachable', 'refused', message, `Is a proxy in the way? curl -k ${server}/version`)
}

export function credentialsError(asked: string, error: unknown): UpgradeError {
  return fault(
    'credentials',
    'refused',
    `no credentials for the cluster (${asked}): ${redact(innermost(error)).slice(0, 600)}`,
    'Try the same credentials with: kubectl auth whoami',
    error
  )
}

export function kubeconfigError(message: string, error?: unknown): UpgradeError {
  return fault(
    'kubeconfig',
    'refused',
    error === undefined ? message : `${message}: ${withoutContent(error)}`,
    'Make one with: aws eks update-kubeconfig --name CLUSTER --kubeconfig FILE',
    error
  )
}

/** A YAML parser quotes the lines around a mistake, and those of a kubeconfig hold secrets: only its reason and place are told. */
function withoutContent(error: unknown): string {
  const { reason, mark } = error as { reason?: unknown; mark?: { line?: unknown } }
  if (typeof reason !== 'string') return redact(innermost(error)).slice(0, 300)
  return typeof mark?.line === 'number' ? `${reason} (line ${mark.line + 1})` : reason
}

function fault(code: ErrorCode, outcome: Outcome, message: string, hint: string, cause?: unknown): UpgradeError {
  return new UpgradeError(message, { code, outcome, hint, cause })
}

function innermost(error: unknown): string {
  let current = error
  while (current instanceof Error && current.cause instanceof Error) current = current.cause
  if (current instanceof AggregateError && current.errors[0] instanceof Error) current = current.errors[0]
  return current instanceof Error ? current.message.trim() || failureOf(current) : String(current)
}
