import assert from 'node:assert/strict'
import { afterEach, test } from 'node:test'
import { type Aws, connectAws } from '../../src/aws/connection.ts'
import { type Answer, type AwsFake, awsFake, type Handler } from './aws-fake.ts'

let fake: AwsFake | undefined
let aws: Aws | undefined

afterEach(async () => {
  aws?.close()
  await fake?.close()
})

async function connect(handlers: Record<string, Handler>): Promise<Aws> {
  fake = await awsFake(handlers)
  aws = await connectAws({ mask: () => {}, userAgent: 'test' })
  return aws
}

const json = (value: unknown, status = 200): Answer => ({ status, body: JSON.stringify(value) })
const missing = () => json({ __type: 'ResourceNotFoundException', message: 'No cluster found for name: shop.' }, 404)

test('the endpoint, its certificate authority, version, status and mode come from EKS', async () => {
  const cluster = {
    endpoint: 'https://x.eks.amazonaws.com',
    certificateAuthority: { data: 'Y2E=' },
    version: '1.37',
    status: 'ACTIVE',
    accessConfig: { authenticationMode: 'API' }
  }
  const connected = await connect({ 'GET /clusters/shop': () => json({ cluster }) })
  assert.deepEqual(await connected.clusterEndpoint('shop'), {
    endpoint: 'https://x.eks.amazonaws.com',
    caData: 'Y2E=',
    version: '1.37',
    status: 'ACTIVE',
    authenticationMode: 'API'
  })
  assert.equal(fake?.calls[0]?.service, 'eks')
})

test('a cluster that does not exist is an error that names those that do', async () => {
  const connected = await connect({
    'GET /clusters/shop': missing,
    'GET /clusters': () => json({ clusters: ['prod', 'test'] })
  })
  await assert.rejects(connected.clusterEndpoint('shop'), (error: Error & { details: { code: string } }) => {
    assert.equal(error.details.code, 'cluster-not-found')
    assert.match(error.message, /no cluster shop in eu-west-1\. There are: prod, test/)
    return true
  })
})

test('without the permission to list clusters the error is shorter', async () => {
  const connected = await connect({
    'GET /clusters/shop': missing,
    'GET /clusters': () => json({ __type: 'AccessDeniedException', message: 'no' }, 403)
  })
  await assert.rejects(connected.clusterEndpoint('shop'), { message: 'there is no cluster shop in eu-west-1.' })
})

test('a cluster that is still being created is refused, because it has no endpoint', async () => {
  const connected = await connect({ 'GET /clusters/shop': () => json({ cluster: { status: 'CREATING' } }) })
  await assert.rejects(connected.clusterEndpoint('shop'), /no API endpoint: it is CREATING/)
})
