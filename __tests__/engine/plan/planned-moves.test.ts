import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ClusterView } from '../../../src/engine/model/cluster.ts'
import { forecast, replacementMs } from '../../../src/engine/plan/forecast.ts'
import { type MoveSettings, surveyMoves } from '../../../src/engine/plan/planned-moves.ts'
import { indexCluster } from '../../../src/engine/policy/workloads.ts'
import { budget, deployment, directly, node, ofUnknownKind, pod, settings, view } from './world.ts'

const nodes = (count: number) => Array.from({ length: count }, (_, number) => `n${number}`)
const outgoing = new Set(nodes(10))

function survey(parts: readonly Partial<ClusterView>[], over: Partial<MoveSettings> = {}) {
  const index = indexCluster(view(...parts))
  const moves = surveyMoves(index, outgoing, { ...settings, ...over })
  return {
    ...moves,
    rows: moves.moves.map(({ workload, pods, how, pace }) => `${workload} ${pods} ${how}: ${pace}`)
  }
}

test('each workload is listed with its pods, its method and its pace, and what moves comes first', () => {
  const { rows, podsToMove, workloadsToMove, daemonSetPods, emptyDirPods } = survey([
    deployment('payments', nodes(6), {}, { emptyDir: true }),
    { budgets: [budget('payments', { maxUnavailable: 1 })] },
    deployment('ledger', ['n1']),
    directly('StatefulSet', 'db', nodes(2)),
    directly('DaemonSet', 'agent', nodes(3)),
    directly('Job', 'report', ['n1']),
    ofUnknownKind('x', ['n1', 'n2']),
    {
      pods: [
        pod('static', { mirror: true, nodeName: 'n1' }),
        pod('elsewhere', { nodeName: 'other' }),
        pod('done', { phase: 'Succeeded', nodeName: 'n1' })
      ]
    }
  ])
  assert.deepEqual(rows, [
    'team-a/payments 6 evict: budget payments: 1 of 6 at a time',
    'team-a/database/x 2 evict: its strategy: 1 of 2 at a time',
    'team-a/statefulset/db 2 evict: its strategy: 1 of 2 at a time',
    'team-a/ledger 1 restart: rolling restart: it has one replica',
    'team-a/job/report 1 wait: its Job is waited for',
    'team-a/daemonset/agent 3 leave: its DaemonSet would recreate it on the same node',
    'team-a/pod/static 1 leave: the kubelet of its node owns it'
  ])
  assert.deepEqual([podsToMove, workloadsToMove, daemonSetPods, emptyDirPods], [11, 4, 3, 6])
})

test('only pods on outgoing nodes move', () => {
  const { rows } = survey([deployment('a', ['n1', 'other', 'other'])])
  assert.deepEqual(rows, ['team-a/a 1 evict: its strategy: 1 of 3 at a time'])
})

test('the estimate is the slowest workload and what every upgrade takes', () => {
  const { moves } = survey([
    deployment('slow', nodes(6)),
    { budgets: [budget('slow', { maxUnavailable: 1 })] },
    deployment('fast', nodes(4))
  ])
  // Six times a pod that is there after 2 s and starts at once.
  assert.equal(moves[0]?.estimateMs, 6 * 2_000)
  const time = forecast(moves, [], 6, settings)
  assert.equal(time.longest, 'team-a/slow (budget slow: 1 of 6 at a time)')
  // Two waves of 45 s and 30 s of being stable, the drain, the soak of 3 min, 40 s for the end.
  assert.equal(time.estimateMs, (2 * (45 + 30) + 12 + 180 + 40) * 1000)
  assert.equal(forecast([], [], 6, { ...settings, canaryNodes: 0 }).longest, undefined)
})

test('the estimate knows how long the present pods and nodes took to become ready', () => {
  const started = (seconds: number) => pod('p', { readySinceAt: seconds * 1000 })
  assert.equal(replacementMs([started(10), started(12), started(90_000)], 5), (2 + 12 + 5) * 1000)
  assert.equal(replacementMs([pod('p', { ready: false })]), (2 + 20) * 1000, 'nothing is known')
  assert.equal(replacementMs([pod('p', { claims: ['data'] })]), (2 + 20) * 1000, 'a volume follows')
  const slowNodes = [node('n1', { readySinceAt: 30_000 })]
  const calm = { canaryNodes: 0, stableMs: 0, soakMs: 0 }
  assert.equal(forecast([], slowNodes, 1, calm).estimateMs, (45 + 30 + 40) * 1000)
})

test('more nodes than one wave launches take several', () => {
  const calm = { canaryNodes: 1, stableMs: 0, soakMs: 0 }
  assert.equal(forecast([], [], 250, calm).estimateMs, (4 * 45 + 40) * 1000)
})
