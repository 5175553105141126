/**
 * The bearer token that EKS accepts: a presigned sts:GetCallerIdentity in base64. The cluster's webhook sends it to
 * STS. Its rules: https://github.com/kubernetes-sigs/aws-iam-authenticator/blob/v0.7.18/pkg/token/token.go
 */

import { Sha256 } from '@smithy/core/checksum'
import { SignatureV4 } from '@smithy/signature-v4'
import type { Credentials } from './credentials.ts'

/** The webhook accepts a token for 15 minutes from its date, whatever X-Amz-Expires says. */
const reuseForMs = 10 * 60_000
const expiresSeconds = 60

export interface TokenOptions {
  cluster: string
  region: () => Promise<string>
  /**
   * STS's own host in this region and partition. The webhook accepts no other, so AWS_ENDPOINT_URL does not apply here.
   */
  stsHost: () => Promise<string>
  credentials: () => Promise<Credentials>
  mask: (secret: string) => void
  /** ms since the epoch by AWS's clock. */
  now: () => number
}

export type TokenSource = (options?: { fresh?: boolean }) => Promise<string>

/** A token is used for ten minutes, unless the credentials change or a fresh one is requested. */
export function clusterToken(options: TokenOptions): TokenSource {
  let held: { token: string; accessKeyId: string; mintedAt: number } | undefined
  return async ({ fresh = false } = {}) => {
    // A token is valid only as long as the credentials that signed it, so it is discarded with them.
    const credentials = await options.credentials()
    const now = options.now()
    const usable = held?.accessKeyId === credentials.accessKeyId && Math.abs(now - held.mintedAt) < reuseForMs
    if (held !== undefined && usable && !fresh) return held.token
    const url = await presignedIdentity(options, credentials, new Date(now))
    const token = `k8s-aws-v1.${Buffer.from(url).toString('base64url')}`
    for (const secret of [token, url]) options.mask(secret)
    held = { token, accessKeyId: credentials.accessKeyId, mintedAt: now }
    return token
  }
}

async function presignedIdentity(options: TokenOptions, credentials: Credentials, signingDate: Date): Promise<string> {
  const hostname = await options.stsHost()
  const signer = new SignatureV4({ service: 'sts', region: await options.region(), credentials, sha256: Sha256 })
  const request = {
    method: 'GET',
    protocol: 'https:',
    hostname,
    path: '/',
    headers: { host: hostname, 'x-k8s-aws-id': options.cluster },
    query: { Action: 'GetCallerIdentity', Version: '2011-06-15' }
  }
  const { query } = await signer.presign(request, { expiresIn: expiresSeconds, signingDate })
  const pairs = Object.entries(query ?? {}).map(([name, value]) => `${encode(name)}=${encode(String(value))}`)
  return `https://${hostname}/?${pairs.join('&')}`
}

/** By RFC 3986, because the signature covers this form. */
function encode(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`)
}
