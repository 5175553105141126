import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { ambientCredentials } from '../../../src/aws/credentials/ambient-credentials.ts'
import { UpgradeError } from '../../../src/engine/model/error.ts'

const saved = { ...process.env }
const token = join(tmpdir(), `pod-token-${process.pid}`)
const asked: (string | undefined)[] = []
let answer = 200
let uri = ''

const agent = createServer(({ headers }, response) => {
  asked.push(headers.authorization)
  response.statusCode = answer
  const ends = new Date(Date.now() + 3_600_000).toISOString()
  response.end(
    JSON.stringify({ AccessKeyId: 'ASIAPOD', SecretAccessKey: 'secret', Token: 'session', Expiration: ends })
  )
})

before(async () => {
  await new Promise<void>((done) => agent.listen(0, '127.0.0.1', done))
  uri = `http://127.0.0.1:${(agent.address() as AddressInfo).port}/v1/credentials`
  for (const name of Object.keys(process.env)) if (name.startsWith('AWS_')) delete process.env[name]
  Object.assign(process.env, {
    AWS_CONFIG_FILE: '/nowhere/config',
    AWS_SHARED_CREDENTIALS_FILE: '/nowhere/credentials',
    AWS_EC2_METADATA_DISABLED: 'true'
  })
})

after(() => {
  agent.closeAllConnections()
  agent.close()
  process.env = saved
})

function fetched(env: Readonly<Record<string, string>>) {
  for (const name of Object.keys(process.env)) if (/^AWS_(CONTAINER|WEB|ROLE)/.test(name)) delete process.env[name]
  Object.assign(process.env, env)
  return ambientCredentials(async () => 'eu-west-1')()
}

const podIdentity = () => ({
  AWS_CONTAINER_CREDENTIALS_FULL_URI: uri,
  AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: token
})

async function refusal(env: Readonly<Record<string, string>>) {
  const error = await fetched(env).then(
    () => assert.fail('there are credentials'),
    (failed: unknown) => failed
  )
  assert.ok(error instanceof UpgradeError, String(error))
  assert.equal(error.details.code, 'credentials')
  assert.equal(error.details.outcome, 'refused')
  return error
}

test('EKS Pod Identity gives credentials for the token in the file, which can change, and they are renewed', async () => {
  for (const text of ['first', 'second']) {
    writeFileSync(token, text)
    const { credentials, renewable } = await fetched(podIdentity())
    assert.equal(credentials.accessKeyId, 'ASIAPOD')
    assert.equal(renewable, true)
  }
  assert.deepEqual(asked, ['first', 'second'])
})

test('an agent that gives nothing is named, with what to check', async () => {
  answer = 403
  const error = await refusal(podIdentity())
  answer = 200
  assert.equal(error.message, `there are no AWS credentials: ${uri} (AWS_CONTAINER_CREDENTIALS_FULL_URI) gave none`)
  assert.match(error.details.hint, /list-pod-identity-associations/)
})

test('a token that is not mounted is named', async () => {
  const missing = '/var/run/nowhere/token'
  const agentToken = await refusal({ ...podIdentity(), AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: missing })
  assert.match(
    agentToken.message,
    /AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: \/var\/run\/nowhere\/token cannot be read \(ENOENT\)/
  )
  const role = { AWS_ROLE_ARN: 'arn:aws:iam::111122223333:role/upgrader', AWS_WEB_IDENTITY_TOKEN_FILE: missing }
  const webIdentity = await refusal(role)
  assert.match(webIdentity.message, /AWS_WEB_IDENTITY_TOKEN_FILE: \/var\/run\/nowhere\/token cannot be read \(ENOENT\)/)
})

test('where the environment names no source, the error is the SDK’s own', async () => {
  await assert.rejects(fetched({}), { name: 'CredentialsProviderError' })
})
