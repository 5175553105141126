/** Finds the sender of a request by the signature in its Authorization header and the keys of the account. */
import type { IncomingHttpHeaders } from 'node:http'
import { callerOf, type LabCaller } from './identities.ts'
import { LabAwsError, type Service } from './lab-aws-error.ts'
import { sameSignature, sha256, signatureOf } from './signature.ts'
import type { Account } from './state.ts'

export interface SignedRequest {
  method: string
  url: URL
  headers: IncomingHttpHeaders
  body: Buffer
}

export interface Scope {
  accessKeyId: string
  day: string
  region: string
  service: string
  signedHeaders: string[]
  signature: string
}

const authorizationPattern =
  /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/([^/]+)\/aws4_request, ?SignedHeaders=([^,]+), ?Signature=([0-9a-f]+)$/

export function scopeOf(request: SignedRequest): Scope | undefined {
  const found = authorizationPattern.exec(request.headers.authorization ?? '')
  if (!found) return undefined
  const [, accessKeyId = '', day = '', region = '', service = '', headers = '', signature = ''] = found
  return { accessKeyId, day, region, service, signedHeaders: headers.split(';'), signature }
}

/**
 * The caller, or undefined if the account has no users and accepts every request. Dates are not compared with the
 * clock, because the lab's clock may run faster than the caller's.
 */
export function authenticate(
  account: Account,
  service: Service,
  request: SignedRequest,
  action: string
): LabCaller | undefined {
  // A web identity token needs no signature.
  if (action === 'AssumeRoleWithWebIdentity') return undefined
  const scope = scopeOf(request)
  const caller = scope && callerOf(account, scope.accessKeyId)
  if (!caller && account.users.size === 0 && !scope?.accessKeyId.startsWith('ASIA')) return undefined
  if (!scope) throw denied(service, 'MissingAuthenticationToken', 'Request is missing Authentication Token')
  if (!caller || caller.sessionToken !== header(request, 'x-amz-security-token')) {
    throw denied(service, unknownCode(service), 'The security token included in the request is invalid.')
  }
  if (caller.expiresAt !== undefined && caller.expiresAt <= account.credentialsNow()) {
    throw denied(service, expiredCode(service), 'The security token included in the request is expired')
  }
  if (scope.region !== account.region && service !== 'sts') {
    throw denied(
      service,
      'SignatureDoesNotMatch',
      `Credential should be scoped to a valid region, not '${scope.region}'.`
    )
  }
  if (!sameSignature(expectedSignature(caller, scope, request), scope.signature)) {
    const message = 'The request signature we calculated does not match the signature you provided.'
    throw denied(service, 'SignatureDoesNotMatch', message)
  }
  return caller
}

function expectedSignature(caller: LabCaller, scope: Scope, request: SignedRequest): string {
  const headers = Object.fromEntries(Object.keys(request.headers).map((name) => [name, header(request, name)]))
  return signatureOf(caller.secretAccessKey, {
    ...scope,
    method: request.method,
    path: request.url.pathname,
    query: [...request.url.searchParams],
    headers,
    bodyHash: sha256(request.body),
    at: header(request, 'x-amz-date') ?? ''
  })
}

const header = (request: SignedRequest, name: string) => [request.headers[name]].flat().join(',') || undefined
const denied = (service: Service, code: string, message: string) => new LabAwsError(service, 403, code, message)
const unknownCode = (service: Service) =>
  service === 'ec2' ? 'AuthFailure' : service === 'eks' ? 'UnrecognizedClientException' : 'InvalidClientTokenId'
const expiredCode = (service: Service) =>
  service === 'ec2' ? 'RequestExpired' : service === 'eks' ? 'ExpiredTokenException' : 'ExpiredToken'
