import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  downtimeAllowed,
  indexCluster,
  ownerLabel,
  wantedPods,
  workloadKey
} from '../../../src/engine/policy/workloads.ts'
import { deployment, directly, ofUnknownKind, ownerOf, pod, view, workload } from '../plan/world.ts'

test('a pod of a ReplicaSet belongs to the Deployment above it', () => {
  const shop = deployment('shop', ['n1', 'n2'])
  const index = indexCluster(view(shop))
  const owner = index.ownerOf(shop.pods[0] ?? pod(''))
  assert.equal(owner.key, 'team-a/deployment/shop')
  assert.equal(owner.workload?.kind, 'Deployment')
  assert.equal(index.podsOf(owner.key).length, 2)
  assert.equal(ownerLabel(owner), 'team-a/shop')
})

test('a ReplicaSet of a kind that nobody watches belongs to that kind', () => {
  const rollout = { apiVersion: 'argoproj.io/v1alpha1', kind: 'Rollout', name: 'web', uid: 'r' }
  const set = workload('ReplicaSet', 'web-1', { owner: rollout })
  const one = pod('web-1-x', { owner: ownerOf(set) })
  const owner = indexCluster(view({ workloads: [set], pods: [one] })).ownerOf(one)
  assert.equal(owner.key, 'team-a/rollout/web')
  assert.equal(owner.workload, undefined)
  assert.equal(ownerLabel(owner), 'team-a/rollout/web')
})

test('a Job of a CronJob is the workload itself', () => {
  const job = workload('Job', 'nightly-1', {
    owner: { apiVersion: 'batch/v1', kind: 'CronJob', name: 'nightly', uid: 'c' }
  })
  const one = pod('nightly-1-x', { owner: ownerOf(job) })
  assert.equal(indexCluster(view({ workloads: [job], pods: [one] })).ownerOf(one).key, 'team-a/job/nightly-1')
})

test('a pod without a controller is its own workload', () => {
  const one = pod('lonely')
  assert.equal(indexCluster(view({ pods: [one] })).ownerOf(one).key, 'team-a/pod/lonely')
})

test('owner references that form a ring end somewhere', () => {
  const a = workload('ReplicaSet', 'a')
  const b = workload('ReplicaSet', 'b', { owner: ownerOf(a) })
  const ring = { ...a, owner: ownerOf(b) }
  const one = pod('p', { owner: ownerOf(b) })
  assert.match(indexCluster(view({ workloads: [ring, b], pods: [one] })).ownerOf(one).key, /^team-a\/replicaset\/[ab]$/)
})

test('finished pods do not count as pods of a workload', () => {
  const job = directly('Job', 'j', ['n1', 'n2'], {}, { phase: 'Succeeded' })
  assert.equal(indexCluster(view(job)).podsOf('team-a/job/j').length, 0)
})

test('of an unknown kind as many pods are wanted as there are', () => {
  const database = ofUnknownKind('db', ['n1', 'n2', 'n3'])
  const index = indexCluster(view(database))
  assert.equal(wantedPods(index.ownerOf(database.pods[0] ?? pod('')), index), 3)
})

const globs: readonly [glob: string, key: string, expected: boolean][] = [
  ['team-a/deployment/ledger', 'team-a/deployment/ledger', true],
  ['Team-A/Deployment/Ledger', 'team-a/deployment/ledger', true],
  ['team-a/*/*', 'team-a/statefulset/db', true],
  ['team-a/*', 'team-a/statefulset/db', false],
  ['team-a/**', 'team-a/statefulset/db', true],
  ['*/deployment/led?er', 'x/deployment/ledger', true],
  ['team-a/deployment/l.dger', 'team-a/deployment/ledger', false],
  ['', 'team-a/deployment/ledger', false],
  ['team-a/deployment/led', 'team-a/deployment/ledger', false]
]
for (const [glob, key, expected] of globs) {
  test(`allow-downtime ${glob || '(empty)'} ${expected ? 'names' : 'does not name'} ${key}`, () => {
    assert.equal(downtimeAllowed(key, [glob]), expected)
  })
}

test('a key is in lower case', () => {
  assert.equal(workloadKey('ns', 'StatefulSet', 'db'), 'ns/statefulset/db')
})
