/**
 * Checks AWS Signature Version 4. Written separately from the SDK's signer, so that one checks the other.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
 */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto'

export interface Signed {
  method: string
  path: string
  /** Decoded name and value, without the signature itself. */
  query: readonly (readonly [name: string, value: string])[]
  /** By lower-case name. */
  headers: Readonly<Record<string, string | undefined>>
  signedHeaders: readonly string[]
  /** SHA-256 of the body, in hex. */
  bodyHash: string
  /** As in the request: 20260105T090000Z. */
  at: string
  day: string
  region: string
  service: string
}

export const sha256 = (data: string | Uint8Array) => createHash('sha256').update(data).digest('hex')

export function signatureOf(secret: string, signed: Signed): string {
  const query = signed.query
    .map(([name, value]) => [escaped(name), escaped(value)] as const)
    .sort(([a, x], [b, y]) => compare(a, b) || compare(x, y))
    .map(([name, value]) => `${name}=${value}`)
    .join('&')
  const headers = signed.signedHeaders.map(
    (name) => `${name}:${(signed.headers[name] ?? '').trim().replace(/ +/g, ' ')}\n`
  )
  const path = signed.path.split('/').map(escaped).join('/')
  const request = [signed.method, path, query, headers.join(''), signed.signedHeaders.join(';'), signed.bodyHash]
  const scope = `${signed.day}/${signed.region}/${signed.service}/aws4_request`
  const text = ['AWS4-HMAC-SHA256', signed.at, scope, sha256(request.join('\n'))].join('\n')
  const parts = [signed.day, signed.region, signed.service, 'aws4_request']
  const key = parts.reduce<string | Buffer>((made, part) => hmac(made, part), `AWS4${secret}`)
  return hmac(key, text).toString('hex')
}

/** Compares in constant time, so that the time does not help to guess. */
export function sameSignature(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)]
  return left.length === right.length && timingSafeEqual(left, right)
}

const hmac = (key: string | Buffer, data: string) => createHmac('sha256', key).update(data).digest()
const compare = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0)
const escaped = (text: string) =>
  encodeURIComponent(text).replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`)
