import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ClusterView } from '../../../src/engine/model/cluster.ts'
import { forecast } from '../../../src/engine/plan/forecast.ts'
import { type MoveSettings, surveyMoves } from '../../../src/engine/plan/planned-moves.ts'
import { workloadBlockers, workloadWarnings } from '../../../src/engine/plan/workload-blockers.ts'
import { indexCluster } from '../../../src/engine/policy/workloads.ts'
import { budget, deployment, directly, ofUnknownKind, pod, settings, view } from './world.ts'

const nodes = (count: number) => Array.from({ length: count }, (_, number) => `n${number}`)
const outgoing = new Set(nodes(10))

function survey(parts: readonly Partial<ClusterView>[], over: Partial<MoveSettings> = {}) {
  const index = indexCluster(view(...parts))
  const moves = surveyMoves(index, outgoing, { ...settings, ...over })
  return {
    ...moves,
    rows: moves.moves.map(({ workload, pods, how, pace }) => `${workload} ${pods} ${how}: ${pace}`),
    blockers: workloadBlockers(moves.workloads, index),
    warnings: workloadWarnings(moves.workloads, index)
  }
}

test('each workload is told with its pods, its way and its pace, and what moves comes first', () => {
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
    'team-a/payments 6 evict: 1 of 6 at a time (budget payments)',
    'team-a/database/x 2 evict: 1 of 2 at a time (its strategy)',
    'team-a/statefulset/db 2 evict: 1 of 2 at a time (its strategy)',
    'team-a/ledger 1 restart: rolling restart: it has one replica',
    'team-a/job/report 1 wait: its Job is waited for',
    'team-a/daemonset/agent 3 leave: its DaemonSet would recreate it on the same node',
    'team-a/pod/static 1 leave: the kubelet of its node owns it'
  ])
  assert.deepEqual([podsToMove, workloadsToMove, daemonSetPods, emptyDirPods], [11, 4, 3, 6])
})

test('only pods on outgoing nodes move', () => {
  const { rows } = survey([deployment('a', ['n1', 'other', 'other'])])
  assert.deepEqual(rows, ['team-a/a 1 evict: 1 of 3 at a time (its strategy)'])
})

test('the estimate is the slowest workload and what every upgrade takes', () => {
  const { moves } = survey([
    deployment('slow', nodes(6)),
    { budgets: [budget('slow', { maxUnavailable: 1 })] },
    deployment('fast', nodes(4))
  ])
  assert.equal(moves[0]?.estimateMs, 180_000)
  const time = forecast(moves, 6, settings)
  assert.equal(time.longest, 'team-a/slow (1 of 6 at a time (budget slow))')
  // Two waves of 2.5 min, the move, the soak of 3 min, a minute for the end.
  assert.equal(time.estimateMs, (5 + 3 + 3 + 1) * 60_000)
  assert.equal(forecast([], 6, { ...settings, canaryNodes: 0 }).longest, undefined)
})

const never = { budgets: [budget('a', { minAvailable: '100%' })] }
const blocked: readonly [
  sentence: string,
  parts: readonly Partial<ClusterView>[],
  over: Partial<MoveSettings>,
  expected: readonly string[]
][] = [
  ['nothing', [deployment('a', nodes(3))], {}, []],
  ['a budget that never allows', [deployment('a', nodes(4)), never], {}, ['budget-never-allows team-a/a']],
  [
    'a budget that never allows, with consent',
    [deployment('a', nodes(3)), never],
    { allowDowntime: ['team-a/deployment/a'] },
    []
  ],
  ['a budget that never allows, surged', [deployment('a', ['n1']), never], {}, []],
  ['a budget that never allows on pods elsewhere', [deployment('a', ['other', 'more', 'yet']), never], {}, []],
  [
    'two budgets',
    [
      deployment('a', nodes(3)),
      { budgets: [budget('a', { maxUnavailable: 1 }), budget('a', { minAvailable: 1 }, { name: 'b' })] }
    ],
    {},
    ['two-budgets team-a/a']
  ],
  [
    'two budgets on the pods of a DaemonSet',
    [directly('DaemonSet', 'a', nodes(3)), { budgets: [budget('a', {}), budget('a', {}, { name: 'b' })] }],
    {},
    []
  ],
  ['a bare pod', [{ pods: [pod('p', { nodeName: 'n1' })] }], {}, ['no-controller team-a/p']],
  ['a bare pod that may go', [{ pods: [pod('p', { nodeName: 'n1' })] }], { podsWithoutController: 'evict' }, []],
  [
    'an emptyDir',
    [deployment('a', nodes(3), {}, { emptyDir: true })],
    { emptydirData: 'refuse' },
    ['emptydir team-a/a']
  ],
  ['a single StatefulSet', [directly('StatefulSet', 'db', ['n1'])], {}, ['would-go-down team-a/statefulset/db']],
  [
    'maxUnavailable 0 that cannot be surged',
    [deployment('a', ['n1', 'other'], { strategy: { type: 'RollingUpdate', maxUnavailable: 0, maxSurge: 1 } })],
    {},
    ['strategy-never-allows team-a/a']
  ],
  [
    'all of it at once',
    [deployment('a', nodes(4)), never, directly('StatefulSet', 'db', ['n1']), { pods: [pod('p', { nodeName: 'n1' })] }],
    {},
    ['budget-never-allows team-a/a', 'would-go-down team-a/statefulset/db', 'no-controller team-a/p']
  ]
]
for (const [sentence, parts, over, expected] of blocked) {
  test(`workloads in the way: ${sentence}`, () => {
    const { blockers } = survey(parts, over)
    assert.deepEqual(
      blockers.map(({ rule, object }) => `${rule} ${object}`),
      expected
    )
    for (const one of blockers) assert.ok(one.remedies.length > 0, `${one.rule} has a remedy`)
  })
}

test('a budget that never allows names itself and three ways out', () => {
  const [found] = survey([
    directly('StatefulSet', 'db', ['n1']),
    { budgets: [budget('db', { minAvailable: 1 })] }
  ]).blockers
  assert.match(found?.reason ?? '', /budget db never allows an eviction \(minAvailable 1 of 1\)/)
  assert.deepEqual(found?.remedies, [
    '--allow-downtime team-a/statefulset/db',
    'kubectl -n team-a scale statefulset/db --replicas 2',
    `kubectl -n team-a patch pdb db --type merge -p '{"spec":{"minAvailable":null,"maxUnavailable":1}}'`
  ])
})

test('consent is not offered where no consent would help', () => {
  const [found] = survey([deployment('a', nodes(4), { paused: true }), never]).blockers
  assert.ok(!found?.remedies.some((remedy) => remedy.startsWith('--allow-downtime')))
})

const warned: readonly [
  sentence: string,
  parts: readonly Partial<ClusterView>[],
  over: Partial<MoveSettings>,
  expected: readonly string[]
][] = [
  [
    'a budget that is below its minimum',
    [deployment('a', nodes(3)), { budgets: [budget('a', { maxUnavailable: 1 }, { disruptionsAllowed: 0 })] }],
    {},
    ['budget-blocked-now team-a/a']
  ],
  [
    'a workload that tolerates cordoned nodes',
    [deployment('a', nodes(3), {}, { placement: { ...pod('').placement, tolerations: [{ operator: 'Exists' }] } })],
    {},
    ['tolerates-cordoned-nodes team-a/a']
  ],
  ['a Job that is waited for', [directly('Job', 'j', ['n1', 'n2'])], {}, ['job-waits team-a/job/j']],
  [
    'a workload that may be down',
    [directly('StatefulSet', 'db', ['n1'])],
    { allowDowntime: ['**'] },
    ['may-go-down team-a/statefulset/db']
  ]
]
for (const [sentence, parts, over, expected] of warned) {
  test(`worth knowing: ${sentence}`, () => {
    const { blockers, warnings } = survey(parts, over)
    assert.deepEqual(blockers, [])
    assert.deepEqual(
      warnings.map(({ rule, object }) => `${rule} ${object}`),
      expected
    )
  })
}
