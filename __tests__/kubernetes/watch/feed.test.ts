import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Cluster, ClusterView } from '../../../src/engine/model/cluster.ts'
import { UpgradeError } from '../../../src/engine/model/error.ts'
import { kindNames, kindOf } from '../../../src/kubernetes/kinds.ts'
import { connected } from '../connected.ts'
import { type FakeApiServer, fakeApiServer, json } from '../fake-api-server.ts'

const pods = '/api/v1/pods'
const nodes = '/api/v1/nodes'
const pod = (name: string) => ({ metadata: { namespace: 'shop', name, uid: `uid-${name}` } })
const names = (view: ClusterView) => view.pods.map(({ name }) => name).sort()

/** An API server with two pods, and a feed that has been opened on it. */
async function opened(options: { silenceMs?: number; livenessMs?: number; now?: () => number } = {}) {
  const api = await fakeApiServer()
  api.put(pods, pod('a'))
  api.put(pods, pod('b'))
  const { cluster } = await connected(api, options)
  await cluster.open()
  await watching(api)
  return {
    api,
    cluster,
    async [Symbol.asyncDispose]() {
      await cluster.close()
      await api.stop()
    }
  }
}

/** The test's own time limit ends what never happens. */
async function until(cluster: Cluster, holds: (view: ClusterView) => boolean): Promise<void> {
  while (!holds(cluster.view())) await cluster.changed(AbortSignal.timeout(100))
}

async function watching(api: FakeApiServer, times = 1): Promise<void> {
  while (watchesOf(api).length < times || api.watching(pods) === 0) await new Promise((go) => setTimeout(go, 5))
}

const watchesOf = (api: FakeApiServer) => api.requestsOf(pods).filter(({ url }) => url.searchParams.has('watch'))
const listsOf = (api: FakeApiServer) => api.requestsOf(pods).filter(({ url }) => !url.searchParams.has('watch'))

test('a list comes in pages and the watch begins where the list ended', async () => {
  await using api = await fakeApiServer()
  for (let index = 0; index < 1201; index++) api.put(pods, pod(`p${index}`))
  const { cluster } = await connected(api)
  await cluster.open()
  await watching(api)
  assert.equal(cluster.view().pods.length, 1201)
  assert.deepEqual(
    listsOf(api).map(({ url }) => url.searchParams.get('continue')),
    [null, '500', '1000']
  )
  const { searchParams } = watchesOf(api)[0]?.url ?? new URL('http://none')
  assert.equal(searchParams.get('resourceVersion'), '1301')
  assert.equal(searchParams.get('allowWatchBookmarks'), 'true')
  await cluster.close()
})

test('what is added, changed and deleted is seen', async () => {
  await using world = await opened()
  const { api, cluster } = world
  assert.deepEqual(names(cluster.view()), ['a', 'b'])
  api.put(pods, pod('c'))
  api.drop(pods, 'a')
  await until(cluster, (view) => names(view).join() === 'b,c')
  api.put(nodes, { metadata: { name: 'n' }, spec: { unschedulable: true } } as object)
  await until(cluster, (view) => view.nodes[0]?.schedulable === false)
})

test('an event that arrives in pieces, in the middle of a letter, is one event', async () => {
  await using world = await opened()
  const { api, cluster } = world
  const line = Buffer.from(`${JSON.stringify({ type: 'ADDED', object: pod('é') })}\n`)
  const cut = line.indexOf(Buffer.from('é')) + 1
  api.intercept = ({ url }, response) => {
    if (url.pathname !== pods) return undefined
    response.writeHead(200).write(line.subarray(0, cut))
    setTimeout(() => response.write(line.subarray(cut)), 20)
    return true
  }
  api.endWatches('end')
  await until(cluster, (view) => names(view).includes('é'))
})

test('changed resolves at once for news that nobody has looked at, and when it is aborted', async () => {
  await using world = await opened()
  const { api, cluster } = world
  cluster.view()
  api.put(pods, pod('c'))
  await cluster.changed(new AbortController().signal)
  await cluster.changed(new AbortController().signal)
  cluster.view()
  await cluster.changed(AbortSignal.timeout(10))
})

for (const how of ['end', 'reset'] as const) {
  test(`a watch that ends by ${how} goes on from the last version without a new list`, async () => {
    await using world = await opened()
    const { api, cluster } = world
    api.tell(pods, { type: 'BOOKMARK', object: { metadata: { resourceVersion: '777' } } })
    api.put(nodes, { metadata: { name: 'n' } })
    await until(cluster, (view) => view.nodes.length === 1)
    api.endWatches(how)
    await watching(api, 2)
    assert.equal(watchesOf(api)[1]?.url.searchParams.get('resourceVersion'), '777')
    assert.equal(listsOf(api).length, 1)
    assert.deepEqual(names(cluster.view()), ['a', 'b'])
  })
}

const expired = { kind: 'Status', code: 410, reason: 'Expired', message: 'too old resource version' }

test('a watch whose version is too old lists anew, and what vanished meanwhile is gone', async () => {
  await using world = await opened()
  const { api, cluster } = world
  api.dropSilently(pods, 'a')
  api.putSilently(pods, pod('c'))
  let refused = false
  api.intercept = ({ url }, response) => {
    if (refused || url.pathname !== pods || !url.searchParams.has('watch')) return undefined
    refused = true
    return json(response, 410, expired)
  }
  api.endWatches('end')
  await until(cluster, (view) => names(view).join() === 'b,c')
})

test('the same when the server says so in an ERROR event', async () => {
  await using world = await opened()
  const { api, cluster } = world
  api.dropSilently(pods, 'a')
  api.tell(pods, { type: 'ERROR', object: expired })
  await until(cluster, (view) => names(view).join() === 'b')
})

test('a list that expires between two pages begins again, at last in one piece', async () => {
  await using api = await fakeApiServer()
  for (let index = 0; index < 600; index++) api.put(pods, pod(`p${index}`))
  api.intercept = ({ url }, response) => (url.searchParams.has('continue') ? json(response, 410, expired) : undefined)
  const { cluster } = await connected(api)
  await cluster.open()
  assert.equal(cluster.view().pods.length, 600)
  assert.deepEqual(
    listsOf(api).map(({ url }) => url.searchParams.get('limit')),
    ['500', '500', '500', '500', null]
  )
  await cluster.close()
})

test('a stream that says nothing for too long is replaced', async () => {
  await using world = await opened({ silenceMs: 50 })
  await watching(world.api, 2)
  assert.equal(listsOf(world.api).length, 1)
  assert.deepEqual(names(world.cluster.view()), ['a', 'b'])
})

test('while the server is away nothing is gone, the view grows old, and then it catches up', async () => {
  let time = 1_000_000
  await using world = await opened({ now: () => time })
  const { api, cluster } = world
  await api.stop()
  time += 60_000
  api.dropSilently(pods, 'a')
  await cluster.changed(AbortSignal.timeout(50))
  assert.equal(cluster.view().freshAt, 1_000_000)
  assert.deepEqual(names(cluster.view()), ['a', 'b'])
  api.intercept = ({ url }, response) => (url.searchParams.has('watch') ? json(response, 410, expired) : undefined)
  await api.start()
  await until(cluster, (view) => names(view).join() === 'b')
  api.intercept = () => undefined
  await until(cluster, (view) => view.freshAt === time)
})

for (const status of [403, 429, 500]) {
  test(`a kind that answers ${status} for a while keeps its objects and comes back`, async () => {
    await using world = await opened()
    const { api, cluster } = world
    let refusals = 0
    api.intercept = ({ url }, response) => {
      if (url.pathname !== pods || refusals === 2) return undefined
      refusals++
      return json(response, status, { message: 'no' }, { 'retry-after': '0.01' })
    }
    api.endWatches('end')
    await watching(api, 2)
    assert.deepEqual(names(cluster.view()), ['a', 'b'])
    api.put(pods, pod('c'))
    await until(cluster, (view) => names(view).includes('c'))
  })
}

test('a line that is no JSON breaks the watch, not the process', async () => {
  await using world = await opened()
  const { api, cluster } = world
  api.intercept = ({ url }, response) => {
    if (url.pathname !== pods || !url.searchParams.has('watch')) return undefined
    api.intercept = () => undefined
    response.writeHead(200).write('{"type":\n')
    return true
  }
  api.endWatches('end')
  await watching(api, 3)
  api.put(pods, pod('c'))
  await until(cluster, (view) => names(view).includes('c'))
})

test('a quiet server is asked for a sign of life, and the view stays fresh by its answer', async () => {
  await using world = await opened({ livenessMs: 20 })
  const { api, cluster } = world
  const before = cluster.view().freshAt
  await until(cluster, (view) => api.requestsOf('/version').length > 1 && view.freshAt > before)
})

test('a view is as old as the kind that has not been heard of for longest', async () => {
  let time = 1_000_000
  await using world = await opened({ now: () => time, livenessMs: 20 })
  const { api, cluster } = world
  api.intercept = ({ url }, response) => (url.pathname === nodes ? json(response, 403, { message: 'no' }) : undefined)
  api.endWatches('end')
  await watching(api, 2)
  time += 30_000
  api.put(pods, pod('c'))
  await until(cluster, (view) => names(view).includes('c'))
  assert.equal(cluster.view().freshAt, 1_000_000)
})

test('rights that are missing are named together', async () => {
  await using api = await fakeApiServer()
  api.intercept = ({ url }, response) => {
    if (url.pathname !== pods && url.pathname !== nodes) return undefined
    return json(response, 403, { message: `User "ci" cannot list resource "${url.pathname.split('/').at(-1)}"` })
  }
  const { cluster } = await connected(api)
  await assert.rejects(cluster.open(), (error) => {
    assert.ok(error instanceof UpgradeError)
    assert.equal(error.details.code, 'access-denied')
    assert.match(error.message, /may not list nodes, pods: User "ci" cannot list/)
    return true
  })
})

test('what is no list of Kubernetes is refused', async () => {
  await using api = await fakeApiServer()
  api.intercept = (_request, response) => {
    response.writeHead(200).end('<html><title>Sign in</title></html>')
    return true
  }
  const { cluster } = await connected(api)
  await assert.rejects(cluster.open(), /does not speak the Kubernetes API.*Sign in/)
})

test('projecting an empty object of any kind throws for none', () => {
  for (const name of kindNames) assert.doesNotThrow(() => kindOf(name).project({}), name)
})
