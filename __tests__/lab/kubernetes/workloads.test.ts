import assert from 'node:assert/strict'
import { test } from 'node:test'
import { conditionOf, isTrue, type KubeObject } from '../../../src/lab/kubernetes/object.ts'
import { addNode, deployment, podsOf, readyPodsOf, smallCluster, statefulSet, template } from './small-cluster.ts'

test('a Deployment gets its pods, and its status says so', async () => {
  const { clock, cluster } = await smallCluster()
  cluster.apply([deployment('web', 3)])
  await clock.run(clock.sleep(10_000))
  const { status, metadata } = cluster.get('Deployment', 'shop', 'web')
  assert.deepEqual(
    [
      status.replicas,
      status.updatedReplicas,
      status.readyReplicas,
      status.availableReplicas,
      status.unavailableReplicas
    ],
    [3, 3, 3, 3, undefined]
  )
  assert.equal(status.observedGeneration, metadata.generation)
  assert.equal(conditionOf(cluster.get('Deployment', 'shop', 'web'), 'Progressing').reason, 'NewReplicaSetAvailable')
})

test('a restart with maxUnavailable 0 never has fewer ready pods than wanted, nor more than the surge', async () => {
  const { clock, cluster } = await smallCluster()
  const strategy = { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } }
  cluster.apply([deployment('web', 3, { spec: { strategy } })])
  await clock.run(clock.sleep(10_000))
  const before = new Set(podsOf(cluster, 'web').map(({ metadata }) => metadata.uid))
  let fewest = 3
  let most = 3
  const look = () => {
    fewest = Math.min(fewest, readyPodsOf(cluster, 'web').length)
    most = Math.max(most, podsOf(cluster, 'web').filter(({ metadata }) => !metadata.deletionTimestamp).length)
  }
  cluster.watch('Pod', look)
  const annotations = { 'kubectl.kubernetes.io/restartedAt': '2026-01-05T10:00:00Z' }
  cluster.patch('Deployment', 'shop', 'web', { spec: { template: { metadata: { annotations } } } }, 'strategic')
  await clock.run(clock.sleep(60_000))
  assert.equal(
    podsOf(cluster, 'web').some(({ metadata }) => before.has(metadata.uid)),
    false
  )
  assert.deepEqual([fewest, most, readyPodsOf(cluster, 'web').length], [3, 4, 3])
})

test('going back to an earlier template takes its ReplicaSet again, with the newest revision', async () => {
  const { clock, cluster } = await smallCluster()
  cluster.apply([deployment('web', 1)])
  await clock.run(clock.sleep(5000))
  const image = (tag: string) =>
    cluster.patch(
      'Deployment',
      'shop',
      'web',
      { spec: { template: { spec: { containers: [{ name: 'app', image: tag }] } } } },
      'strategic'
    )
  image('app:2')
  await clock.run(clock.sleep(20_000))
  image('app:1')
  await clock.run(clock.sleep(20_000))
  assert.equal(cluster.list('ReplicaSet', 'shop').length, 2)
  assert.equal(
    cluster.get('Deployment', 'shop', 'web').metadata.annotations?.['deployment.kubernetes.io/revision'],
    '3'
  )
})

test('Recreate starts nothing new before the last old pod is gone', async () => {
  const { clock, cluster } = await smallCluster()
  cluster.apply([
    deployment('web', 2, { spec: { strategy: { type: 'Recreate' } }, annotations: { 'simulated/stops-after': '10s' } })
  ])
  await clock.run(clock.sleep(5000))
  const old = new Set(podsOf(cluster, 'web').map(({ metadata }) => metadata.uid))
  let together = false
  cluster.watch('Pod', () => {
    const live = podsOf(cluster, 'web').filter(
      (pod) => pod.status.phase === 'Running' || pod.status.phase === 'Pending'
    )
    together ||=
      live.some(({ metadata }) => old.has(metadata.uid)) && live.some(({ metadata }) => !old.has(metadata.uid))
  })
  cluster.patch('Deployment', 'shop', 'web', { spec: { template: { metadata: { annotations: { x: 'y' } } } } }, 'merge')
  await clock.run(clock.sleep(30_000))
  assert.equal(together, false)
  assert.equal(readyPodsOf(cluster, 'web').length, 2)
})

test('a paused Deployment scales and does not roll', async () => {
  const { clock, cluster } = await smallCluster()
  cluster.apply([deployment('web', 2, { spec: { paused: true } })])
  await clock.run(clock.sleep(5000))
  assert.equal(podsOf(cluster, 'web').length, 0)
  cluster.patch('Deployment', 'shop', 'web', { spec: { paused: null } }, 'merge')
  await clock.run(clock.sleep(5000))
  cluster.patch(
    'Deployment',
    'shop',
    'web',
    { spec: { paused: true, replicas: 4, template: { metadata: { annotations: { x: 'y' } } } } },
    'merge'
  )
  await clock.run(clock.sleep(5000))
  assert.equal(podsOf(cluster, 'web').length, 4)
  assert.equal(cluster.list('ReplicaSet', 'shop').length, 1)
})

test('minReadySeconds: a pod is ready at once and available later', async () => {
  const { clock, cluster } = await smallCluster()
  cluster.apply([deployment('web', 1, { spec: { minReadySeconds: 30 } })])
  await clock.run(clock.sleep(10_000))
  const counts = () => {
    const { readyReplicas, availableReplicas } = cluster.get('Deployment', 'shop', 'web').status
    return [readyReplicas, availableReplicas]
  }
  assert.deepEqual(counts(), [1, undefined])
  await clock.run(clock.sleep(30_000))
  assert.deepEqual(counts(), [1, 1])
})

test('a StatefulSet starts in order and takes a name again only when the old pod is gone', async () => {
  const { clock, cluster } = await smallCluster()
  cluster.apply([
    statefulSet('db', 3, { annotations: { 'simulated/ready-after': '5s', 'simulated/stops-after': '8s' } })
  ])
  await clock.run(clock.sleep(7000))
  assert.deepEqual(
    podsOf(cluster, 'db').map(({ metadata }) => metadata.name),
    ['db-0', 'db-1']
  )
  await clock.run(clock.sleep(15_000))
  assert.equal(readyPodsOf(cluster, 'db').length, 3)
  const { uid } = cluster.get('Pod', 'shop', 'db-1').metadata
  cluster.evict('shop', 'db-1')
  await clock.run(clock.sleep(7000))
  assert.equal(cluster.get('Pod', 'shop', 'db-1').metadata.uid, uid)
  await clock.run(clock.sleep(8000))
  assert.notEqual(cluster.get('Pod', 'shop', 'db-1').metadata.uid, uid)
  assert.equal(readyPodsOf(cluster, 'db').length, 3)
})

test('a StatefulSet updates from the last to the first, one at a time; with a partition only those above it', async () => {
  const { clock, cluster } = await smallCluster()
  cluster.apply([
    statefulSet('db', 3, { spec: { updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 1 } } } })
  ])
  await clock.run(clock.sleep(10_000))
  const gone: string[] = []
  cluster.watch('Pod', ({ type, object }) => type === 'DELETED' && gone.push(object.metadata.name))
  cluster.patch('StatefulSet', 'shop', 'db', { spec: { template: { metadata: { annotations: { x: 'y' } } } } }, 'merge')
  await clock.run(clock.sleep(30_000))
  assert.deepEqual(gone, ['db-2', 'db-1'])
  assert.equal(readyPodsOf(cluster, 'db').length, 3)
})

test('a DaemonSet puts one pod on every node, closed and new ones too, and not where a taint forbids it', async () => {
  const { clock, cluster } = await smallCluster(2)
  cluster.patch('Node', undefined, 'n0', { spec: { unschedulable: true } }, 'merge')
  cluster.addNode({
    name: 'gpu',
    providerId: 'aws:///eu-west-1a/i-gpu',
    zone: 'eu-west-1a',
    taints: [{ key: 'gpu', effect: 'NoSchedule' }]
  })
  const spec = { selector: { matchLabels: { app: 'agent' } }, template: template('agent') }
  cluster.apply([{ apiVersion: 'apps/v1', kind: 'DaemonSet', metadata: { name: 'agent', namespace: 'shop' }, spec }])
  await clock.run(clock.sleep(5000))
  const places = () =>
    readyPodsOf(cluster, 'agent')
      .map((pod) => pod.spec.nodeName)
      .sort()
  assert.deepEqual(places(), ['n0', 'n1'])
  addNode(cluster, 'n2')
  await clock.run(clock.sleep(5000))
  assert.deepEqual(places(), ['n0', 'n1', 'n2'])
  assert.equal(cluster.get('DaemonSet', 'shop', 'agent').status.numberReady, 3)
})

function job(spec: object, annotations: object) {
  const pod = { restartPolicy: 'Never' }
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name: 'work', namespace: 'shop' },
    spec: { template: template('work', pod, annotations), ...spec }
  }
}

test('a Job runs as many pods at once as it may, until enough have succeeded', async () => {
  const { clock, cluster } = await smallCluster()
  cluster.apply([job({ completions: 4, parallelism: 2 }, { 'simulated/completes-after': '5s' })])
  await clock.run(clock.sleep(4000))
  assert.equal(cluster.get('Job', 'shop', 'work').status.active, 2)
  await clock.run(clock.sleep(30_000))
  const done = cluster.get('Job', 'shop', 'work')
  assert.equal(done.status.succeeded, 4)
  assert.ok(isTrue(done, 'Complete'))
})

test('an evicted pod of a Job has failed and is replaced', async () => {
  const { clock, cluster } = await smallCluster()
  cluster.apply([job({}, { 'simulated/completes-after': '60s' })])
  await clock.run(clock.sleep(5000))
  cluster.evict('shop', podsOf(cluster, 'work')[0]?.metadata.name as string)
  await clock.run(clock.sleep(30_000))
  const { status } = cluster.get('Job', 'shop', 'work')
  assert.deepEqual([status.failed, status.active], [1, 1])
})

test('a Job whose policy ignores disruptions does not count an eviction; one with no patience is over', async () => {
  const { clock, cluster } = await smallCluster()
  const podFailurePolicy = {
    rules: [{ action: 'Ignore', onPodConditions: [{ type: 'DisruptionTarget', status: 'True' }] }]
  }
  cluster.apply([job({ podFailurePolicy, backoffLimit: 0 }, { 'simulated/completes-after': '60s' })])
  await clock.run(clock.sleep(5000))
  cluster.evict('shop', podsOf(cluster, 'work')[0]?.metadata.name as string)
  await clock.run(clock.sleep(20_000))
  assert.equal(cluster.get('Job', 'shop', 'work').status.failed ?? 0, 0)
  assert.equal(cluster.get('Job', 'shop', 'work').status.active, 1)

  const other = await smallCluster()
  other.cluster.apply([job({ backoffLimit: 0 }, { 'simulated/completes-after': '60s' })])
  await other.clock.run(other.clock.sleep(5000))
  other.cluster.evict('shop', podsOf(other.cluster, 'work')[0]?.metadata.name as string)
  await other.clock.run(other.clock.sleep(20_000))
  assert.equal(conditionOf(other.cluster.get('Job', 'shop', 'work'), 'Failed').reason, 'BackoffLimitExceeded')
})

test('what belonged to a deleted Deployment goes with it', async () => {
  const { clock, cluster } = await smallCluster()
  cluster.apply([deployment('web', 3)])
  await clock.run(clock.sleep(5000))
  cluster.remove('Deployment', 'shop', 'web')
  await clock.run(clock.sleep(5000))
  assert.deepEqual([cluster.list('ReplicaSet', 'shop').length, podsOf(cluster, 'web').length], [0, 0])
})

test('the way of a pod: Pending, Running, Ready, deleted with a terminal phase before it is gone', async () => {
  const { clock, cluster } = await smallCluster()
  const seen: string[] = []
  const say = ({ status, metadata, spec }: KubeObject, type: string) => {
    const ready = status.conditions?.find((one: { type: string }) => one.type === 'Ready')?.status === 'True'
    seen.push(
      [
        type,
        status.phase,
        spec.nodeName ? 'bound' : '',
        ready ? 'ready' : '',
        metadata.deletionTimestamp ? 'going' : ''
      ]
        .filter(Boolean)
        .join(' ')
    )
  }
  cluster.namespace('shop')
  cluster.watch('Pod', ({ type, object }) => say(object, type))
  cluster.create({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'p', namespace: 'shop' },
    spec: template('p').spec
  })
  await clock.run(clock.sleep(5000))
  cluster.evict('shop', 'p')
  await clock.run(clock.sleep(5000))
  assert.deepEqual(seen, [
    'ADDED Pending',
    'MODIFIED Pending bound',
    'MODIFIED Running bound',
    'MODIFIED Running bound ready',
    'MODIFIED Running bound ready',
    'MODIFIED Running bound ready going',
    'MODIFIED Succeeded bound going',
    'MODIFIED Succeeded bound going',
    'DELETED Succeeded bound going'
  ])
})

test('an hour of 40 nodes and 400 pods is the same for the same seed', async () => {
  const run = async () => {
    const { clock, cluster } = await smallCluster(40, 5)
    for (let i = 0; i < 40; i++) cluster.apply([deployment(`d${i}`, 10)])
    await clock.run(clock.sleep(3_600_000))
    const ready = cluster.list('Pod', 'shop').filter((pod) => isTrue(pod, 'Ready'))
    return [cluster.revision(), ready.length, ready.map((pod) => `${pod.metadata.name}@${pod.spec.nodeName}`).join()]
  }
  const first = await run()
  assert.equal(first[1], 400)
  assert.deepEqual(await run(), first)
})

test('a cluster at rest has nothing to do: who waits for it to change is told of the deadlock', async () => {
  const { clock, cluster } = await smallCluster()
  cluster.apply([deployment('web', 2), statefulSet('db', 2)])
  await clock.run(clock.sleep(60_000))
  await assert.rejects(clock.run(new Promise(() => {})), /deadlock/)
})

test('a pod that never stops by itself is killed when its grace ends, and has failed', async () => {
  const { clock, cluster } = await smallCluster()
  cluster.apply([deployment('web', 1, { annotations: { 'simulated/stops-after': 'never' } })])
  await clock.run(clock.sleep(5000))
  const [pod] = podsOf(cluster, 'web')
  const ends: string[] = []
  cluster.watch('Pod', ({ type, object }) => {
    const exit = object.status.containerStatuses?.[0]?.state?.terminated?.exitCode
    if (type === 'DELETED') ends.push(`${object.status.phase} ${exit}`)
  })
  cluster.evict('shop', pod?.metadata.name as string)
  await clock.run(clock.sleep(40_000))
  assert.deepEqual(ends, ['Failed 137'])
})
