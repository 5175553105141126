import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { clusterToken } from '../../../src/aws/credentials/token.ts'
import { createAws } from '../../../src/lab/aws/aws.ts'
import { sha256, signatureOf } from '../../../src/lab/aws/signature.ts'
import { virtualClock } from '../../../src/lab/clock.ts'

const keys = { accessKeyId: 'AKIALAB', secretAccessKey: 'not-a-secret' }

interface Made {
  accessKeyId?: string
  secretAccessKey?: string
  sessionToken?: string
  host?: string
  region?: string
  cluster?: string
  at?: number
  action?: string
  expires?: string
  extra?: Record<string, string>
}

/** A token by the book: a presigned GetCallerIdentity, in base64url. */
function token(made: Made = {}): string {
  const at = new Date(made.at ?? Date.UTC(2026, 0, 5, 9)).toISOString().replace(/[-:]|\.\d+/g, '')
  const { host = 'sts.eu-west-1.amazonaws.com', region = 'eu-west-1', accessKeyId = keys.accessKeyId } = made
  const day = at.slice(0, 8)
  const query = Object.entries({
    Action: made.action ?? 'GetCallerIdentity',
    Version: '2011-06-15',
    'X-Amz-Algorithm': 'AWS4-HMAC-SHA256',
    'X-Amz-Credential': `${accessKeyId}/${day}/${region}/sts/aws4_request`,
    'X-Amz-Date': at,
    'X-Amz-Expires': made.expires ?? '60',
    ...(made.sessionToken && { 'X-Amz-Security-Token': made.sessionToken }),
    'X-Amz-SignedHeaders': 'host;x-k8s-aws-id',
    ...made.extra
  })
  const signature = signatureOf(made.secretAccessKey ?? keys.secretAccessKey, {
    method: 'GET',
    path: '/',
    query,
    headers: { host, 'x-k8s-aws-id': made.cluster ?? 'shop' },
    signedHeaders: ['host', 'x-k8s-aws-id'],
    bodyHash: sha256(''),
    at,
    day,
    region,
    service: 'sts'
  })
  const url = `https://${host}/?${new URLSearchParams([...query, ['X-Amz-Signature', signature]])}`
  return `k8s-aws-v1.${Buffer.from(url).toString('base64url')}`
}

function account() {
  const clock = virtualClock()
  const aws = createAws({ clock })
  aws.addUser({ name: 'ci', ...keys })
  return { aws, clock, review: (text: string, cluster = 'shop') => aws.reviewToken(text, cluster) }
}

describe('a cluster that checks a token', () => {
  it('knows whose it is: of a user, of a session', () => {
    const { aws, review } = account()
    const user = { authenticated: true, arn: 'arn:aws:iam::123456789012:user/ci', userId: keys.accessKeyId }
    assert.deepEqual(review(token()), user)
    const session = aws.session({ name: 'upgrader' }, 'run-1', 900)
    const reviewed = review(token(session))
    assert.equal(reviewed.authenticated && reviewed.arn, 'arn:aws:sts::123456789012:assumed-role/upgrader/run-1')
  })

  const refused: [why: string, text: string, reason: RegExp][] = [
    ['no EKS token', 'eyJhbGciOi', /not an EKS token/],
    ['padded', `${token()}=`, /without padding/],
    ['for another cluster', token({ cluster: 'else' }), /signature does not match for shop/],
    ['with a wrong secret', token({ secretAccessKey: 'wrong' }), /signature does not match/],
    ['of an unknown key', token({ accessKeyId: 'AKIAELSE' }), /access key is not known/],
    ['with a session token that is none', token({ sessionToken: 'x' }), /session token is another one/],
    ['for another host', token({ host: 'sts.example.com' }), /no host of STS/],
    ['for another region than its host', token({ region: 'us-east-2' }), /signed for sts in us-east-2/],
    ['for another action', token({ action: 'AssumeRole' }), /action is not GetCallerIdentity/],
    ['with a parameter too many', token({ extra: { 'X-Amz-User-Agent': 'x' } }), /unexpected parameter/],
    ['that holds too long', token({ expires: '901' }), /X-Amz-Expires/],
    ['of tomorrow', token({ at: Date.UTC(2026, 0, 6, 9) }), /s old/],
    ['of sixteen minutes ago', token({ at: Date.UTC(2026, 0, 5, 8, 44) }), /960 s old/]
  ]
  for (const [why, text, reason] of refused) {
    it(`refuses one ${why}`, () => {
      const reviewed = account().review(text)
      assert.match(reviewed.authenticated ? 'taken' : reviewed.reason, reason)
    })
  }

  it('takes the one that our own adapter makes', async () => {
    const { clock, review } = account()
    const minted = clusterToken({
      cluster: 'shop',
      region: async () => 'eu-west-1',
      stsHost: async () => 'sts.eu-west-1.amazonaws.com',
      credentials: async () => keys,
      mask: () => {},
      now: clock.now
    })
    assert.equal(review(await minted()).authenticated, true)
    assert.equal(review(await minted(), 'else').authenticated, false)
  })

  it('refuses one whose session has ended since', async () => {
    const { aws, clock, review } = account()
    const session = aws.session({ name: 'upgrader' }, 'run-1', 60)
    const text = token(session)
    assert.equal(review(text).authenticated, true)
    await clock.run(clock.sleep(61_000))
    assert.deepEqual(review(text), { authenticated: false, reason: 'the session has expired' })
  })
})
