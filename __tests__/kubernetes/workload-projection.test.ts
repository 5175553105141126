import assert from 'node:assert/strict'
import { test } from 'node:test'
import { projectBudget } from '../../src/kubernetes/projection/budget.ts'
import { projectTerminatingNamespace, projectVolume } from '../../src/kubernetes/projection/volume.ts'
import { isRetiredReplicaSet, projectWorkload, templateHash } from '../../src/kubernetes/projection/workload.ts'

const image = (name: string) => ({ containers: [{ name: 'app', image: name }] })

test('a rolling restart does not change the fingerprint of a template, a new image does', () => {
  const before = { metadata: { labels: { a: 'b' } }, spec: image('one') }
  const restarted = {
    spec: image('one'),
    metadata: { annotations: { 'kubectl.kubernetes.io/restartedAt': 'now' }, labels: { a: 'b' } }
  }
  assert.equal(templateHash(restarted), templateHash(before))
  assert.notEqual(templateHash({ ...before, spec: image('two') }), templateHash(before))
  const annotated = { ...before, metadata: { ...before.metadata, annotations: { c: 'd' } } }
  assert.notEqual(templateHash(annotated), templateHash(before))
})

test('a Deployment whose controller has not looked yet lags behind its generation', () => {
  const workload = projectWorkload('Deployment', { metadata: { generation: 3 }, spec: {} })
  assert.equal(workload.generation, 3)
  assert.equal(workload.observedGeneration, 0)
  assert.equal(workload.replicas, 1)
})

test('a DaemonSet wants as many pods as its controller says', () => {
  const status = { desiredNumberScheduled: 5, numberReady: 4, numberAvailable: 3, updatedNumberScheduled: 2 }
  const { replicas, readyReplicas, availableReplicas, updatedReplicas } = projectWorkload('DaemonSet', { status })
  assert.deepEqual([replicas, readyReplicas, availableReplicas, updatedReplicas], [5, 4, 3, 2])
})

test('a Job wants its parallelism until it is over or suspended', () => {
  const spec = { parallelism: 3 }
  assert.equal(projectWorkload('Job', { spec }).replicas, 3)
  const conditions = [{ type: 'Complete', status: 'True' }]
  assert.equal(projectWorkload('Job', { spec, status: { conditions } }).replicas, 0)
  const suspended = projectWorkload('Job', { spec: { ...spec, suspend: true } })
  assert.equal(suspended.replicas, 0)
  assert.equal(suspended.paused, true)
})

test('the strategy of a Deployment and of a StatefulSet stand in different fields', () => {
  const rollingUpdate = { maxUnavailable: '25%', maxSurge: 1 }
  const strategy = { type: 'RollingUpdate', rollingUpdate }
  assert.deepEqual(projectWorkload('Deployment', { spec: { strategy } }).strategy, {
    type: 'RollingUpdate',
    ...rollingUpdate
  })
  assert.equal(
    projectWorkload('StatefulSet', { spec: { updateStrategy: { type: 'OnDelete' } } }).strategy.type,
    'OnDelete'
  )
})

test('an old revision without pods is of no interest, one that still has some is', () => {
  const metadata = { ownerReferences: [{ kind: 'Deployment', controller: true }] }
  assert.equal(isRetiredReplicaSet({ metadata, spec: { replicas: 0 }, status: { replicas: 0 } }), true)
  assert.equal(isRetiredReplicaSet({ metadata, spec: { replicas: 0 }, status: { replicas: 1 } }), false)
  assert.equal(isRetiredReplicaSet({ spec: { replicas: 0 } }), false)
})

test('a budget that its controller has not looked at allows nothing', () => {
  const budget = projectBudget({ metadata: { generation: 2 }, spec: { minAvailable: '50%', selector: {} } })
  assert.equal(budget.disruptionsAllowed, 0)
  assert.equal(budget.observedGeneration, 0)
  assert.equal(budget.unhealthyPodEvictionPolicy, 'IfHealthyBudget')
  assert.deepEqual(budget.selector, { matchLabels: {}, matchExpressions: [] })
  assert.equal(projectBudget({}).selector, undefined)
})

test('a volume knows its claim, a namespace that it is being deleted', () => {
  assert.equal(projectVolume({ spec: { claimRef: { namespace: 'a', name: 'b' } } }).claim, 'a/b')
  assert.equal(projectVolume({}).claim, undefined)
  const metadata = { name: 'team' }
  assert.equal(projectTerminatingNamespace({ metadata, status: { phase: 'Terminating' } }), 'team')
  assert.equal(projectTerminatingNamespace({ metadata, status: { phase: 'Active' } }), undefined)
})
