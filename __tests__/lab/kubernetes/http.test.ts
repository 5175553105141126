import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { type LabClock, scaledClock } from '../../../src/lab/clock.ts'
import { createCluster, type LabCluster } from '../../../src/lab/kubernetes/cluster.ts'
import {
  flowControlled,
  type HttpFault,
  type LabRequest,
  type ServedCluster,
  serveKubernetes
} from '../../../src/lab/kubernetes/http.ts'
import type { Raw } from '../../../src/lab/kubernetes/object.ts'
import { addNode, deployment, podsOf, template } from './small-cluster.ts'

let cluster: LabCluster
let served: ServedCluster
let clock: LabClock & { sleep(ms: number): Promise<void> }
let intercept: ((request: LabRequest) => HttpFault | undefined) | undefined

before(async () => {
  clock = scaledClock({ speed: 50 })
  cluster = createCluster({ clock })
  for (const name of ['n0', 'n1']) addNode(cluster, name)
  cluster.apply([deployment('web', 3)])
  served = await serveKubernetes(cluster, {
    intercept: (request) => intercept?.(request),
    deny: [{ verb: 'create', resource: 'pods/eviction', namespace: 'locked' }],
    tokens: (token) => (token === 'good' ? { username: 'robot' } : undefined),
    bookmarkMs: 20
  })
  await clock.sleep(5000)
})
after(() => served.close())

async function call(method: string, path: string, body?: Raw, headers: Record<string, string> = {}) {
  const response = await fetch(served.url + path, {
    method,
    headers: {
      authorization: 'Bearer good',
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) })
  })
  const text = await response.text()
  const json = response.headers.get('content-type')?.includes('json')
  return { code: response.status, headers: response.headers, body: (json ? JSON.parse(text) : text) as Raw }
}

async function withFault<T>(fault: (request: LabRequest) => HttpFault | undefined, work: () => Promise<T>): Promise<T> {
  intercept = fault
  try {
    return await work()
  } finally {
    intercept = undefined
  }
}

/** Lines of a watch until `enough` says so; ends the watch. */
async function watch(
  query: string,
  enough: (events: Raw[]) => boolean,
  meanwhile: () => void = () => {}
): Promise<Raw[]> {
  const stop = new AbortController()
  const response = await fetch(`${served.url}${query}`, {
    headers: { authorization: 'Bearer good' },
    signal: stop.signal
  })
  const events: Raw[] = []
  let rest = ''
  meanwhile()
  for await (const chunk of response.body ?? []) {
    const lines = (rest + Buffer.from(chunk).toString()).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) events.push(JSON.parse(line))
    if (enough(events)) break
  }
  stop.abort()
  return events
}

test('items of a list carry no kind, and the list carries the revision', async () => {
  const { body } = await call('GET', '/api/v1/nodes')
  assert.equal(body.kind, 'NodeList')
  assert.match(body.metadata.resourceVersion, /^\d+$/)
  assert.equal('kind' in body.items[0], false)
})

test('pages show the world as it was at the first page', async () => {
  for (const name of ['a', 'b', 'c'])
    cluster.apply([{ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: 'pages' } }])
  const first = await call('GET', '/api/v1/namespaces/pages/configmaps?limit=2')
  assert.equal(first.body.metadata.remainingItemCount, 1)
  cluster.remove('ConfigMap', 'pages', 'c')
  const second = await call(
    'GET',
    `/api/v1/namespaces/pages/configmaps?limit=2&continue=${first.body.metadata.continue}`
  )
  assert.deepEqual(
    second.body.items.map(({ metadata }: Raw) => metadata.name),
    ['c']
  )
  assert.equal(second.body.metadata.continue, undefined)
  cluster.compact()
  cluster.apply([{ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'd', namespace: 'pages' } }])
  const late = await call('GET', `/api/v1/namespaces/pages/configmaps?limit=2&continue=${first.body.metadata.continue}`)
  assert.deepEqual([late.code, late.body.reason], [410, 'Expired'])
})

test('selectors: labels, names, the node of a pod; one that nobody understands is 400', async () => {
  const node = podsOf(cluster, 'web')[0]?.spec.nodeName
  const { body } = await call(
    'GET',
    `/api/v1/pods?fieldSelector=spec.nodeName%3D${node}&labelSelector=app%20in%20(web,x),!y`
  )
  assert.ok(body.items.length > 0 && body.items.every((pod: Raw) => pod.spec.nodeName === node))
  assert.equal((await call('GET', '/api/v1/nodes?fieldSelector=metadata.name=n0')).body.items.length, 1)
  assert.equal((await call('GET', '/api/v1/pods?fieldSelector=spec.color=blue')).code, 400)
})

test('an eviction is 201, one of a budget without room 429 with a cause', async () => {
  const pod = podsOf(cluster, 'web').find(({ metadata }) => !metadata.deletionTimestamp) as Raw
  cluster.apply([
    {
      apiVersion: 'policy/v1',
      kind: 'PodDisruptionBudget',
      metadata: { name: 'web', namespace: 'shop' },
      spec: { maxUnavailable: 0, selector: { matchLabels: { app: 'web' } } }
    }
  ])
  await clock.sleep(2000)
  const path = `/api/v1/namespaces/shop/pods/${pod.metadata.name}/eviction`
  const body = { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name: pod.metadata.name, namespace: 'shop' } }
  const refused = await call('POST', path, body)
  assert.deepEqual(
    [refused.code, refused.body.details.causes[0].reason, refused.headers.get('retry-after')],
    [429, 'DisruptionBudget', null]
  )
  cluster.remove('PodDisruptionBudget', 'shop', 'web')
  assert.deepEqual([(await call('POST', path, body)).code], [201])
})

test('all three patches, a conflict, and the refusal of server-side apply', async () => {
  const path = '/api/v1/nodes/n0'
  const patch = (type: string, body: Raw) => call('PATCH', path, body, { 'content-type': `application/${type}+json` })
  assert.equal((await patch('merge-patch', { metadata: { labels: { m: '1' } } })).body.metadata.labels.m, '1')
  assert.equal((await patch('strategic-merge-patch', { spec: { unschedulable: true } })).body.spec.unschedulable, true)
  assert.equal(
    (await patch('json-patch', [{ op: 'remove', path: '/spec/unschedulable' }])).body.spec.unschedulable,
    undefined
  )
  assert.equal((await patch('merge-patch', { metadata: { resourceVersion: '1' } })).code, 409)
  assert.equal((await call('PATCH', path, {}, { 'content-type': 'application/apply-patch+yaml' })).code, 415)
})

test('deleting a pod answers with the pod, deleting a ConfigMap with a Status', async () => {
  cluster.apply([{ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'gone', namespace: 'shop' } }])
  const status = await call('DELETE', '/api/v1/namespaces/shop/configmaps/gone')
  assert.deepEqual([status.code, status.body.status, status.body.details.kind], [200, 'Success', 'configmaps'])
  cluster.create({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'p', namespace: 'shop' },
    spec: template('p').spec
  })
  assert.equal((await call('DELETE', '/api/v1/namespaces/shop/pods/p')).body.kind, 'Pod')
})

test('a watch tells what happened since a revision and sends bookmarks', async () => {
  const revision = cluster.revision()
  cluster.annotate('Node', undefined, 'n0', { seen: 'before' })
  const path = `/api/v1/nodes?watch=true&resourceVersion=${revision}&allowWatchBookmarks=true`
  const events = await watch(
    path,
    (seen) =>
      seen.some(({ type }) => type === 'BOOKMARK') &&
      seen.some(({ object }) => object.metadata.annotations?.seen === 'after'),
    () => {
      cluster.annotate('Node', undefined, 'n1', { seen: 'after' })
    }
  )
  const names = events
    .filter(({ type }) => type === 'MODIFIED')
    .map(({ object }) => `${object.metadata.name} ${object.metadata.annotations.seen}`)
  assert.deepEqual(
    names.filter((one) => !one.endsWith('undefined')),
    ['n0 before', 'n1 after']
  )
})

test('a watch-list sends what is there and then says that this was all', async () => {
  const path = '/api/v1/nodes?watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true'
  const events = await watch(path, (seen) => seen.some(({ type }) => type === 'BOOKMARK'))
  assert.deepEqual(
    events.map(({ type }) => type),
    ['ADDED', 'ADDED', 'BOOKMARK']
  )
  assert.equal(events[2].object.metadata.annotations['k8s.io/initial-events-end'], 'true')
})

test('a watch from a compacted revision is an ERROR event with 410', async () => {
  const old = cluster.revision() - 1
  cluster.compact()
  const events = await watch(`/api/v1/nodes?watch=true&resourceVersion=${old}`, () => false)
  assert.deepEqual(
    events.map(({ type, object }) => [type, object.code]),
    [['ERROR', 410]]
  )
})

test('who has no good token is 401; what is denied is 403, and the access review says so', async () => {
  assert.equal((await call('GET', '/api/v1/nodes', undefined, { authorization: 'Bearer bad' })).code, 401)
  const body = { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name: 'p' } }
  const refused = await call('POST', '/api/v1/namespaces/locked/pods/p/eviction', body)
  assert.equal(refused.code, 403)
  assert.equal(
    refused.body.message,
    'pods "p" is forbidden: User "robot" cannot create resource "pods/eviction" in API group "" in the namespace "locked"'
  )
  const review = (namespace: string) => ({
    spec: { resourceAttributes: { verb: 'create', resource: 'pods', subresource: 'eviction', namespace } }
  })
  const path = '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews'
  assert.equal((await call('POST', path, review('locked'))).body.status.allowed, false)
  assert.equal((await call('POST', path, review('shop'))).body.status.allowed, true)
})

test('what the lab does not have is refused, never an empty success', async () => {
  assert.equal((await call('GET', '/apis/argoproj.io/v1alpha1/rollouts')).code, 404)
  assert.equal((await call('GET', '/api/v1/namespaces/shop/pods/p/log')).code, 501)
  assert.equal((await call('GET', '/openapi/v2')).code, 501)
})

test('faults: flow control, a lost reply that took effect, a dropped connection, a silent watch', async () => {
  const busy = await withFault(
    () => flowControlled(1),
    () => call('GET', '/api/v1/nodes')
  )
  assert.deepEqual(
    [busy.code, busy.headers.get('retry-after'), busy.body],
    [429, '1', 'Too many requests, please try again later.\n']
  )
  const path = '/api/v1/namespaces/shop/configmaps'
  const made = { metadata: { name: 'lost' } }
  await withFault(
    () => ({ kind: 'drop', after: true }),
    () => assert.rejects(call('POST', path, made))
  )
  assert.equal((await call('POST', path, made)).body.reason, 'AlreadyExists')
  await withFault(
    () => ({ kind: 'drop' }),
    () => assert.rejects(call('DELETE', `${path}/lost`))
  )
  assert.equal((await call('GET', `${path}/lost`)).code, 200)
  const events = await withFault(
    () => ({ kind: 'watch', does: 'close', afterEvents: 1 }),
    () => watch('/api/v1/nodes?watch=true', () => false)
  )
  assert.equal(events.length, 1)
})

test('discovery names resources with their verbs and short names', async () => {
  assert.equal((await call('GET', '/version')).body.minor, '37')
  const core = (await call('GET', '/api/v1')).body.resources
  assert.deepEqual(core.find(({ name }: Raw) => name === 'nodes').shortNames, ['no'])
  assert.ok(core.some(({ name, group }: Raw) => name === 'pods/eviction' && group === 'policy'))
  const groups = (await call('GET', '/apis')).body.groups.map(({ name }: Raw) => name)
  for (const group of ['apps', 'batch', 'policy', 'storage.k8s.io', 'coordination.k8s.io'])
    assert.ok(groups.includes(group), group)
})

test('a scale is read and written', async () => {
  const path = '/apis/apps/v1/namespaces/shop/deployments/web/scale'
  assert.equal((await call('GET', path)).body.spec.replicas, 3)
  const merge = { 'content-type': 'application/merge-patch+json' }
  assert.equal((await call('PATCH', path, { spec: { replicas: 4 } }, merge)).body.spec.replicas, 4)
  assert.equal(cluster.get('Deployment', 'shop', 'web').spec.replicas, 4)
})

test('kubectl gets a table where it asks for one, everybody else the objects', async () => {
  const accept = { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json' }
  const { body } = await call('GET', '/api/v1/nodes', undefined, accept)
  assert.equal(body.kind, 'Table')
  assert.deepEqual(body.rows[0].cells.slice(0, 2), ['n0', 'Ready'])
  assert.equal((await call('GET', '/api/v1/nodes')).body.kind, 'NodeList')
  const others = await call('GET', '/apis/storage.k8s.io/v1/csinodes', undefined, accept)
  const titles = others.body.columnDefinitions.map(({ name }: { name: string }) => name)
  assert.deepEqual(titles, ['Name', 'Age'])
})

test('a table carries whole objects where kubectl is to sort by their fields', async () => {
  const accept = { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json' }
  const { body } = await call('GET', '/api/v1/nodes?includeObject=Object', undefined, accept)
  assert.equal(body.rows[0].object.kind, 'Node')
  assert.ok(body.rows[0].object.status)
  const partly = await call('GET', '/api/v1/nodes', undefined, accept)
  assert.equal(partly.body.rows[0].object.kind, 'PartialObjectMetadata')
})

test('a watch as tables says what the columns are with its first event only', async () => {
  const headers = { authorization: 'Bearer good', accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' }
  const response = await fetch(`${served.url}/api/v1/namespaces?watch=true&timeoutSeconds=1`, { headers })
  const events = (await response.text())
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  assert.ok(events.length > 1)
  for (const { object } of events) assert.deepEqual([object.kind, object.rows.length], ['Table', 1])
  assert.equal(events[0].object.columnDefinitions[0].name, 'Name')
  assert.equal(events[1].object.columnDefinitions, null)
})

test('OpenAPI documents are refused in words that kubectl can show', async () => {
  const { code, body } = await call('GET', '/openapi/v3')
  assert.equal(code, 501)
  assert.match(String(body), /the lab does not simulate this: OpenAPI/)
})
