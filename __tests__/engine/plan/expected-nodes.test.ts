import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  expectedNodes,
  instanceTypes,
  labelsInUserData,
  taintsInUserData
} from '../../../src/engine/plan/expected-nodes.ts'
import { base64, group, node, placement, view, workload } from './world.ts'

const prefix = 'k8s.io/cluster-autoscaler/node-template'
const incoming = (tags: Record<string, string> = {}, zones = ['eu-west-1a']) =>
  group('shop-green', 'green', { tags, zones })

test('tags say what a new node will have', () => {
  const [expected] = expectedNodes(
    incoming({
      [`${prefix}/label/disk`]: 'ssd',
      [`${prefix}/label/example.io/tier`]: 'gold',
      [`${prefix}/taint/team`]: 'a:NoSchedule',
      [`${prefix}/resources/memory`]: '7Gi',
      [`${prefix}/resources/cpu`]: '1930m'
    }),
    { data: { InstanceType: 'r7i.large' } },
    view()
  )
  assert.equal(expected?.labels.disk, 'ssd')
  assert.equal(expected?.labels['example.io/tier'], 'gold')
  assert.deepEqual(expected?.taints, [{ key: 'team', value: 'a', effect: 'NoSchedule' }])
  assert.deepEqual(expected?.resources, { memory: 7 * 2 ** 30, cpu: 1930 })
  assert.equal(expected?.resourcesComplete, false, 'other resources are not known')
})

test('a node of the same type tells its resources and the labels of the type, and nothing else', () => {
  const sample = node('n1', {
    labels: { 'kubernetes.io/arch': 'amd64', color: 'blue', 'kubernetes.io/hostname': 'n1' }
  })
  const [expected] = expectedNodes(
    incoming(),
    { data: { InstanceType: 'm7i.large' } },
    view({ nodes: [node('x', { instanceType: 'other' }), sample] })
  )
  assert.equal(expected?.labels['kubernetes.io/arch'], 'amd64')
  assert.equal(expected?.labels.color, undefined)
  assert.equal(expected?.labels['kubernetes.io/hostname'], '')
  assert.deepEqual(expected?.resources, sample.allocatable)
  assert.equal(expected?.resourcesComplete, true)
})

test('tags are believed more than a node that is there', () => {
  const [expected] = expectedNodes(
    incoming({ [`${prefix}/resources/pods`]: '110' }),
    { data: { InstanceType: 'm7i.large' } },
    view({ nodes: [node('n1')] })
  )
  assert.equal(expected?.resources.pods, 110)
})

test('nothing is known of a type without a sample', () => {
  const [expected] = expectedNodes(incoming(), { data: {} }, view({ nodes: [node('n1')] }))
  assert.deepEqual(expected?.resources, {})
  assert.equal(expected?.resourcesComplete, false)
})

test('there is one for each type and zone', () => {
  const mixed = { Overrides: [{ InstanceType: 'a' }, { InstanceType: 'b' }, { InstanceType: 'a' }] }
  const expected = expectedNodes({ ...incoming({}, ['z1', 'z2']), mixed }, { data: {} }, view())
  assert.deepEqual(
    expected.map(({ name, labels }) => `${name} ${labels['topology.kubernetes.io/zone']}`),
    ['a z1', 'a z2', 'b z1', 'b z2']
  )
  assert.deepEqual(
    instanceTypes({ ...incoming(), mixed: { LaunchTemplate: { Overrides: [{ InstanceRequirements: {} }] } } }, {}),
    [undefined]
  )
})

test('DaemonSets that certainly run there are taken off, others are not', () => {
  const asks = { requests: { cpu: 100, memory: 1024 } }
  const agent = workload('DaemonSet', 'agent', { placement: placement({ ...asks, hostPorts: ['TCP/9100'] }) })
  const linux = workload('DaemonSet', 'linux', {
    placement: placement({ ...asks, nodeSelector: { 'kubernetes.io/os': 'linux' } })
  })
  const windows = workload('DaemonSet', 'win', {
    placement: placement({ ...asks, nodeSelector: { 'kubernetes.io/os': 'windows' } })
  })
  const perhaps = workload('DaemonSet', 'gpu', { placement: placement({ ...asks, nodeSelector: { gpu: 'true' } }) })
  const sample = node('n1', { labels: { 'kubernetes.io/os': 'linux' } })
  const [expected] = expectedNodes(
    incoming(),
    { data: { InstanceType: 'm7i.large' } },
    view({ nodes: [sample], workloads: [agent, linux, windows, perhaps] })
  )
  assert.equal(expected?.resources.cpu, 1800)
  assert.equal(expected?.resources.pods, 27)
  assert.deepEqual(expected?.hostPorts, ['TCP/9100'])
})

test('labels and taints in user data are read', () => {
  const text =
    "/etc/eks/bootstrap.sh shop --kubelet-extra-args '--node-labels=color=green,tier=x --register-with-taints=team=a:NoSchedule,x:NoExecute'"
  assert.deepEqual(labelsInUserData(text), { color: 'green', tier: 'x' })
  assert.deepEqual(
    taintsInUserData(text).map(({ key, value, effect }) => `${key}=${value}:${effect}`),
    ['team=a:NoSchedule', 'x=:NoExecute']
  )
  assert.deepEqual(labelsInUserData('spec:\n  kubelet:\n    flags:\n      - --node-labels=color=green\n'), {
    color: 'green'
  })
  assert.deepEqual(labelsInUserData('# --node-labels=color=blue\n--node-labels=a=$COLOR,b=1'), { b: '1' })
  const [expected] = expectedNodes(incoming(), { data: { InstanceType: 'a', UserData: base64(text) } }, view())
  assert.equal(expected?.labels.color, 'green')
})

test("settings of Bottlerocket tell labels, and every taint of a key's list", () => {
  const bottlerocket = {
    kubernetes: {
      'cluster-name': 'shop',
      'node-labels': { color: 'green', 'example.io/a': 'b' },
      'node-taints': { team: ['a:NoSchedule', 'b:NoExecute'], gpu: 'yes:NoSchedule' }
    }
  }
  assert.deepEqual(labelsInUserData('', bottlerocket), { color: 'green', 'example.io/a': 'b' })
  const taints = [
    { key: 'team', value: 'a', effect: 'NoSchedule' },
    { key: 'team', value: 'b', effect: 'NoExecute' },
    { key: 'gpu', value: 'yes', effect: 'NoSchedule' }
  ]
  assert.deepEqual(taintsInUserData('', bottlerocket), taints)
  const [expected] = expectedNodes(incoming(), { data: {}, bottlerocket }, view())
  assert.equal(expected?.labels.color, 'green')
  assert.deepEqual(expected?.taints, taints)
})

test('nodes of the same user data tell their common labels, but for those with their color', () => {
  const of = (name: string, labels: Record<string, string>) =>
    node(name, { labels: { ...labels, 'kubernetes.io/hostname': name } })
  const nodes = [of('n1', { tier: 'x', color: 'blue', one: '1' }), of('n2', { tier: 'x', color: 'blue', one: '2' })]
  const [expected] = expectedNodes(incoming(), { data: { InstanceType: 'm7i.large' } }, view({ nodes }), {
    nodes,
    color: 'blue'
  })
  assert.equal(expected?.labels.tier, 'x')
  assert.equal(expected?.labels.color, undefined)
  assert.equal(expected?.labels.one, undefined)
  assert.equal(expected?.labels['kubernetes.io/hostname'], '')
})
