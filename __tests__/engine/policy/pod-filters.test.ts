import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Pod } from '../../../src/engine/model/cluster.ts'
import { judgePod, type PodSettings } from '../../../src/engine/policy/pod-filters.ts'
import { indexCluster } from '../../../src/engine/policy/workloads.ts'
import { ownerOf, pod, settings, view, workload } from '../plan/world.ts'

const daemonSet = workload('DaemonSet', 'agent')
const job = workload('Job', 'report')
const set = workload('ReplicaSet', 'web-1')
const index = indexCluster(view({ workloads: [daemonSet, job, set], terminatingNamespaces: ['going'] }))
const orphan = { ...ownerOf(daemonSet), uid: 'gone' }

const cases: readonly [sentence: string, pod: Partial<Pod>, settings: Partial<PodSettings>, expected: string][] = [
  ['a static pod is left', { mirror: true }, {}, 'leave mirror'],
  ['a finished pod is left', { phase: 'Succeeded', owner: ownerOf(set) }, {}, 'leave finished'],
  ['a failed pod without a controller is left', { phase: 'Failed' }, {}, 'leave finished'],
  [
    'a finished pod with an emptyDir is left',
    { phase: 'Failed', emptyDir: true },
    { emptydirData: 'refuse' },
    'leave finished'
  ],
  ['a pod of a DaemonSet is left', { owner: ownerOf(daemonSet) }, {}, 'leave daemonset'],
  [
    'a pod of a DaemonSet that is being deleted is left',
    { owner: ownerOf(daemonSet), deletingAt: 1 },
    {},
    'leave daemonset'
  ],
  ['a pod of a DaemonSet that is gone is refused', { owner: orphan }, {}, 'refuse orphan-daemonset'],
  [
    'a pod of a DaemonSet that is gone moves if allowed',
    { owner: orphan },
    { podsWithoutController: 'evict' },
    'move orphan-daemonset'
  ],
  ['a pod on its way out is waited for', { deletingAt: 1 }, {}, 'wait deleting'],
  [
    'a pod of a namespace on its way out is waited for',
    { namespace: 'going', owner: ownerOf(set) },
    {},
    'wait namespace-terminating'
  ],
  ['a bare pod is refused', {}, {}, 'refuse no-controller'],
  ['a bare pod moves if allowed', {}, { podsWithoutController: 'evict' }, 'move no-controller'],
  [
    'a bare pod with an emptyDir is refused as bare',
    { emptyDir: true },
    { emptydirData: 'refuse' },
    'refuse no-controller'
  ],
  ['a Job is waited for', { owner: ownerOf(job) }, {}, 'wait job'],
  ['a Job moves if asked', { owner: ownerOf(job) }, { jobs: 'evict' }, 'move job'],
  [
    'a Job that is waited for keeps its emptyDir',
    { owner: ownerOf(job), emptyDir: true },
    { emptydirData: 'refuse' },
    'wait job'
  ],
  [
    'a Job with an emptyDir is refused if it would move',
    { owner: ownerOf(job), emptyDir: true },
    { jobs: 'evict', emptydirData: 'refuse' },
    'refuse emptydir'
  ],
  ['a pod with an emptyDir moves', { owner: ownerOf(set), emptyDir: true }, {}, 'move controlled'],
  [
    'a pod with an emptyDir is refused if asked',
    { owner: ownerOf(set), emptyDir: true },
    { emptydirData: 'refuse' },
    'refuse emptydir'
  ],
  [
    'a pod of a kind that nobody watches moves',
    { owner: { apiVersion: 'x/v1', kind: 'X', name: 'x', uid: 'x' } },
    {},
    'move controlled'
  ],
  ['a pod of a ReplicaSet moves', { owner: ownerOf(set) }, {}, 'move controlled']
]
for (const [sentence, over, changed, expected] of cases) {
  test(sentence, () => {
    const verdict = judgePod(pod('p', over), { ...settings, ...changed }, index)
    assert.equal(`${verdict.kind} ${verdict.rule}`, expected)
    assert.notEqual(verdict.why, '')
  })
}
