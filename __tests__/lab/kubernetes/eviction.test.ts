import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { LabCluster } from '../../../src/lab/kubernetes/cluster.ts'
import { conditionOf, type KubeObject, type Raw } from '../../../src/lab/kubernetes/object.ts'
import { budget, deployment, podsOf, readyPodsOf, refusal, smallCluster } from './small-cluster.ts'

async function withBudget(replicas: number, spec: Raw, more: Parameters<typeof deployment>[2] = {}) {
  const { clock, cluster } = await smallCluster()
  cluster.apply([deployment('web', replicas, more), budget('web', spec)])
  await clock.run(clock.sleep(10_000))
  const pods = podsOf(cluster, 'web') as [KubeObject, ...KubeObject[]]
  return { clock, cluster, pods, budgetNow: () => cluster.get('PodDisruptionBudget', 'shop', 'web').status }
}

const evict = (cluster: LabCluster, { metadata }: KubeObject, more: Raw = {}) =>
  cluster.evict('shop', metadata.name, { deleteOptions: { preconditions: { uid: metadata.uid }, ...more } })

test('an eviction that the budget allows marks the pod and takes one from the budget at once', async () => {
  const { cluster, pods, budgetNow } = await withBudget(3, { maxUnavailable: 1 })
  assert.equal(evict(cluster, pods[0]).status, 'Success')
  const pod = cluster.get('Pod', 'shop', pods[0].metadata.name)
  assert.ok(pod.metadata.deletionTimestamp)
  assert.equal(conditionOf(pod, 'DisruptionTarget').reason, 'EvictionByEvictionAPI')
  assert.equal(budgetNow().disruptionsAllowed, 0)
  assert.deepEqual(Object.keys(budgetNow().disruptedPods), [pods[0].metadata.name])
})

test('the second eviction is refused with 429, the cause and its numbers, and no Retry-After', async () => {
  const { cluster, pods, clock } = await withBudget(3, { maxUnavailable: 1 })
  evict(cluster, pods[0])
  await clock.run(clock.sleep(100))
  const status = refusal(() => evict(cluster, pods[1] as KubeObject))
  assert.equal(status.code, 429)
  assert.equal(status.reason, 'TooManyRequests')
  assert.equal(status.message, "Cannot evict pod as it would violate the pod's disruption budget.")
  assert.deepEqual(status.details, {
    causes: [
      { reason: 'DisruptionBudget', message: 'The disruption budget web needs 2 healthy pods and has 2 currently' }
    ]
  })
})

test('the budget opens again when the replacement is ready', async () => {
  const { cluster, pods, clock } = await withBudget(3, { maxUnavailable: 1 })
  evict(cluster, pods[0])
  await clock.run(clock.sleep(10_000))
  assert.equal(readyPodsOf(cluster, 'web').length, 3)
  assert.equal(evict(cluster, pods[1] as KubeObject).status, 'Success')
})

test('a budget that was edited and not seen by its controller yet asks for ten seconds', async () => {
  const { cluster, pods } = await withBudget(3, { maxUnavailable: 1 })
  cluster.patch('PodDisruptionBudget', 'shop', 'web', { spec: { maxUnavailable: 2 } }, 'merge')
  const status = refusal(() => evict(cluster, pods[0]))
  assert.equal(status.code, 429)
  assert.equal(status.details?.retryAfterSeconds, 10)
  assert.equal(
    status.details?.causes?.[0]?.message,
    'The disruption budget web is still being processed by the server.'
  )
})

test('two budgets on one pod are 500, without a reason', async () => {
  const { cluster, pods, clock } = await withBudget(3, { maxUnavailable: 1 })
  cluster.apply([
    {
      ...budget('second', { maxUnavailable: 1 }),
      spec: { maxUnavailable: 1, selector: { matchLabels: { app: 'web' } } }
    }
  ])
  await clock.run(clock.sleep(1000))
  const status = refusal(() => evict(cluster, pods[0]))
  assert.equal(status.code, 500)
  assert.equal(
    status.message,
    'This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.'
  )
  assert.equal(status.reason, undefined)
})

test('a wrong UID is a conflict, a pod that is not there 404, another name in the body 400', async () => {
  const { cluster, pods } = await withBudget(3, { maxUnavailable: 1 })
  const { name } = pods[0].metadata
  const conflict = refusal(() => cluster.evict('shop', name, { deleteOptions: { preconditions: { uid: 'other' } } }))
  assert.equal(conflict.code, 409)
  assert.match(
    conflict.message ?? '',
    /^Operation cannot be fulfilled on Pod "web-.*": the UID in the precondition \(other\) does not match/
  )
  assert.equal(refusal(() => cluster.evict('shop', 'nobody')).code, 404)
  assert.equal(refusal(() => cluster.evict('shop', name, { metadata: { name: 'x' } })).code, 400)
})

test('pods that are pending, finished or going bypass the budget', async () => {
  const { cluster, pods, clock, budgetNow } = await withBudget(3, { maxUnavailable: 0 })
  assert.equal(refusal(() => evict(cluster, pods[0])).code, 429)
  cluster.remove('Pod', 'shop', pods[0].metadata.name)
  assert.equal(evict(cluster, pods[0]).status, 'Success')
  for (const name of ['n0', 'n1', 'n2'])
    cluster.patch('Node', undefined, name, { spec: { unschedulable: true } }, 'merge')
  await clock.run(clock.sleep(5000))
  const pending = podsOf(cluster, 'web').find((pod) => pod.status.phase === 'Pending') as KubeObject
  assert.equal(evict(cluster, pending).status, 'Success')
  assert.equal(cluster.find('Pod', 'shop', pending.metadata.name), undefined)
  assert.equal(budgetNow().disruptedPods, undefined)
})

test('an unready pod may go while its budget is healthy, and not when the budget is short', async () => {
  const { cluster, pods, clock } = await withBudget(3, { minAvailable: 2 })
  cluster.annotate('Pod', 'shop', pods[0].metadata.name, { 'simulated/not-ready': 'true' })
  await clock.run(clock.sleep(1000))
  assert.equal(evict(cluster, pods[0]).status, 'Success')

  const short = await withBudget(3, { minAvailable: 3 })
  short.cluster.annotate('Pod', 'shop', short.pods[0].metadata.name, { 'simulated/not-ready': 'true' })
  await short.clock.run(short.clock.sleep(1000))
  assert.equal(refusal(() => evict(short.cluster, short.pods[0])).code, 429)
  short.cluster.patch(
    'PodDisruptionBudget',
    'shop',
    'web',
    { spec: { unhealthyPodEvictionPolicy: 'AlwaysAllow' } },
    'merge'
  )
  assert.equal(evict(short.cluster, short.pods[0]).status, 'Success')
})

test('a dry run says what would happen and changes nothing', async () => {
  const { cluster, pods, budgetNow } = await withBudget(3, { maxUnavailable: 1 })
  const before = cluster.revision()
  assert.equal(cluster.evict('shop', pods[0].metadata.name, {}, true).status, 'Success')
  assert.equal(cluster.revision(), before)
  assert.equal(budgetNow().disruptionsAllowed, 1)
})

test('in a namespace that is terminating an eviction is 403 with its cause', async () => {
  const { cluster, pods } = await withBudget(3, { maxUnavailable: 1 })
  cluster.remove('Namespace', undefined, 'shop')
  const status = refusal(() => evict(cluster, pods[0]))
  assert.equal(status.code, 403)
  assert.equal(status.details?.causes?.[0]?.reason, 'NamespaceTerminating')
})

for (const [spec, replicas, allowed] of [
  [{ minAvailable: '90%' }, 10, 1],
  [{ minAvailable: '50%' }, 3, 1],
  [{ maxUnavailable: '10%' }, 10, 1],
  [{ maxUnavailable: '30%' }, 4, 2],
  [{ minAvailable: 1 }, 1, 0],
  [{ minAvailable: 5 }, 3, 0],
  [{ maxUnavailable: 0 }, 3, 0]
] as const) {
  test(`${JSON.stringify(spec)} of ${replicas} allows ${allowed}`, async () => {
    const { budgetNow } = await withBudget(replicas, spec)
    assert.equal(budgetNow().disruptionsAllowed, allowed)
    assert.equal(budgetNow().expectedPods, replicas)
  })
}

test('a percentage over the pods of a DaemonSet cannot be computed, and the budget says why', async () => {
  const { clock, cluster } = await smallCluster()
  const { template } = deployment('web', 1).spec
  const set = { selector: { matchLabels: { app: 'web' } }, template }
  cluster.apply([
    { apiVersion: 'apps/v1', kind: 'DaemonSet', metadata: { name: 'web', namespace: 'shop' }, spec: set },
    budget('web', { maxUnavailable: 1 })
  ])
  await clock.run(clock.sleep(5000))
  const pod = podsOf(cluster, 'web')[0] as KubeObject
  // A budget that was never computed has not been observed either.
  assert.equal(refusal(() => evict(cluster, pod)).details?.retryAfterSeconds, 10)
  const said = conditionOf(cluster.get('PodDisruptionBudget', 'shop', 'web'), 'DisruptionAllowed')
  assert.deepEqual(
    [said.reason, said.message],
    ['SyncFailed', 'daemonsets.apps does not implement the scale subresource']
  )
})
