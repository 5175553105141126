import assert from 'node:assert/strict'
import { test } from 'node:test'
import { projectNode } from '../../src/kubernetes/projection/node.ts'

const at = '2026-11-24T10:00:00Z'

test('a node without a Ready condition is Unknown, never ready', () => {
  assert.equal(projectNode({}).ready, 'Unknown')
  assert.equal(projectNode({ status: { conditions: [{ type: 'Ready', status: 'Unknown' }] } }).ready, 'Unknown')
  assert.equal(projectNode({ status: { conditions: [{ type: 'Ready', status: 'yes' }] } }).ready, 'Unknown')
})

test('the instance is read from the provider id of AWS, and from nothing else', () => {
  const instance = (providerID: string) => projectNode({ spec: { providerID } }).instanceId
  assert.equal(instance('aws:///eu-west-1a/i-0123456789abcdef0'), 'i-0123456789abcdef0')
  assert.equal(instance('aws:///eu-west-1a/i-01234567'), 'i-01234567')
  assert.equal(instance('aws:///eu-west-1a/fargate-ip-10-0-0-1'), undefined)
  assert.equal(instance('gce:///zone/i-01234567'), undefined)
  assert.equal(instance('aws:///a/b/i-01234567'), undefined)
  assert.equal(projectNode({ metadata: { name: 'i-01234567' } }).instanceId, undefined)
})

test('a closed node says who closed it', () => {
  const annotations = { 'eks-node-upgrade/cordoned-by': 'run-1' }
  const node = projectNode({ metadata: { name: 'n', annotations }, spec: { unschedulable: true } })
  assert.equal(node.schedulable, false)
  assert.equal(node.cordonedBy, 'run-1')
})

test('pressure that is true and readiness that is false are troubles; the rest is not', () => {
  const node = projectNode({
    status: {
      conditions: [
        { type: 'Ready', status: 'True', lastTransitionTime: at },
        { type: 'DiskPressure', status: 'True' },
        { type: 'MemoryPressure', status: 'False' },
        { type: 'NetworkingReady', status: 'True' },
        { type: 'StorageReady', status: 'False' },
        { type: 'DrainInProgress', status: 'True' }
      ]
    }
  })
  assert.deepEqual(node.troubles, ['DiskPressure', 'StorageReady'])
  assert.equal(node.readySinceAt, Date.parse(at))
})
