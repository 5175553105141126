import assert from 'node:assert/strict'
import { afterEach, test } from 'node:test'
import { inspect } from 'node:util'
import { type AwsOptions, connectAws } from '../../../src/aws/connection.ts'
import { UpgradeError } from '../../../src/engine/model/error.ts'
import { type Answer, type AwsFake, awsFake, failure, type Handler, result } from '../aws-fake.ts'

let fake: AwsFake | undefined
afterEach(async () => fake?.close())

const arn = 'arn:aws:iam::123456789012:role/upgrader'
const claims = { sub: 'repo:shop@1/infra@2:ref:refs/heads/main', aud: 'sts.amazonaws.com' }
const idToken = `head.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.signature`
const inJob = { GITHUB_ACTIONS: 'true', ACTIONS_ID_TOKEN_REQUEST_URL: 'https://token' }

const granted = (action: string, lastsMinutes = 60): Answer => {
  const end = new Date(Date.now() + lastsMinutes * 60_000).toISOString()
  return result(
    action,
    `<Credentials><AccessKeyId>ASIA</AccessKeyId><SecretAccessKey>role-secret</SecretAccessKey>
    <SessionToken>role-session</SessionToken><Expiration>${end}</Expiration></Credentials>`
  )
}
const me = () => result('GetCallerIdentity', '<Account>123456789012</Account><Arn>arn:me</Arn>')

async function connect(handlers: Record<string, Handler>, options: Partial<AwsOptions>) {
  fake = await awsFake({ GetCallerIdentity: me, ...handlers })
  const masked: string[] = []
  const aws = await connectAws({ mask: (secret) => masked.push(secret), userAgent: 'test', env: {}, ...options })
  return { aws, calls: fake.calls, masked }
}

async function refusal(promise: Promise<unknown>): Promise<UpgradeError> {
  const error = await promise.then(
    () => assert.fail('it should have failed'),
    (thrown: unknown) => thrown
  )
  assert.ok(error instanceof UpgradeError, String(error))
  return error
}

test("in a job that may have an OIDC token the role is assumed with it, unsigned, and with the caller's options", async () => {
  const audiences: string[] = []
  const { aws, calls, masked } = await connect(
    { AssumeRoleWithWebIdentity: () => granted('AssumeRoleWithWebIdentity') },
    {
      role: { arn, sessionName: 'nightly', durationSeconds: 1800, audience: 'own' },
      env: inJob,
      idToken: async (audience) => {
        audiences.push(audience)
        return idToken
      }
    }
  )
  assert.deepEqual(await aws.identity(), { account: '123456789012', arn: 'arn:me' })
  const [assume] = calls
  assert.equal(assume?.form.RoleArn, arn)
  assert.equal(assume?.form.RoleSessionName, 'nightly')
  assert.equal(assume?.form.DurationSeconds, '1800')
  assert.equal(assume?.form.WebIdentityToken, idToken)
  assert.equal(assume?.headers.authorization, undefined)
  assert.deepEqual(audiences, ['own'])
  assert.deepEqual(masked.sort(), ['ASIA', idToken, 'role-secret', 'role-session'].sort())
  assert.equal(aws.credentialsExpireAt(), Number.POSITIVE_INFINITY)
})

test('each refresh gets a new token', async () => {
  let minted = 0
  const { aws } = await connect(
    { AssumeRoleWithWebIdentity: (_, times) => granted('AssumeRoleWithWebIdentity', times === 1 ? 0 : 60) },
    {
      role: { arn },
      env: inJob,
      idToken: async () => {
        minted++
        return idToken
      }
    }
  )
  await aws.identity()
  await aws.token('shop')()
  assert.equal(minted, 2)
})

test('elsewhere it is assumed from the ambient credentials, once for all clients, and both are masked', async () => {
  const { aws, calls, masked } = await connect(
    {
      AssumeRole: () => granted('AssumeRole'),
      DescribeAutoScalingGroups: () => result('DescribeAutoScalingGroups')
    },
    { role: { arn, externalId: 'partner' }, idToken: async () => idToken }
  )
  await Promise.all([aws.identity(), aws.nodeGroups('shop', 'k').find(), aws.token('shop')()])
  const assumed = calls.filter(({ action }) => action === 'AssumeRole')
  assert.equal(assumed.length, 1)
  assert.equal(assumed[0]?.form.ExternalId, 'partner')
  assert.match(assumed[0]?.headers.authorization ?? '', /AKIDEXAMPLE/)
  for (const secret of ['secret-of-the-environment', 'role-secret', 'role-session']) assert.ok(masked.includes(secret))
})

test("if the trust policy does not match, the error has AWS's words and the claims of the token, not the token", async () => {
  const words = 'Not authorized to perform sts:AssumeRoleWithWebIdentity'
  const { aws } = await connect(
    { AssumeRoleWithWebIdentity: () => failure(403, 'AccessDenied', words) },
    { role: { arn }, env: inJob, idToken: async () => idToken }
  )
  const { message, details } = await refusal(aws.identity())
  assert.equal(details.code, 'credentials')
  assert.ok(message.includes(arn) && message.includes(words))
  assert.ok(details.hint.includes(claims.sub))
  assert.ok(!`${message}${details.hint}`.includes(idToken))
  assert.ok(!inspect(details, { depth: null }).includes(idToken))
})

test('a job without id-token: write and without credentials is told which permission is missing', async () => {
  const { aws } = await connect({}, { role: { arn }, env: { GITHUB_ACTIONS: 'true' } })
  delete process.env.AWS_ACCESS_KEY_ID
  process.env.AWS_EC2_METADATA_DISABLED = 'true'
  const { details } = await refusal(aws.identity())
  assert.equal(details.code, 'credentials')
  assert.match(details.hint, /id-token: write/)
})

test('a session duration that is too long is named as the cause', async () => {
  const words = 'The requested DurationSeconds exceeds the MaxSessionDuration set for this role.'
  const { aws } = await connect({ AssumeRole: () => failure(400, 'ValidationError', words) }, { role: { arn } })
  assert.match((await refusal(aws.identity())).details.hint, /role-duration-seconds/)
})

test('an unreachable STS is not an error of credentials', async () => {
  const { aws } = await connect({ AssumeRole: () => 'lost' }, { role: { arn } })
  const { message, details } = await refusal(aws.nodeGroups('shop', 'k').resize('g', { min: 0 }))
  assert.equal(details.code, 'aws')
  assert.match(message, /sts:AssumeRole at http:\/\/127\.0\.0\.1/)
})

test('a missing or invalid region is an error before any call', async () => {
  fake = await awsFake({})
  delete process.env.AWS_REGION
  const options = { mask: () => {}, userAgent: 'test' }
  const missing = await refusal(connectAws(options))
  assert.equal(missing.details.code, 'region')
  assert.match(missing.details.hint, /aws-region.*AWS_REGION/)
  assert.match((await refusal(connectAws({ ...options, region: 'eu west' }))).message, /"eu west" is not an AWS region/)
  assert.equal(fake.calls.length, 0)
})
