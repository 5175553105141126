import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { test } from 'node:test'
import { UpgradeError } from '../../src/engine/model/error.ts'
import { connectCluster } from '../../src/kubernetes/cluster.ts'
import { connect } from '../../src/kubernetes/connection.ts'
import { endpointConfig } from '../../src/kubernetes/kubeconfig.ts'
import { slots, waitUnlessAborted } from '../../src/kubernetes/pace.ts'
import { connected } from './connected.ts'
import { fakeApiServer, json } from './fake-api-server.ts'

const refused = (code: string, words?: RegExp) => (error: unknown) => {
  assert.ok(error instanceof UpgradeError, String(error))
  assert.equal(error.details.code, code)
  assert.notEqual(error.details.hint, '')
  if (words) assert.match(error.message, words)
  return true
}

test('requests bear our user agent and the token', async () => {
  await using api = await fakeApiServer()
  const { cluster } = await connected(api)
  assert.equal(await cluster.version(), '1.33')
  assert.equal(api.requests[0]?.headers['user-agent'], 'eks-node-upgrade/test')
  assert.equal(api.requests[0]?.headers.authorization, 'Bearer token-1')
})

test('a server below a path, as behind a proxy, is asked below that path', async () => {
  await using api = await fakeApiServer()
  api.intercept = (_request, response) => json(response, 200, { major: '1', minor: '37' })
  const endpoint = { server: `${api.url}/k8s/clusters/c-1/`, token: async () => 't' }
  const { cluster } = await connectCluster({ endpoint, userAgent: 'u' })
  assert.equal(await cluster.version(), '1.37')
  assert.equal(api.requests[0]?.url.pathname, '/k8s/clusters/c-1/version')
})

test('a token that is refused is minted afresh, once, however many requests it fails', async () => {
  await using api = await fakeApiServer()
  api.intercept = ({ headers }, response) =>
    headers.authorization === 'Bearer new' ? undefined : json(response, 401, { message: 'Unauthorized' })
  const asked: boolean[] = []
  const token = async (options?: { fresh?: boolean }) => {
    asked.push(options?.fresh === true)
    return asked.includes(true) ? 'new' : 'old'
  }
  const { cluster, leases } = await connectCluster({ endpoint: { server: api.url, token }, userAgent: 'u' })
  await Promise.all([cluster.version(), cluster.version(), leases.read(), cluster.version()])
  assert.equal(asked.filter(Boolean).length, 1)
})

test('a write is sent again with a fresh token, for a 401 is given before anything is done', async () => {
  await using api = await fakeApiServer()
  api.intercept = ({ headers }, response) =>
    headers.authorization === 'Bearer new'
      ? json(response, 201, { metadata: { resourceVersion: '7' } })
      : json(response, 401, {})
  const token = async (options?: { fresh?: boolean }) => (options?.fresh ? 'new' : 'old')
  const { records } = await connectCluster({ endpoint: { server: api.url, token }, userAgent: 'u' })
  assert.equal(await records.write('a', 'b', undefined), '7')
})

test('credentials that stay refused are an error that does not quote them', async () => {
  await using api = await fakeApiServer()
  api.intercept = ({ headers }, response) =>
    json(response, 401, { message: `no user for ${headers.authorization} k8s-aws-v1.c2VjcmV0` })
  const { cluster } = await connected(api)
  await assert.rejects(cluster.open(), (error: Error) => {
    assert.doesNotMatch(error.message, /token-1|c2VjcmV0/)
    return refused('credentials')(error)
  })
})

test('a token that cannot be minted is its own error, not one of ours', async () => {
  const broken = new UpgradeError('no role', { code: 'credentials', outcome: 'refused', hint: 'assume one' })
  const endpoint = { server: 'http://127.0.0.1:1', token: () => Promise.reject(broken) }
  const { cluster } = await connectCluster({ endpoint, userAgent: 'u' })
  await assert.rejects(cluster.version(), (error) => error === broken)
})

for (const status of [429, 503, 500]) {
  test(`a read that is answered ${status} is tried again, no sooner than the server asks`, async () => {
    await using api = await fakeApiServer()
    const at: number[] = []
    api.intercept = (_request, response) => {
      at.push(performance.now())
      return at.length === 1 ? json(response, status, { message: 'busy' }, { 'retry-after': '0.3' }) : undefined
    }
    const { cluster } = await connected(api)
    assert.equal(await cluster.version(), '1.33')
    assert.equal(at.length, 2)
    if (status !== 500) assert.ok((at[1] ?? 0) - (at[0] ?? 0) >= 290)
  })
}

test('a read gives up after a few tries, in the words of the server', async () => {
  await using api = await fakeApiServer()
  api.intercept = (_request, response) => json(response, 500, { message: 'etcdserver: no leader' })
  const { cluster } = await connected(api)
  await assert.rejects(cluster.version(), refused('kubernetes', /etcdserver: no leader/))
  assert.equal(api.requests.length, 4)
})

test('a write whose reply is lost is sent once, and nobody pretends to know', async () => {
  await using api = await fakeApiServer()
  api.intercept = ({ method }, response) => {
    if (method === 'GET') return undefined
    response.socket?.resetAndDestroy()
    return true
  }
  const { records, leases } = await connected(api)
  await assert.rejects(records.write('a', 'b', undefined), refused('kubernetes', /it is unknown whether/))
  const lease = { holder: 'h', holderDetails: '', acquiredAt: 0, renewedAt: 0, durationSeconds: 30, transitions: 0 }
  await assert.rejects(leases.write(lease, '1'), refused('kubernetes', /it is unknown whether/))
  assert.equal(api.requests.length, 2)
})

test('an endpoint where nobody listens is named, with what to look at', async () => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  await new Promise((closed) => server.close(closed))
  const endpoint = { server: `http://127.0.0.1:${port}`, token: async () => 't' }
  const { cluster } = await connectCluster({ endpoint, userAgent: 'u' })
  await assert.rejects(cluster.open(), (error: UpgradeError) => {
    assert.match(error.details.hint, /private endpoint.*VPC/)
    return refused('cluster-unreachable', new RegExp(`127.0.0.1:${port}.*ECONNREFUSED`))(error)
  })
})

test('a server that accepts and says nothing ends with the time limit of the caller', async () => {
  const sockets = new Set<{ destroy(): void }>()
  const server = createServer((socket) => sockets.add(socket)).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  const endpoint = { server: `http://127.0.0.1:${port}`, token: async () => 't' }
  const { read } = connect({ load: (fresh) => endpointConfig(endpoint, fresh), userAgent: 'u' })
  const signal = AbortSignal.timeout(30)
  const request = { method: 'GET', path: '/version', asked: 'read the version', signal } as const
  await assert.rejects(read(request), refused('cluster-unreachable', /no answer in time/))
  for (const socket of sockets) socket.destroy()
  await new Promise((closed) => server.close(closed))
})

test('denied returns what is not allowed, in the order of asking', async () => {
  await using api = await fakeApiServer()
  api.intercept = ({ body }, response) =>
    json(response, 201, { status: { allowed: body.spec.resourceAttributes.verb === 'get' } })
  const { cluster } = await connected(api)
  const check = (verb: string) => ({ verb, group: '', resource: 'nodes' })
  const denied = await cluster.denied([check('patch'), check('get'), check('delete')])
  assert.deepEqual(denied, [check('patch'), check('delete')])
})

test('slots run so many at once, in order, and whoever gives up while waiting never runs', async () => {
  const slot = slots(2)
  const started: number[] = []
  let running = 0
  let most = 0
  const stop = new AbortController()
  const work = (index: number) => async () => {
    started.push(index)
    most = Math.max(most, ++running)
    await waitUnlessAborted(5)
    running--
  }
  const all = [0, 1, 2, 3, 4].map((index) => slot(work(index), index === 3 ? stop.signal : undefined))
  stop.abort(new Error('enough'))
  const ends = await Promise.allSettled(all)
  assert.equal(most, 2)
  assert.deepEqual(started, [0, 1, 2, 4])
  assert.equal(ends[3]?.status, 'rejected')
})
