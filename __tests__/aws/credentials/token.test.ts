import assert from 'node:assert/strict'
import { createHash, createHmac } from 'node:crypto'
import { test } from 'node:test'
import { clusterToken, type TokenOptions } from '../../../src/aws/credentials/token.ts'

const at = Date.parse('2026-11-24T10:00:00Z')

function options(changes: Partial<TokenOptions> = {}): TokenOptions & { masked: string[] } {
  const masked: string[] = []
  return {
    cluster: 'shop',
    region: async () => 'eu-west-1',
    stsHost: async () => 'sts.eu-west-1.amazonaws.com',
    credentials: async () => ({ accessKeyId: 'AKID', secretAccessKey: 'hush', sessionToken: 'a+b/c=' }),
    mask: (secret) => masked.push(secret),
    now: () => at,
    masked,
    ...changes
  }
}

function urlOf(token: string): string {
  return Buffer.from(token.replace(/^k8s-aws-v1\./, ''), 'base64url').toString()
}

/** AWS Signature Version 4 as its documentation has it, written independently of the SDK. */
function signature(url: URL, cluster: string, secret: string): string {
  const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')
  const hmac = (key: string | Buffer, text: string) => createHmac('sha256', key).update(text).digest()
  const pairs = url.search
    .slice(1)
    .split('&')
    .filter((pair) => !pair.startsWith('X-Amz-Signature='))
    .sort()
  const request = `GET\n/\n${pairs.join('&')}\nhost:${url.host}\nx-k8s-aws-id:${cluster}\n\nhost;x-k8s-aws-id\n${sha256('')}`
  const date = url.searchParams.get('X-Amz-Date') ?? ''
  const scope = `${date.slice(0, 8)}/eu-west-1/sts/aws4_request`
  const key = scope.split('/').reduce<string | Buffer>(hmac, `AWS4${secret}`)
  return hmac(key, `AWS4-HMAC-SHA256\n${date}\n${scope}\n${sha256(request)}`).toString('hex')
}

test('the token is a presigned GetCallerIdentity as the cluster requires it, byte for byte', async () => {
  const token = await clusterToken(options())()
  assert.match(token, /^k8s-aws-v1\.[\w-]+$/)
  const url = new URL(urlOf(token))
  assert.equal(url.origin + url.pathname, 'https://sts.eu-west-1.amazonaws.com/')
  const { 'X-Amz-Signature': signed, ...rest } = Object.fromEntries(url.searchParams)
  assert.deepEqual(rest, {
    Action: 'GetCallerIdentity',
    Version: '2011-06-15',
    'X-Amz-Algorithm': 'AWS4-HMAC-SHA256',
    'X-Amz-Credential': 'AKID/20261124/eu-west-1/sts/aws4_request',
    'X-Amz-Date': '20261124T100000Z',
    'X-Amz-Expires': '60',
    'X-Amz-Security-Token': 'a+b/c=',
    'X-Amz-SignedHeaders': 'host;x-k8s-aws-id'
  })
  assert.equal(signed, signature(url, 'shop', 'hush'))
})

test('token and URL are masked', async () => {
  const given = options()
  const token = await clusterToken(given)()
  assert.deepEqual(given.masked, [token, urlOf(token)])
})

test('a token is used again for ten minutes', async () => {
  let now = at
  const token = clusterToken(options({ now: () => now }))
  const first = await token()
  now += 9.9 * 60_000
  assert.equal(await token(), first)
  now += 0.2 * 60_000
  assert.notEqual(await token(), first)
})

test('a fresh one is made when requested, or when the credentials change', async () => {
  let now = at
  let accessKeyId = 'AKID'
  const credentials = async () => ({ accessKeyId, secretAccessKey: 'hush' })
  const token = clusterToken(options({ now: () => now, credentials }))
  const first = await token()
  now += 1_000
  const second = await token({ fresh: true })
  assert.notEqual(second, first)
  assert.equal(await token(), second)
  accessKeyId = 'AKID2'
  assert.match(urlOf(await token()), /Credential=AKID2%2F/)
})
