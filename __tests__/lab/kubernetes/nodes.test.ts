import assert from 'node:assert/strict'
import { test } from 'node:test'
import { conditionOf, type Raw } from '../../../src/lab/kubernetes/object.ts'
import { addNode, deployment, podsOf, readyPodsOf, smallCluster, statefulSet } from './small-cluster.ts'

const why = (pod: Raw) => conditionOf(pod, 'PodScheduled')?.message ?? ''

test('pods that fit nowhere say so with the words of the scheduler, and are placed when room comes', async () => {
  const { clock, cluster } = await smallCluster(4)
  for (const name of ['n0', 'n1']) cluster.patch('Node', undefined, name, { spec: { unschedulable: true } }, 'merge')
  const containers = [{ name: 'app', image: 'x', resources: { requests: { memory: '20Gi' } } }]
  cluster.apply([deployment('big', 1, { pod: { containers } })])
  await clock.run(clock.sleep(5000))
  const [pod] = podsOf(cluster, 'big')
  assert.equal(
    why(pod),
    '0/4 nodes are available: 2 Insufficient memory, 2 node(s) were unschedulable. preemption: 0/4 nodes are available: 4 Preemption is not helpful for scheduling.'
  )
  assert.equal(conditionOf(pod as Raw, 'PodScheduled').reason, 'Unschedulable')
  addNode(cluster, 'large', 'a', { 'simulated/memory': '64Gi' })
  await clock.run(clock.sleep(15_000))
  assert.equal(readyPodsOf(cluster, 'big')[0]?.spec.nodeName, 'large')
})

test('a pod that tolerates everything comes to a closed node', async () => {
  const { clock, cluster } = await smallCluster(1)
  cluster.patch('Node', undefined, 'n0', { spec: { unschedulable: true } }, 'merge')
  cluster.apply([deployment('web', 1, { pod: { tolerations: [{ operator: 'Exists' }] } })])
  await clock.run(clock.sleep(5000))
  assert.equal(readyPodsOf(cluster, 'web').length, 1)
})

test('closed nodes hold a spread by hostname down, unless the constraint honors taints', async () => {
  for (const [policy, expected] of [
    ['Ignore', 2],
    ['Honor', 4]
  ] as const) {
    const { clock, cluster } = await smallCluster(4)
    for (const name of ['n0', 'n1']) cluster.patch('Node', undefined, name, { spec: { unschedulable: true } }, 'merge')
    const topologySpreadConstraints = [
      {
        maxSkew: 1,
        topologyKey: 'kubernetes.io/hostname',
        whenUnsatisfiable: 'DoNotSchedule',
        nodeTaintsPolicy: policy,
        labelSelector: { matchLabels: { app: 'web' } }
      }
    ]
    cluster.apply([deployment('web', 4, { pod: { topologySpreadConstraints } })])
    await clock.run(clock.sleep(5000))
    assert.equal(readyPodsOf(cluster, 'web').length, expected, policy)
    const pending = podsOf(cluster, 'web').find((pod) => !pod.spec.nodeName)
    if (pending)
      assert.match(
        why(pending),
        /2 node\(s\) didn't match pod topology spread constraints, 2 node\(s\) were unschedulable/
      )
  }
})

test('required anti-affinity by hostname: one pod a node', async () => {
  const { clock, cluster } = await smallCluster(3)
  const term = { topologyKey: 'kubernetes.io/hostname', labelSelector: { matchLabels: { app: 'web' } } }
  const affinity = { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term] } }
  cluster.apply([deployment('web', 4, { pod: { affinity } })])
  await clock.run(clock.sleep(5000))
  assert.equal(new Set(readyPodsOf(cluster, 'web').map((pod) => pod.spec.nodeName)).size, 3)
  assert.match(
    why(podsOf(cluster, 'web').find((pod) => !pod.spec.nodeName)),
    /3 node\(s\) didn't match pod anti-affinity rules/
  )
})

test('host ports, node selectors and taints are kept', async () => {
  const { clock, cluster } = await smallCluster(2)
  cluster.patch(
    'Node',
    undefined,
    'n1',
    { metadata: { labels: { color: 'blue' } }, spec: { taints: [{ key: 'k', effect: 'NoSchedule' }] } },
    'merge'
  )
  const containers = [{ name: 'app', image: 'x', ports: [{ containerPort: 80, hostPort: 80 }] }]
  cluster.apply([
    deployment('ports', 2, { pod: { containers } }),
    deployment('blue', 1, { pod: { nodeSelector: { color: 'blue' } } })
  ])
  await clock.run(clock.sleep(5000))
  assert.equal(readyPodsOf(cluster, 'ports').length, 1)
  assert.match(
    why(podsOf(cluster, 'ports').find((pod) => !pod.spec.nodeName)),
    /1 node\(s\) didn't have free ports for the requested pod ports, 1 node\(s\) had untolerated taint\(s\)/
  )
  assert.match(
    why(podsOf(cluster, 'blue')[0]),
    /1 node\(s\) didn't match Pod's node affinity\/selector, 1 node\(s\) had untolerated taint\(s\)/
  )
})

test('a silent node is Unknown after 40 s; its pods are deleted after 300 s more, stay Terminating, and go with the node', async () => {
  const { clock, cluster } = await smallCluster(2)
  cluster.patch('Node', undefined, 'n1', { spec: { unschedulable: true } }, 'merge')
  cluster.apply([deployment('web', 1)])
  await clock.run(clock.sleep(5000))
  const name = podsOf(cluster, 'web')[0]?.metadata.name as string
  cluster.annotate('Node', undefined, 'n0', { 'simulated/silent': 'true' })
  await clock.run(clock.sleep(39_000))
  assert.equal(conditionOf(cluster.get('Node', undefined, 'n0'), 'Ready').status, 'True')
  await clock.run(clock.sleep(2000))
  const node = cluster.get('Node', undefined, 'n0')
  assert.equal(conditionOf(node, 'Ready').status, 'Unknown')
  assert.deepEqual(
    node.spec.taints.map(({ key, effect }: Raw) => `${key}:${effect}`),
    ['node.kubernetes.io/unreachable:NoSchedule', 'node.kubernetes.io/unreachable:NoExecute']
  )
  assert.equal(conditionOf(cluster.get('Pod', 'shop', name), 'Ready').status, 'False')
  await clock.run(clock.sleep(290_000))
  assert.equal(cluster.get('Pod', 'shop', name).metadata.deletionTimestamp, undefined)
  await clock.run(clock.sleep(600_000))
  assert.ok(cluster.get('Pod', 'shop', name).metadata.deletionTimestamp)
  cluster.removeNode('n0')
  await clock.run(clock.sleep(90_000))
  assert.equal(cluster.find('Pod', 'shop', name), undefined)
})

test('a node whose kubelet comes back is Ready again and loses its taints', async () => {
  const { clock, cluster } = await smallCluster(1)
  cluster.annotate('Node', undefined, 'n0', { 'simulated/silent': 'true' })
  await clock.run(clock.sleep(60_000))
  cluster.annotate('Node', undefined, 'n0', { 'simulated/silent': null })
  await clock.run(clock.sleep(1000))
  const node = cluster.get('Node', undefined, 'n0')
  assert.equal(conditionOf(node, 'Ready').status, 'True')
  assert.equal(node.spec.taints, undefined)
})

test('a node may be late, or never get ready, or register without a providerID', async () => {
  const { clock, cluster } = await smallCluster(0)
  addNode(cluster, 'late', 'a', { 'simulated/node-ready-after': '30s' })
  addNode(cluster, 'never', 'a', { 'simulated/node-ready-after': 'never' })
  cluster.addNode({ name: 'nobody', providerId: '', zone: 'eu-west-1a' })
  const ready = (name: string) => conditionOf(cluster.get('Node', undefined, name), 'Ready')?.status
  await clock.run(clock.sleep(29_000))
  assert.deepEqual(['late', 'never', 'nobody'].map(ready), ['False', 'False', undefined])
  await clock.run(clock.sleep(12_000))
  assert.deepEqual(['late', 'never', 'nobody'].map(ready), ['True', 'False', 'Unknown'])
})

test('on bad nodes pods start and never get ready; a crashing one says why', async () => {
  const { clock, cluster } = await smallCluster(0)
  addNode(cluster, 'bad', 'a', { 'simulated/ready-after': 'never' })
  cluster.apply([
    deployment('web', 1),
    deployment('sick', 1, { annotations: { 'simulated/crash-loop': 'GLIBC_2.38 not found' } })
  ])
  await clock.run(clock.sleep(60_000))
  assert.equal(podsOf(cluster, 'web')[0]?.status.phase, 'Running')
  assert.equal(readyPodsOf(cluster, 'web').length, 0)
  const [container] = podsOf(cluster, 'sick')[0]?.status.containerStatuses ?? []
  assert.equal(container.state.waiting.reason, 'CrashLoopBackOff')
  assert.deepEqual(
    [container.lastState.terminated.exitCode, container.lastState.terminated.message],
    [1, 'GLIBC_2.38 not found']
  )
})

const storage = {
  apiVersion: 'storage.k8s.io/v1',
  kind: 'StorageClass',
  metadata: { name: 'gp3' },
  provisioner: 'ebs.csi.aws.com',
  volumeBindingMode: 'WaitForFirstConsumer'
}
const claims = [
  {
    metadata: { name: 'data' },
    spec: { storageClassName: 'gp3', accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } }
  }
]
const mounts = { containers: [{ name: 'app', image: 'x', volumeMounts: [{ name: 'data', mountPath: '/data' }] }] }

test('a volume ties its pod to a zone, is detached from the old node and attached to the new one', async () => {
  const { clock, cluster } = await smallCluster(4)
  cluster.apply([storage, statefulSet('db', 1, { pod: mounts, spec: { volumeClaimTemplates: claims } })])
  await clock.run(clock.sleep(10_000))
  const pod = cluster.get('Pod', 'shop', 'db-0')
  assert.equal(conditionOf(pod, 'Ready').status, 'True')
  const from = cluster.get('Node', undefined, pod.spec.nodeName)
  const zone = from.metadata.labels?.['topology.kubernetes.io/zone']
  assert.deepEqual(
    cluster.list('VolumeAttachment').map((one) => [one.spec.nodeName, one.status.attached]),
    [[from.metadata.name, true]]
  )
  cluster.patch('Node', undefined, from.metadata.name, { spec: { unschedulable: true } }, 'merge')
  addNode(cluster, 'new', (zone ?? 'a').slice(-1))
  await clock.run(clock.sleep(2000))
  cluster.evict('shop', 'db-0')
  await clock.run(clock.sleep(20_000))
  const moved = cluster.get('Pod', 'shop', 'db-0')
  assert.equal(conditionOf(moved, 'Ready').status, 'True')
  const to = cluster.get('Node', undefined, moved.spec.nodeName)
  assert.equal(to.metadata.labels?.['topology.kubernetes.io/zone'], zone)
  assert.deepEqual(
    cluster.list('VolumeAttachment').map((one) => [one.spec.nodeName, one.status.attached]),
    [[to.metadata.name, true]]
  )
})

test('a volume of a node that was switched off is held for six minutes', async () => {
  const { clock, cluster } = await smallCluster(1)
  cluster.apply([storage, statefulSet('db', 1, { pod: mounts, spec: { volumeClaimTemplates: claims } })])
  await clock.run(clock.sleep(10_000))
  addNode(cluster, 'new', 'a')
  cluster.removeNode('n0')
  await clock.run(clock.sleep(300_000))
  assert.equal(cluster.get('Pod', 'shop', 'db-0').spec.nodeName, 'new')
  assert.equal(cluster.get('Pod', 'shop', 'db-0').status.phase, 'Pending')
  await clock.run(clock.sleep(200_000))
  assert.equal(cluster.get('Pod', 'shop', 'db-0').status.phase, 'Running')
})

test('a claim is bound to the volume that is kept for it, and its pod starts when it is attached', async () => {
  const { clock, cluster } = await smallCluster(1)
  const csi = { driver: 'ebs.csi.aws.com', volumeHandle: 'vol-1' }
  const claimRef = { namespace: 'shop', name: 'data' }
  const volume = { capacity: { storage: '1Gi' }, accessModes: ['ReadWriteOnce'], claimRef, csi }
  const claim = { accessModes: ['ReadWriteOnce'], storageClassName: '', resources: { requests: { storage: '1Gi' } } }
  const volumes = [{ name: 'd', persistentVolumeClaim: { claimName: 'data' } }]
  cluster.apply([
    { apiVersion: 'v1', kind: 'PersistentVolume', metadata: { name: 'pv1' }, spec: volume },
    deployment('web', 1, { pod: { volumes } })
  ])
  await clock.run(clock.sleep(3000))
  assert.match(why(podsOf(cluster, 'web')[0]), /persistentvolumeclaim "data" not found/)
  cluster.apply([
    { apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { name: 'data', namespace: 'shop' }, spec: claim }
  ])
  await clock.run(clock.sleep(10_000))
  assert.equal(cluster.get('PersistentVolume', undefined, 'pv1').status.phase, 'Bound')
  assert.equal(readyPodsOf(cluster, 'web').length, 1)
})
