import assert from 'node:assert/strict'
import { test } from 'node:test'
import { UpgradeError } from '../../src/engine/model/error.ts'
import { projectNode } from '../../src/kubernetes/projection/node.ts'
import { projectWorkload } from '../../src/kubernetes/projection/workload.ts'
import { connected } from './connected.ts'
import { fakeApiServer, json } from './fake-api-server.ts'

const node = projectNode({ metadata: { name: 'n-1', resourceVersion: '5' } })
const metadata = { namespace: 'shop', name: 'cart', resourceVersion: '6' }
const deployment = projectWorkload('Deployment', { metadata })

async function accepting() {
  const api = await fakeApiServer()
  api.intercept = (_request, response) => json(response, 200, {})
  return { api, ...(await connected(api)), [Symbol.asyncDispose]: api.stop }
}

test('closing a node and its mark are one patch, guarded by the version that was looked at', async () => {
  await using world = await accepting()
  assert.equal(await world.cluster.cordonNode(node, 'run-1'), 'done')
  const [request] = world.api.requests
  assert.equal(`${request?.method} ${request?.url.pathname}`, 'PATCH /api/v1/nodes/n-1')
  assert.equal(request?.headers['content-type'], 'application/merge-patch+json')
  assert.deepEqual(request?.body, {
    metadata: { annotations: { 'eks-node-upgrade/cordoned-by': 'run-1' }, resourceVersion: '5' },
    spec: { unschedulable: true }
  })
})

test('opening a node takes the mark away in the same patch', async () => {
  await using world = await accepting()
  await world.cluster.uncordonNode(node)
  const [opened] = world.api.requests
  assert.deepEqual(opened?.body.metadata.annotations, { 'eks-node-upgrade/cordoned-by': null })
  assert.deepEqual(opened?.body.spec, { unschedulable: null })
})

test('a rolling restart is the patch of kubectl, with our mark on the workload and not on its pods', async () => {
  await using world = await accepting()
  assert.equal(await world.cluster.restart(deployment, Date.UTC(2026, 10, 24, 10, 0, 0, 500), 'run-1'), 'done')
  const [request] = world.api.requests
  assert.equal(request?.url.pathname, '/apis/apps/v1/namespaces/shop/deployments/cart')
  assert.deepEqual(request?.body, {
    metadata: { labels: { 'eks-node-upgrade/restarted-by': 'run-1' }, resourceVersion: '6' },
    spec: { template: { metadata: { annotations: { 'kubectl.kubernetes.io/restartedAt': '2026-11-24T10:00:00Z' } } } }
  })
})

for (const [status, answer] of [
  [409, 'conflict'],
  [404, 'gone']
] as const) {
  test(`a patch that is answered ${status} is ${answer}`, async () => {
    await using api = await fakeApiServer()
    api.intercept = (_request, response) => json(response, status, { message: 'no' })
    const { cluster } = await connected(api)
    assert.equal(await cluster.cordonNode(node, 'run-1'), answer)
    assert.equal(await cluster.unmarkWorkload(deployment), answer)
  })
}

test('a patch that is not allowed quotes the server and names the remedy', async () => {
  await using api = await fakeApiServer()
  const message = 'User "ci" cannot patch resource "nodes"'
  api.intercept = (_request, response) => json(response, 403, { message })
  const { cluster } = await connected(api)
  await assert.rejects(cluster.cordonNode(node, 'run-1'), (error) => {
    assert.ok(error instanceof UpgradeError)
    assert.equal(error.details.code, 'access-denied')
    assert.match(error.message, /cordon node n-1.*User "ci" cannot patch/)
    assert.match(error.details.hint, /permissions\.md/)
    return true
  })
})
