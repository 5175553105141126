import assert from 'node:assert/strict'
import { test } from 'node:test'
import { projectPod } from '../../src/kubernetes/projection/pod.ts'
import type { RawPod } from '../../src/kubernetes/projection/raw.ts'

const startTime = '2026-11-24T10:00:00Z'
const ready = (status: string, lastTransitionTime: string) => [{ type: 'Ready', status, lastTransitionTime }]
const running = (conditions: NonNullable<RawPod['status']>['conditions']): RawPod => ({
  status: { phase: 'Running', startTime, conditions }
})

test('a pod that has not been ready since it was accepted was never ready', () => {
  assert.equal(projectPod(running(ready('False', startTime))).neverReady, true)
  assert.equal(projectPod(running(ready('False', '2026-11-24T10:00:01Z'))).neverReady, true)
  assert.equal(projectPod(running([])).neverReady, true)
  assert.equal(projectPod({ status: { phase: 'Pending', conditions: ready('False', startTime) } }).neverReady, true)
})

test('a pod that lost its readiness later was ready once, and so was one of which too little is known', () => {
  assert.equal(projectPod(running(ready('False', '2026-11-24T10:00:30Z'))).neverReady, false)
  assert.equal(projectPod(running(ready('True', startTime))).neverReady, false)
  const unstarted = { status: { phase: 'Running', conditions: ready('False', startTime) } }
  assert.equal(projectPod(unstarted).neverReady, false)
  assert.equal(projectPod(running([{ type: 'Ready', status: 'False' }])).neverReady, false)
})

test('an empty object is a pod that is nowhere, of unknown phase, and not ready', () => {
  const pod = projectPod({})
  assert.equal(pod.phase, 'Unknown')
  assert.equal(pod.ready, false)
  assert.equal(pod.nodeName, undefined)
  assert.equal(pod.deletingAt, undefined)
  assert.equal(pod.owner, undefined)
})

test('only the owner that is the controller counts', () => {
  const reference = { apiVersion: 'v1', name: 'x', uid: 'u' }
  const ownerReferences = [
    { ...reference, kind: 'Node' },
    { ...reference, kind: 'ReplicaSet', controller: true }
  ]
  assert.equal(projectPod({ metadata: { ownerReferences } }).owner?.kind, 'ReplicaSet')
})

test('a crash loop tells the last words of the container and its exit code', () => {
  const pod = projectPod({
    status: {
      containerStatuses: [
        {
          name: 'app',
          restartCount: 4,
          state: { waiting: { reason: 'CrashLoopBackOff', message: 'back-off 40s restarting failed container' } },
          lastState: { terminated: { reason: 'Error', exitCode: 1, message: 'GLIBC_2.38 not found' } }
        }
      ]
    }
  })
  assert.deepEqual(pod.troubles, [
    { container: 'app', reason: 'CrashLoopBackOff', message: 'GLIBC_2.38 not found', exitCode: 1, restarts: 4 }
  ])
  assert.equal(pod.restarts, 4)
})

test('a container between two crashes is in trouble; one that starts, serves or has finished is not', () => {
  const troubles = (status: object) => projectPod({ status: { containerStatuses: [status] } }).troubles
  const crashed = { terminated: { reason: 'OOMKilled', exitCode: 137 } }
  assert.equal(troubles({ ready: false, state: { running: {} }, lastState: crashed })[0]?.reason, 'OOMKilled')
  assert.deepEqual(troubles({ ready: true, state: { running: {} }, lastState: crashed }), [])
  assert.deepEqual(troubles({ state: { waiting: { reason: 'ContainerCreating' } } }), [])
  assert.deepEqual(troubles({ state: { terminated: { reason: 'Completed', exitCode: 0 } } }), [])
  assert.equal(troubles({ state: { waiting: { reason: 'ImagePullBackOff' } } })[0]?.reason, 'ImagePullBackOff')
})

test('a failing init container is a trouble, too', () => {
  const state = { terminated: { reason: 'Error', exitCode: 2 } }
  const pod = projectPod({ status: { initContainerStatuses: [{ name: 'migrate', state }] } })
  assert.equal(pod.troubles[0]?.container, 'migrate')
})

test('the scheduler says why a pod fits nowhere', () => {
  const failed = { type: 'PodScheduled', status: 'False', lastTransitionTime: startTime, message: '0/3 nodes' }
  const of = (reason: string) => projectPod({ status: { conditions: [{ ...failed, reason }] } }).unschedulable
  assert.deepEqual(of('Unschedulable'), { message: '0/3 nodes', sinceAt: Date.parse(startTime) })
  assert.equal(of('SchedulingGated'), undefined)
})

test('claims are named, those of ephemeral volumes included; emptyDir, mirror and deletion are seen', () => {
  const pod = projectPod({
    metadata: {
      name: 'db-0',
      annotations: { 'kubernetes.io/config.mirror': 'x' },
      deletionTimestamp: '2026-11-24T10:00:30Z'
    },
    spec: {
      volumes: [
        { name: 'data', persistentVolumeClaim: { claimName: 'data-db-0' } },
        { name: 'scratch', ephemeral: {} },
        { name: 'tmp', emptyDir: {} }
      ]
    }
  })
  assert.deepEqual(pod.claims, ['data-db-0', 'db-0-scratch'])
  assert.equal(pod.emptyDir, true)
  assert.equal(pod.mirror, true)
  assert.equal(pod.deletingAt, Date.parse('2026-11-24T10:00:30Z'))
})
