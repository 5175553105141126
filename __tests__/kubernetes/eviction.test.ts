import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { EvictionAnswer } from '../../src/engine/model/cluster.ts'
import { classify } from '../../src/kubernetes/eviction.ts'
import { projectPod } from '../../src/kubernetes/projection/pod.ts'
import { connected } from './connected.ts'
import { fakeApiServer, json } from './fake-api-server.ts'

const cause = (reason: string, message = '') => ({ details: { causes: [{ reason, message }] } })
const budget = 'The disruption budget cart needs 2 healthy pods and has 2 currently'

const answers: [string, number, object, Record<string, string>, EvictionAnswer][] = [
  ['201 is accepted', 201, { status: 'Success' }, {}, { kind: 'accepted' }],
  ['200 of a deletion is accepted', 200, {}, {}, { kind: 'accepted' }],
  ['404 of the pod is gone', 404, { reason: 'NotFound', message: 'no' }, {}, { kind: 'gone' }],
  ['404 of something else is unknown', 404, { message: 'no route' }, {}, { kind: 'unknown', message: 'no route' }],
  ['409 is another pod', 409, { reason: 'Conflict' }, {}, { kind: 'replaced' }],
  [
    '429 of a budget names it',
    429,
    { message: 'Cannot evict pod', ...cause('DisruptionBudget', budget) },
    {},
    { kind: 'budget', message: budget, retryAfterMs: undefined }
  ],
  [
    '429 of a budget that is still being processed says when',
    429,
    { ...cause('DisruptionBudget', 'still being processed') },
    { 'retry-after': '10' },
    { kind: 'budget', message: 'still being processed', retryAfterMs: 10_000 }
  ],
  ['429 of flow control', 429, { message: 'busy' }, { 'retry-after': '3' }, { kind: 'throttled', retryAfterMs: 3000 }],
  ['429 of flow control without a time', 429, {}, {}, { kind: 'throttled', retryAfterMs: 1000 }],
  [
    '500 of two budgets',
    500,
    { message: 'This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.' },
    {},
    {
      kind: 'two-budgets',
      message: 'This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.'
    }
  ],
  ['500 of anything else', 500, { message: 'boom' }, {}, { kind: 'unknown', message: 'boom' }],
  ['504 of a budget in conflict', 504, { message: 'conflicts' }, {}, { kind: 'unknown', message: 'conflicts' }],
  [
    '403 of a namespace that is being deleted',
    403,
    { message: 'shop is being terminated', ...cause('NamespaceTerminating') },
    {},
    { kind: 'namespace-terminating', message: 'shop is being terminated' }
  ],
  [
    '403 of RBAC',
    403,
    { message: 'User "ci" cannot create resource "pods/eviction"' },
    {},
    { kind: 'forbidden', message: 'User "ci" cannot create resource "pods/eviction"' }
  ],
  [
    '403 of a webhook',
    403,
    { message: 'admission webhook "x" denied the request: no' },
    {},
    { kind: 'denied', message: 'admission webhook "x" denied the request: no' }
  ],
  [
    '403 of a budget whose controller lags behind',
    403,
    { message: 'DisruptedPods map too big - too many evictions not confirmed by PDB controller' },
    {},
    {
      kind: 'budget',
      message: 'DisruptedPods map too big - too many evictions not confirmed by PDB controller'
    }
  ],
  ['422 of a policy', 422, { message: 'policy says no' }, {}, { kind: 'denied', message: 'policy says no' }],
  ['400', 400, { message: 'bad' }, {}, { kind: 'denied', message: 'bad' }]
]

for (const [title, status, body, headers, answer] of answers) {
  test(`an eviction: ${title}`, () => assert.deepEqual(classify({ status, headers, body, text: '' }, 0), answer))
}

const pod = projectPod({ metadata: { namespace: 'shop', name: 'cart-1', uid: 'u-1', resourceVersion: '5' } })

test('an eviction bears the UID, a removal the version as well', async () => {
  await using api = await fakeApiServer()
  api.intercept = (_request, response) => json(response, 201, {})
  const { cluster } = await connected(api)
  await cluster.evict(pod)
  await cluster.remove(pod)
  const [evicted, removed] = api.requests
  assert.equal(`${evicted?.method} ${evicted?.url.pathname}`, 'POST /api/v1/namespaces/shop/pods/cart-1/eviction')
  assert.equal(evicted?.body.apiVersion, 'policy/v1')
  assert.deepEqual(evicted?.body.deleteOptions, { preconditions: { uid: 'u-1' } })
  assert.equal(`${removed?.method} ${removed?.url.pathname}`, 'DELETE /api/v1/namespaces/shop/pods/cart-1')
  assert.deepEqual(removed?.body.preconditions, { uid: 'u-1', resourceVersion: '5' })
})

test('an eviction whose reply is lost is unknown, and is not sent again', async () => {
  await using api = await fakeApiServer()
  api.intercept = (_request, response) => {
    response.socket?.resetAndDestroy()
    return true
  }
  const { cluster } = await connected(api)
  assert.equal((await cluster.evict(pod)).kind, 'unknown')
  assert.equal(api.requests.length, 1)
})
