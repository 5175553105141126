import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { projectNode } from '../../src/kubernetes/projection/node.ts'
import { projectPod } from '../../src/kubernetes/projection/pod.ts'
import { projectWorkload } from '../../src/kubernetes/projection/workload.ts'
import { connected } from './connected.ts'
import { type FakeApiServer, fakeApiServer, json } from './fake-api-server.ts'

const node = projectNode({ metadata: { name: 'n-1', uid: 'uid-n-1', resourceVersion: '5' } })
const metadata = { namespace: 'shop', name: 'cart', uid: 'uid-cart', resourceVersion: '6' }
const deployment = projectWorkload('Deployment', { metadata })
const podNamed = (name: string) =>
  projectPod({
    metadata: {
      name,
      namespace: 'shop',
      uid: `uid-${name}`,
      ownerReferences: [{ apiVersion: 'apps/v1', kind: 'StatefulSet', name: 'cart', uid: 'uid-set', controller: true }]
    },
    spec: { nodeName: 'n-1' }
  })

async function events(api: FakeApiServer, count: number) {
  const found = () => api.requests.filter(({ url }) => url.pathname.endsWith('/events'))
  for (let waited = 0; found().length < count && waited < 2_000; waited += 10) await sleep(10)
  return found()
}

async function answering(status: number) {
  const api = await fakeApiServer()
  api.intercept = (request, response) => json(response, request.url.pathname.endsWith('/events') ? status : 201, {})
  return { api, ...(await connected(api)), [Symbol.asyncDispose]: api.stop }
}

test('a node that is cordoned says so, in the namespace of nodes', async () => {
  await using world = await answering(201)
  await world.cluster.cordonNode(node, 'run-1')
  const [event] = await events(world.api, 1)
  assert.equal(event?.url.pathname, '/apis/events.k8s.io/v1/namespaces/default/events')
  assert.deepEqual(event?.body.regarding, { apiVersion: 'v1', kind: 'Node', name: 'n-1', uid: 'uid-n-1' })
  assert.match(event?.body.note, /^Cordoned by run run-1: /)
  assert.match(event?.body.eventTime, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/)
})

test('a workload says once that its pods move, however many go', async () => {
  await using world = await answering(201)
  for (const name of ['cart-0', 'cart-1', 'cart-2']) await world.cluster.evict(podNamed(name))
  await world.cluster.restart(deployment, 0, 'run-1')
  const found = await events(world.api, 2)
  assert.deepEqual(
    found.map(({ body }) => `${body.reason} ${body.regarding.kind} ${body.regarding.namespace}/${body.regarding.name}`),
    ['PodsMoving StatefulSet shop/cart', 'Restarted Deployment shop/cart']
  )
})

test('where RBAC does not allow it, it is tried once and changes nothing', async () => {
  await using world = await answering(403)
  assert.equal(await world.cluster.cordonNode(node, 'run-1'), 'done')
  await events(world.api, 1)
  await sleep(20)
  assert.equal(await world.cluster.uncordonNode(node), 'done')
  await sleep(50)
  assert.equal((await events(world.api, 1)).length, 1)
})

test('what was not done is not announced', async () => {
  await using api = await fakeApiServer()
  api.intercept = (_request, response) => json(response, 409, { message: 'no' })
  const { cluster } = await connected(api)
  assert.equal(await cluster.cordonNode(node, 'run-1'), 'conflict')
  await sleep(50)
  assert.equal((await events(api, 0)).length, 0)
})
