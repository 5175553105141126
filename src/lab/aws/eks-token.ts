/**
 * What an EKS cluster does with a bearer token: the token is a presigned GetCallerIdentity, and STS answers whose it
 * is.
 * https://github.com/kubernetes-sigs/aws-iam-authenticator/blob/v0.7.18/pkg/token/token.go
 */

import { callerOf } from './identities.ts'
import { sameSignature, sha256, signatureOf } from './signature.ts'
import type { Account } from './state.ts'

export type TokenReview =
  | { readonly authenticated: true; readonly arn: string; readonly userId: string }
  | { readonly authenticated: false; readonly reason: string }

const knownParameters = new Set([
  'action',
  'version',
  'x-amz-algorithm',
  'x-amz-credential',
  'x-amz-date',
  'x-amz-expires',
  'x-amz-security-token',
  'x-amz-signature',
  'x-amz-signedheaders'
])
const tokenPrefix = 'k8s-aws-v1.'
const longestToken = 4096
const validForMs = 15 * 60_000
const earlyMs = 5 * 60_000

class Refused extends Error {}
const refuse = (reason: string): never => {
  throw new Refused(reason)
}

/** The owner of the token, if it was made for this cluster. `at`: ms since the epoch, by the clock of credentials. */
export function reviewToken(
  account: Account,
  token: string,
  cluster: string,
  at = account.credentialsNow()
): TokenReview {
  try {
    return { authenticated: true, ...ownerOf(account, token, cluster, at) }
  } catch (error) {
    if (error instanceof Refused) return { authenticated: false, reason: error.message }
    throw error
  }
}

function ownerOf(account: Account, token: string, cluster: string, at: number): { arn: string; userId: string } {
  const url = urlOf(token)
  const query = parametersOf(url)
  const date = query.get('x-amz-date') ?? ''
  const age = at - instantOf(date)
  if (!(age > -earlyMs && age < validForMs)) refuse(`the token is ${Math.round(age / 1000)} s old`)
  const expires = Number(query.get('x-amz-expires') ?? Number.NaN)
  if (!(expires >= 0 && expires <= 900)) refuse('X-Amz-Expires is not between 0 and 900')
  const signedHeaders = (query.get('x-amz-signedheaders') ?? '').split(';')
  if (signedHeaders.join(';') !== 'host;x-k8s-aws-id') refuse(`signed headers are ${signedHeaders.join(', ')}`)
  const [accessKeyId = '', day = '', region = '', service = ''] = (query.get('x-amz-credential') ?? '').split('/')
  if (service !== 'sts' || region !== regionOf(url.host))
    refuse(`signed for ${service} in ${region}, sent to ${url.host}`)
  const caller = callerOf(account, accessKeyId) ?? refuse('the access key is not known')
  if (caller.sessionToken !== (query.get('x-amz-security-token') ?? undefined))
    refuse('the session token is another one')
  if (caller.expiresAt !== undefined && caller.expiresAt <= at) refuse('the session has expired')
  const expected = signatureOf(caller.secretAccessKey, {
    method: 'GET',
    path: '/',
    query: [...url.searchParams].filter(([name]) => name.toLowerCase() !== 'x-amz-signature'),
    headers: { host: url.host, 'x-k8s-aws-id': cluster },
    signedHeaders,
    bodyHash: sha256(''),
    at: date,
    day,
    region,
    service
  })
  if (!sameSignature(expected, query.get('x-amz-signature') ?? ''))
    refuse(`the signature does not match for ${cluster}`)
  return { arn: caller.arn, userId: caller.userId }
}

function urlOf(token: string): URL {
  if (!token.startsWith(tokenPrefix) || token.length > longestToken) refuse('not an EKS token')
  const encoded = token.slice(tokenPrefix.length)
  if (!/^[\w-]+$/.test(encoded)) refuse('not base64url without padding')
  const text = Buffer.from(encoded, 'base64url').toString()
  const url = URL.canParse(text) ? new URL(text) : refuse('no URL in it')
  if (url.protocol !== 'https:' || url.pathname !== '/') refuse('the URL is not that of STS')
  if (!/^sts(\.[a-z0-9-]+)?\.amazonaws\.com(\.cn)?$/.test(url.host)) refuse(`${url.host} is no host of STS`)
  return url
}

function parametersOf(url: URL): Map<string, string> {
  const query = new Map<string, string>()
  for (const [name, value] of url.searchParams) {
    const key = name.toLowerCase()
    if (!knownParameters.has(key)) refuse(`unexpected parameter ${name}`)
    if (query.has(key)) refuse(`parameter ${name} twice`)
    query.set(key, value)
  }
  if (query.get('action') !== 'GetCallerIdentity') refuse('the action is not GetCallerIdentity')
  return query
}

const regionOf = (host: string) => (host.split('.')[1] === 'amazonaws' ? 'us-east-1' : host.split('.')[1])

/** NaN if this is not such a date. */
const instantOf = (date: string) =>
  Date.parse(date.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'))
