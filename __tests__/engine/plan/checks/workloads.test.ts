import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ClusterView } from '../../../../src/engine/model/cluster.ts'
import { budgets } from '../../../../src/engine/plan/checks/budgets.ts'
import { pods } from '../../../../src/engine/plan/checks/pods.ts'
import { workloads } from '../../../../src/engine/plan/checks/workloads.ts'
import { type MoveSettings, surveyMoves } from '../../../../src/engine/plan/planned-moves.ts'
import { indexCluster } from '../../../../src/engine/policy/workloads.ts'
import { assertRemedies, budget, deployment, directly, namesOf, pod, settings, view } from '../world.ts'

const nodes = (count: number) => Array.from({ length: count }, (_, number) => `n${number}`)
const outgoing = new Set(nodes(10))

/** What the families of budgets, workloads and pods say. */
function find(parts: readonly Partial<ClusterView>[], over: Partial<MoveSettings> = {}) {
  const index = indexCluster(view(...parts))
  const moves = surveyMoves(index, outgoing, { ...settings, ...over })
  const found = [budgets({ moves, index }), workloads({ moves, index }), pods({ moves })]
  return {
    blockers: found.flatMap(({ blockers }) => blockers),
    warnings: found.flatMap(({ warnings }) => warnings)
  }
}

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
  [
    'pods of a DaemonSet that does not exist',
    [{ pods: directly('DaemonSet', 'gone', nodes(2)).pods }],
    {},
    ['orphan-daemonset team-a/daemonset/gone']
  ],
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
  test(`workloads that block: ${sentence}`, () => {
    const { blockers } = find(parts, over)
    assert.deepEqual(namesOf(blockers), expected)
    assertRemedies(blockers)
  })
}

test('a budget that never allows names itself and what helps, and no remedy changes the budget', () => {
  const [found] = find([
    directly('StatefulSet', 'db', ['n1']),
    { budgets: [budget('db', { minAvailable: 1 })] }
  ]).blockers
  assert.match(found?.reason ?? '', /budget db never allows an eviction \(minAvailable 1 of 1\)/)
  assert.deepEqual(found?.remedies, [
    'Accept a short downtime with `--allow-downtime team-a/statefulset/db`.',
    'Let the budget allow one eviction if all pods are ready, wherever the budget is defined.',
    'kubectl -n team-a describe pdb db'
  ])
})

const oneReplica = (over: Parameters<typeof deployment>[2], podOver: Parameters<typeof deployment>[3] = {}) =>
  find([deployment('a', ['n1'], { strategy: { type: 'Recreate' }, ...over }, podOver)]).blockers[0]?.remedies ?? []

test('a second replica is offered only to a Deployment that can have one', () => {
  const scales = (remedies: readonly string[]) => remedies.some((remedy) => remedy.includes(' scale '))
  assert.ok(scales(oneReplica({})))
  assert.ok(!scales(oneReplica({}, { claims: ['data'] })), 'its volume can be used on one node only')
  const operator = { apiVersion: 'example.io/v1', kind: 'Operator', name: 'o', uid: 'o' }
  assert.ok(!scales(oneReplica({ owner: operator })), 'an operator owns it')
})

test('consent is not offered if consent would not help', () => {
  const [found] = find([deployment('a', nodes(4), { paused: true }), never]).blockers
  assert.ok(!found?.remedies.some((remedy) => remedy.includes('--allow-downtime')))
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
    const { blockers, warnings } = find(parts, over)
    assert.deepEqual(blockers, [])
    assert.deepEqual(namesOf(warnings), expected)
    assertRemedies(warnings.filter(({ remedies }) => remedies.length > 0))
  })
}
