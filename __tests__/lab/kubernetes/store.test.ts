import assert from 'node:assert/strict'
import { test } from 'node:test'
import { timestamp } from '../../../src/lab/kubernetes/object.ts'
import type { StoreWatchEvent } from '../../../src/lab/kubernetes/watch.ts'
import { budget, deployment, podsOf, refusal, smallCluster, template } from './small-cluster.ts'

const node = (cluster: Awaited<ReturnType<typeof smallCluster>>['cluster']) => cluster.get('Node', undefined, 'n0')

test('a patch with an old resourceVersion is a conflict, one with the present version is taken', async () => {
  const { cluster } = await smallCluster(1)
  const { resourceVersion } = node(cluster).metadata
  cluster.patch('Node', undefined, 'n0', { metadata: { labels: { a: '1' } } }, 'merge')
  const stale = { metadata: { resourceVersion, labels: { a: '2' } } }
  const status = refusal(() => cluster.patch('Node', undefined, 'n0', stale, 'merge'))
  assert.equal(status.code, 409)
  assert.equal(status.reason, 'Conflict')
  assert.equal(
    status.message,
    'Operation cannot be fulfilled on nodes "n0": the object has been modified; please apply your changes to the latest version and try again'
  )
  const now = { metadata: { resourceVersion: node(cluster).metadata.resourceVersion, labels: { a: '2' } } }
  assert.equal(cluster.patch('Node', undefined, 'n0', now, 'merge').metadata.labels?.a, '2')
})

test('a patch that changes nothing leaves the resourceVersion alone', async () => {
  const { cluster } = await smallCluster(1)
  const before = cluster.patch('Node', undefined, 'n0', { spec: { unschedulable: true } }, 'merge')
  const after = cluster.patch('Node', undefined, 'n0', { spec: { unschedulable: true } }, 'merge')
  assert.equal(after.metadata.resourceVersion, before.metadata.resourceVersion)
})

test('a JSON patch whose test does not hold is 422 and changes nothing', async () => {
  const { cluster } = await smallCluster(1)
  const patch = [
    { op: 'add', path: '/metadata/labels/x', value: 'y' },
    { op: 'test', path: '/metadata/resourceVersion', value: '1' }
  ]
  const status = refusal(() => cluster.patch('Node', undefined, 'n0', patch, 'json'))
  assert.equal(status.code, 422)
  assert.equal(node(cluster).metadata.labels?.x, undefined)
})

test('a strategic patch replaces the taints of a node and merges conditions by type', async () => {
  const { cluster } = await smallCluster(1)
  const taint = (key: string) => ({ spec: { taints: [{ key, effect: 'NoSchedule' }] } })
  cluster.patch('Node', undefined, 'n0', taint('a'), 'strategic')
  cluster.patch('Node', undefined, 'n0', taint('b'), 'strategic')
  assert.deepEqual(node(cluster).spec.taints, [{ key: 'b', effect: 'NoSchedule' }])
  const before = node(cluster).status.conditions.length
  const more = { status: { conditions: [{ type: 'KernelDeadlock', status: 'False' }] } }
  cluster.patch('Node', undefined, 'n0', more, 'strategic', { subresource: 'status' })
  assert.equal(node(cluster).status.conditions.length, before + 1)
})

test('a merge patch with null takes an annotation away', async () => {
  const { cluster } = await smallCluster(1)
  cluster.annotate('Node', undefined, 'n0', { mark: 'x' })
  cluster.annotate('Node', undefined, 'n0', { mark: null })
  assert.equal('mark' in (node(cluster).metadata.annotations ?? {}), false)
})

test('a main write does not touch the status, and generation counts changes of spec only', async () => {
  const { clock, cluster } = await smallCluster()
  cluster.apply([deployment('web', 2)])
  await clock.run(clock.sleep(10_000))
  const { generation } = cluster.get('Deployment', 'shop', 'web').metadata
  const labelled = cluster.patch(
    'Deployment',
    'shop',
    'web',
    { metadata: { labels: { x: 'y' } }, status: { replicas: 99 } },
    'merge'
  )
  assert.equal(labelled.metadata.generation, generation)
  assert.equal(labelled.status.replicas, 2)
  const scaled = cluster.patch('Deployment', 'shop', 'web', { spec: { replicas: 3 } }, 'merge')
  assert.equal(scaled.metadata.generation, (generation ?? 0) + 1)
})

test('deleting with the UID of another object is a conflict, what is not there is 404', async () => {
  const { cluster } = await smallCluster(1)
  const status = refusal(() => cluster.remove('Node', undefined, 'n0', { preconditions: { uid: 'other' } }))
  assert.equal(status.code, 409)
  assert.match(
    status.message ?? '',
    /^Operation cannot be fulfilled on Node "n0": the UID in the precondition \(other\) does not match the UID in record/
  )
  assert.equal(refusal(() => cluster.get('Node', undefined, 'nobody')).message, 'nodes "nobody" not found')
})

test('a running pod is deleted gracefully: it stays, with a deletionTimestamp at the end of its grace', async () => {
  const { clock, cluster } = await smallCluster()
  cluster.apply([deployment('web', 1, { annotations: { 'simulated/stops-after': 'never' } })])
  await clock.run(clock.sleep(5000))
  const [pod] = podsOf(cluster, 'web')
  cluster.remove('Pod', 'shop', pod?.metadata.name as string)
  const going = cluster.get('Pod', 'shop', pod?.metadata.name as string)
  assert.equal(going.metadata.deletionTimestamp, timestamp(clock.now() + 30_000))
  assert.equal(going.metadata.deletionGracePeriodSeconds, 30)
  await clock.run(clock.sleep(29_000))
  assert.ok(cluster.find('Pod', 'shop', pod?.metadata.name as string))
  await clock.run(clock.sleep(2000))
  assert.equal(cluster.find('Pod', 'shop', pod?.metadata.name as string), undefined)
})

test('a finalizer keeps a pod that is gone otherwise, until somebody takes it away', async () => {
  const { clock, cluster } = await smallCluster()
  cluster.namespace('shop')
  const metadata = { name: 'stuck', namespace: 'shop', finalizers: ['example.com/hold'] }
  cluster.create({ apiVersion: 'v1', kind: 'Pod', metadata, spec: template('stuck').spec })
  await clock.run(clock.sleep(5000))
  cluster.remove('Pod', 'shop', 'stuck')
  await clock.run(clock.sleep(60_000))
  assert.ok(cluster.get('Pod', 'shop', 'stuck').metadata.deletionTimestamp)
  cluster.patch('Pod', 'shop', 'stuck', { metadata: { finalizers: null } }, 'merge')
  assert.equal(cluster.find('Pod', 'shop', 'stuck'), undefined)
})

test('a watch that asks for what was compacted is told 410 Expired', async () => {
  const { cluster } = await smallCluster()
  const old = cluster.revision() - 1
  cluster.compact()
  const status = refusal(() => cluster.watch('Node', () => {}, { since: old }))
  assert.equal(status.code, 410)
  assert.equal(status.reason, 'Expired')
})

test('a watch with a selection sees an object come and go as it begins and ceases to match', async () => {
  const { clock, cluster } = await smallCluster(1)
  const seen: StoreWatchEvent['type'][] = []
  const since = cluster.revision()
  cluster.watch('Node', ({ type }) => seen.push(type), {
    since,
    matches: ({ metadata }) => metadata.labels?.color === 'blue'
  })
  for (const color of ['blue', 'blue', 'green', 'blue'])
    cluster.patch('Node', undefined, 'n0', { metadata: { labels: { color } } }, 'merge')
  cluster.annotate('Node', undefined, 'n0', { x: 'y' })
  cluster.removeNode('n0')
  await clock.run(clock.sleep(1))
  assert.deepEqual(seen, ['ADDED', 'DELETED', 'ADDED', 'MODIFIED', 'DELETED'])
})

test('the past can be listed: what was there at a revision', async () => {
  const { cluster } = await smallCluster(2)
  const then = cluster.revision()
  cluster.patch('Node', undefined, 'n1', { metadata: { labels: { later: 'yes' } } }, 'merge')
  cluster.removeNode('n0')
  const past = cluster.store.at('Node', then)
  assert.deepEqual(
    past.map(({ metadata }) => [metadata.name, metadata.labels?.later]),
    [
      ['n0', undefined],
      ['n1', undefined]
    ]
  )
})

test('nothing can be created in a namespace that is terminating or was never there', async () => {
  const { cluster } = await smallCluster(1)
  const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p', namespace: 'shop' }, spec: template('p').spec }
  assert.equal(refusal(() => cluster.create(pod)).message, 'namespaces "shop" not found')
  cluster.namespace('shop')
  cluster.remove('Namespace', undefined, 'shop')
  const status = refusal(() => cluster.create(pod))
  assert.equal(status.code, 403)
  assert.equal(status.details?.causes?.[0]?.reason, 'NamespaceTerminating')
})

test('what the API server would refuse is refused with all that is wrong', async () => {
  const { cluster } = await smallCluster(1)
  cluster.namespace('shop')
  const bad = {
    ...deployment('web', 1),
    spec: { replicas: -1, selector: { matchLabels: { app: 'other' } }, template: template('web') }
  }
  const status = refusal(() => cluster.create(bad))
  assert.equal(status.code, 422)
  assert.deepEqual(
    status.details?.causes?.map(({ field }) => field),
    ['spec.template.metadata.labels', 'spec.replicas']
  )
  assert.equal(refusal(() => cluster.create(budget('web', { minAvailable: 1, maxUnavailable: 1 }))).code, 422)
})
