/**
 * AWS's errors become the engine's at this border. They are distinguished by name only, because after bundling the
 * SDK's classes are not those that `instanceof` compares with.
 * https://docs.aws.amazon.com/autoscaling/ec2/APIReference/CommonErrors.html
 * https://docs.aws.amazon.com/STS/latest/APIReference/CommonErrors.html
 */

import { UpgradeError } from '../engine/model/error.ts'
import type { AwsAccess } from './aws-calls.ts'

/** What is known of an error without trusting its shape. */
interface Seen {
  name: string
  message: string
  /** HTTP status; undefined if no answer came. */
  status?: number
  /** The error code of the operating system or of Node (`ENOTFOUND`, `ECONNRESET`). */
  system?: string
  hostname?: string
}

/** Where a call went, for the message. */
export interface CallTarget {
  action: string
  region: string
  /** Set if AWS_ENDPOINT_URL or a similar setting sends calls elsewhere. */
  endpoint?: string
}

const deniedNames = new Set([
  'AccessDenied',
  'AccessDeniedException',
  // SNS
  'AuthorizationError',
  'AuthorizationErrorException',
  'UnauthorizedOperation',
  'UnauthorizedAccess',
  'UnauthorizedException'
])

const credentialNames = new Set([
  'ExpiredToken',
  'ExpiredTokenException',
  'RequestExpired',
  'InvalidClientTokenId',
  'UnrecognizedClientException',
  'InvalidAccessKeyId',
  'AuthFailure',
  'SignatureDoesNotMatch',
  'InvalidSignatureException',
  'IncompleteSignature',
  'MissingAuthenticationToken',
  'MissingAuthenticationTokenException',
  'OptInRequired',
  'CredentialsProviderError',
  'TokenProviderError'
])

const transientNames = new Set([
  'Throttling',
  'ThrottlingException',
  'ThrottledException',
  'RequestLimitExceeded',
  'RequestThrottled',
  'TooManyRequestsException',
  'ResourceContention',
  'ResourceContentionFault',
  'ScalingActivityInProgress',
  'ScalingActivityInProgressFault',
  'InternalFailure',
  'InternalError',
  'ServiceUnavailable',
  'RequestTimeout',
  'TimeoutError',
  'AbortError'
])

const lostConnections = new Set([
  'ECONNRESET',
  'ECONNREFUSED',
  'EPIPE',
  'ETIMEDOUT',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH'
])

/** True if an equal call may succeed later: throttling, a busy group, 5xx, a lost answer. */
export function isTransient(error: unknown): boolean {
  if (error instanceof UpgradeError) return error.details.code === 'aws' && isTransient(error.details.cause)
  const { name, status, system } = seen(error)
  return (
    transientNames.has(name) ||
    (status !== undefined && status >= 500 && status !== 501) ||
    status === 429 ||
    (system !== undefined && lostConnections.has(system))
  )
}

/** True if a service (an older partition, an emulator) does not know the action. */
export function isUnknownAction(error: unknown): boolean {
  const { name, status } = seen(error)
  return status === 501 || name === 'InvalidAction' || name === 'UnknownOperationException' || name === 'NotImplemented'
}

/** True if a permission is missing. */
export function isDenied(error: unknown): boolean {
  return deniedNames.has(seen(error).name)
}

export function nameOf(error: unknown): string {
  return seen(error).name
}

/** AWS's own message, without the parts that people cannot read. */
export function awsWords(error: unknown): string {
  return seen(error)
    .message.replace(/\s*Encoded authorization failure message: \S+/, '')
    .replace(/\s*Deserialization error: to see the raw response.*/, '')
}

/** The engine's error for an answer of AWS. Any other error is a bug and comes back as it was. */
export function upgradeErrorFrom(error: unknown, call: CallTarget): unknown {
  if (error instanceof UpgradeError) return error
  const { name, status, system, hostname } = seen(error)
  if (deniedNames.has(name)) return accessDenied(error, call)
  if (credentialNames.has(name)) return badCredentials(error, call)
  if (/^Region (is missing|not accepted)/.test(awsWords(error))) return badRegion(call, error)
  if (system === 'ENOTFOUND' && call.endpoint === undefined) return badRegion(call, error, hostname)
  if (isBadUrl(error)) return badEndpoint(call, error)
  if (status === undefined && system === undefined && !transientNames.has(name)) return error
  return new UpgradeError(sentence(error, call), {
    code: 'aws',
    outcome: 'refused',
    hint: hintFor(error, call),
    cause: error
  })
}

/** Runs what reads or writes through one action; errors leave in the engine's words. */
export async function translated<T>(
  access: Pick<AwsAccess, 'region' | 'endpoint'>,
  service: string,
  action: string,
  run: () => Promise<T>
): Promise<T> {
  try {
    return await run()
  } catch (error) {
    const endpoint = await access.endpoint?.(service)
    throw upgradeErrorFrom(error, { action: `${service}:${action}`, region: access.region, endpoint })
  }
}

function accessDenied(error: unknown, call: CallTarget): UpgradeError {
  const words = awsWords(error)
  const principal = /User: (\S+)/.exec(words)?.[1] ?? 'the role that runs this'
  const action = /perform: ([\w-]+:\w+)/.exec(words)?.[1] ?? call.action
  return new UpgradeError(`AWS denies ${action}: ${words}`, {
    code: 'access-denied',
    outcome: 'refused',
    hint: `Allow ${action} for ${principal}. docs/permissions.md has the whole policy.`,
    cause: error
  })
}

function badCredentials(error: unknown, call: CallTarget): UpgradeError {
  const hints: Record<string, string> = {
    ExpiredToken: 'Use role-to-assume, which is refreshed during the run, or get new credentials.',
    SignatureDoesNotMatch: 'Check AWS_SECRET_ACCESS_KEY and the clock of this machine.',
    CredentialsProviderError:
      'Set role-to-assume, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE. In a pod, give its service account a role (docs/container.md).'
  }
  const none = /^(Credentials|Token)ProviderError$/.test(nameOf(error))
  const found = none ? 'there are no AWS credentials' : 'AWS does not accept the credentials'
  const name = nameOf(error).replace(/^(ExpiredTokenException|RequestExpired)$/, 'ExpiredToken')
  const fallback = `Check them with: aws sts get-caller-identity --region ${call.region}. Check also that ${call.region} is enabled in the account.`
  return new UpgradeError(`${found} (${call.action}): ${awsWords(error)}`, {
    code: 'credentials',
    outcome: 'refused',
    hint: hints[name.replace('InvalidSignatureException', 'SignatureDoesNotMatch')] ?? fallback,
    cause: error
  })
}

function badRegion(call: CallTarget, cause: unknown, hostname?: string): UpgradeError {
  const found = hostname === undefined ? 'it is not a valid region name' : `${hostname} does not exist`
  return new UpgradeError(`AWS cannot be reached in region "${call.region}": ${found}`, {
    code: 'region',
    outcome: 'refused',
    hint: 'Set aws-region (or AWS_REGION) to the region of the cluster, such as eu-west-1. If it is right, check the DNS of this machine.',
    cause
  })
}

/** The SDK parses AWS_ENDPOINT_URL only with the first call. */
function isBadUrl(error: unknown): boolean {
  return error instanceof TypeError && (error as NodeJS.ErrnoException).code === 'ERR_INVALID_URL'
}

function badEndpoint(call: CallTarget, cause: unknown): UpgradeError {
  return new UpgradeError(`AWS cannot be reached at "${call.endpoint ?? ''}": it is not a URL`, {
    code: 'aws',
    outcome: 'refused',
    hint: 'Set AWS_ENDPOINT_URL (or endpoint_url in the AWS profile) to a URL such as https://HOST, or remove it.',
    cause
  })
}

function sentence(error: unknown, call: CallTarget): string {
  const { name, system } = seen(error)
  const where = call.endpoint === undefined ? '' : ` at ${call.endpoint}`
  if (system === 'ECONNRESET' || system === 'EPIPE') {
    return `the connection closed during ${call.action}${where} (${system}); the call may have taken effect`
  }
  if (system !== undefined) return `AWS did not answer ${call.action}${where}: ${system}`
  if (name === 'AbortError' || name === 'TimeoutError') {
    return `AWS did not answer ${call.action}${where} in time; the call may have taken effect`
  }
  return `AWS refused ${call.action}${where}: ${name === 'Error' ? '' : `${name}: `}${awsWords(error)}`
}

/** The command of each service that shows its own answer. */
const lookInto: Readonly<Record<string, string>> = {
  autoscaling: 'autoscaling describe-scaling-activities',
  ec2: 'ec2 describe-launch-templates',
  eks: 'eks list-clusters',
  ssm: 'ssm describe-parameters',
  sts: 'sts get-caller-identity'
}

function hintFor(error: unknown, call: CallTarget): string {
  const { name, status, message } = seen(error)
  // AWS always answers with a status, an error code, and XML or JSON; a server at a wrong address does not.
  const unlikeAws =
    status === undefined || /^(NotFound|Unknown|UnknownError)$/.test(name) || /Deserialization error/.test(message)
  if (call.endpoint !== undefined && unlikeAws) {
    return `Check ${call.endpoint}, which comes from AWS_ENDPOINT_URL or the AWS profile.`
  }
  if (isTransient(error)) return 'This is temporary. Run the same command again.'
  const look = lookInto[call.action.split(':')[0] ?? '']
  const command = `aws ${look ?? 'sts get-caller-identity'} --region ${call.region}`
  return command
}

function seen(error: unknown): Seen {
  if (typeof error !== 'object' || error === null) return { name: '', message: String(error) }
  const { name, Code, message, $metadata, code, cause, hostname } = error as Record<string, unknown>
  const status = ($metadata as { httpStatusCode?: number } | undefined)?.httpStatusCode
  const from = cause as Record<string, unknown> | undefined
  // If the SDK wraps an error of the network, the system's code is one level below.
  const system = status === undefined ? (systemCode(code) ?? systemCode(from?.code)) : undefined
  return {
    name: typeof name === 'string' && name !== 'Error' ? name : String(Code ?? name ?? ''),
    message: typeof message === 'string' ? message : '',
    status,
    system,
    hostname: [hostname, from?.hostname].find((host) => typeof host === 'string') as string | undefined
  }
}

function systemCode(code: unknown): string | undefined {
  return typeof code === 'string' && /^E[A-Z_]+$/.test(code) && !code.startsWith('ERR_') ? code : undefined
}
