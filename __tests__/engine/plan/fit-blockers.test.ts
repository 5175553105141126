import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ClusterView, Node, Volume } from '../../../src/engine/model/cluster.ts'
import { incomingOffers } from '../../../src/engine/plan/expected-nodes.ts'
import { fitFindings, roomFor } from '../../../src/engine/plan/fit-blockers.ts'
import { surveyMoves } from '../../../src/engine/plan/planned-moves.ts'
import { indexCluster } from '../../../src/engine/policy/workloads.ts'
import { deployment, directly, group, node, placement, settings, spreadOverHosts, view } from './world.ts'

const blue = [node('n1'), node('n2')]
const names = new Set(blue.map(({ name }) => name))

function find(
  parts: readonly Partial<ClusterView>[],
  over: { nodes?: readonly Node[]; type?: string; zones?: string[]; tags?: Record<string, string> } = {}
) {
  const all = view({ nodes: [...blue, ...(over.nodes ?? [])] }, ...parts)
  const index = indexCluster(all)
  const incoming = group('shop-green', 'green', { zones: over.zones ?? ['eu-west-1a'], tags: over.tags ?? {} })
  const offers = incomingOffers(incoming, { data: { InstanceType: over.type ?? 'm7i.large' } }, all)
  const room = roomFor(all, offers, names, { name: 'shop-green', nodes: 2 })
  return fitFindings(surveyMoves(index, names, settings).workloads, room, index)
}

const gib = 2 ** 30
const asks = (over: Parameters<typeof placement>[0], on = ['n1', 'n2']) =>
  deployment('a', on, { placement: placement(over) }, { placement: placement(over) })

test('pods that fit are no matter', () => {
  assert.deepEqual(find([asks({ requests: { memory: 2 * gib } })]), { blockers: [], warnings: [] })
})

test('a pod that is larger than any new node is refused, with both numbers', () => {
  const small = node('s', {
    instanceType: 't3.small',
    allocatable: { cpu: 1900, memory: 2 * gib, pods: 11 },
    schedulable: false
  })
  const { blockers } = find([asks({ requests: { memory: 3 * gib } })], { type: 't3.small', nodes: [small] })
  assert.equal(blockers[0]?.rule, 'fits-nowhere')
  assert.equal(blockers[0]?.object, 'team-a/a')
  assert.match(
    blockers[0]?.reason ?? '',
    /2 pods would fit on no node of shop-green.*asks for 3 GiB memory, and t3.small offers 2 GiB memory/
  )
})

test('a pod that fits on a node that stays is not refused', () => {
  const small = node('s', {
    instanceType: 't3.small',
    allocatable: { cpu: 1900, memory: 2 * gib, pods: 11 },
    schedulable: false
  })
  assert.deepEqual(
    find([asks({ requests: { memory: 3 * gib } })], { type: 't3.small', nodes: [small, node('stays')] }).blockers,
    []
  )
})

test('a node that stays but is cordoned is no place', () => {
  const small = node('s', { instanceType: 't3.small', allocatable: { cpu: 1900, memory: 2 * gib, pods: 11 } })
  const cordoned = node('cordoned', { schedulable: false })
  const { blockers } = find([asks({ requests: { memory: 3 * gib } })], { type: 't3.small', nodes: [small, cordoned] })
  assert.deepEqual(
    blockers.map(({ rule }) => rule),
    ['fits-nowhere']
  )
})

test('a pod that is pinned to an outgoing host is refused', () => {
  assert.match(
    find([asks({ nodeSelector: { 'kubernetes.io/hostname': 'n1' } })]).blockers[0]?.reason ?? '',
    /hostname=n1/
  )
})

test('of a type that nobody has seen nothing is refused', () => {
  assert.deepEqual(find([asks({ requests: { memory: 900 * gib } })], { type: 'x9.mega' }).blockers, [])
})

test('a label of which nothing is known warns, once for all who ask for it', () => {
  const { blockers, warnings } = find([
    asks({ nodeSelector: { color: 'blue' } }),
    deployment('b', ['n1', 'n2'], {}, { placement: placement({ nodeSelector: { color: 'blue' } }) })
  ])
  assert.deepEqual(blockers, [])
  assert.deepEqual(
    warnings.map(({ rule }) => rule),
    ['labels-unknown']
  )
  assert.match(warnings[0]?.reason ?? '', /4 pods with the node selector color=blue/)
})

test('a label that a tag says is otherwise is refused', () => {
  const tags = { 'k8s.io/cluster-autoscaler/node-template/label/color': 'green' }
  assert.match(
    find([asks({ nodeSelector: { color: 'blue' } })], { tags }).blockers[0]?.reason ?? '',
    /color=blue, and m7i.large has green/
  )
})

test('a taint that a tag announces keeps out who does not tolerate it', () => {
  const tags = { 'k8s.io/cluster-autoscaler/node-template/taint/team': 'x:NoSchedule' }
  assert.match(find([asks({})], { tags }).blockers[0]?.reason ?? '', /team=x:NoSchedule is not tolerated/)
})

const volume: Volume = {
  name: 'pv-1',
  claim: 'team-a/data',
  accessModes: ['ReadWriteOnce'],
  requiredNodeTerms: [
    { expressions: [{ key: 'topology.ebs.csi.aws.com/zone', operator: 'In', values: ['eu-west-1b'] }], fields: [] }
  ]
}

test('a volume in a zone that incoming lacks is refused, one in a zone that it has is not', () => {
  const db = directly('StatefulSet', 'db', ['n1', 'n2'], {}, { claims: ['data'] })
  assert.match(
    find([db, { volumes: [volume] }]).blockers[0]?.reason ?? '',
    /pv-1 \(claim data\) is bound to another zone/
  )
  assert.deepEqual(find([db, { volumes: [volume] }], { zones: ['eu-west-1a', 'eu-west-1b'] }).blockers, [])
})

const spreads: readonly [
  sentence: string,
  replicas: number,
  spread: Parameters<typeof spreadOverHosts>[0],
  nodes: number,
  held: boolean
][] = [
  ['as many as there are nodes', 2, {}, 0, false],
  ['more than there are nodes', 3, {}, 0, true],
  ['more, but another node stays', 3, {}, 1, false],
  ['more, within the skew', 4, { maxSkew: 2 }, 0, false],
  ['more than the skew takes', 5, { maxSkew: 2 }, 0, true],
  ['more, where tainted nodes do not count', 9, { nodeTaintsPolicy: 'Honor' }, 0, false],
  ['more, where the spread is a wish', 9, { whenUnsatisfiable: 'ScheduleAnyway' }, 0, false],
  ['more, over zones', 9, { topologyKey: 'topology.kubernetes.io/zone' }, 0, false]
]
for (const [sentence, replicas, spread, nodes, held] of spreads) {
  test(`hostname spread: ${sentence}`, () => {
    const parts = asks(
      { spread: [spreadOverHosts(spread)] },
      Array.from({ length: replicas }, (_, n) => `n${(n % 2) + 1}`)
    )
    const { blockers } = find([parts], { nodes: Array.from({ length: nodes }, (_, n) => node(`other${n}`)) })
    assert.deepEqual(
      blockers.map(({ rule }) => rule),
      held ? ['hostname-spread'] : []
    )
  })
}

test('pods that fit one by one but not together only warn', () => {
  const { blockers, warnings } = find([
    deployment('a', ['n1', 'n1', 'n2', 'n2', 'n2'], {}, { placement: placement({ requests: { memory: 4 * gib } }) })
  ])
  assert.deepEqual(blockers, [])
  assert.match(warnings[0]?.reason ?? '', /1 pod of 5 seem to find no room on 2 new nodes/)
})

test('room on nodes that stay counts, less what runs there', () => {
  const big = { placement: placement({ requests: { memory: 4 * gib } }) }
  const five = deployment('a', ['n1', 'n1', 'n2', 'n2', 'n2'], {}, big)
  assert.deepEqual(find([five], { nodes: [node('other')] }).warnings, [])
  assert.equal(
    find([five, deployment('b', ['other', 'other'], {}, big)], { nodes: [node('other')] }).warnings.length,
    1
  )
})
