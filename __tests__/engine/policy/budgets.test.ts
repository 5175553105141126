import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Budget, IntOrPercent, Pod } from '../../../src/engine/model/cluster.ts'
import {
  allowedByStatus,
  allowedWhenHealthy,
  budgetsOf,
  budgetText,
  demandedHealthy,
  expectedPods,
  neverAllows,
  resolve,
  rollingBounds,
  strategyAllows,
  unreadyMayGo
} from '../../../src/engine/policy/budgets.ts'
import { indexCluster } from '../../../src/engine/policy/workloads.ts'
import { budget, deployment, directly, ofUnknownKind, pod, random, view } from '../plan/world.ts'

const nodes = (count: number) => Array.from({ length: count }, (_, number) => `n${number}`)

const demands: readonly [
  spec: { minAvailable?: IntOrPercent; maxUnavailable?: IntOrPercent },
  of: number,
  healthy: number
][] = [
  [{ minAvailable: 1 }, 1, 1],
  [{ minAvailable: '50%' }, 3, 2],
  [{ minAvailable: '90%' }, 10, 9],
  [{ minAvailable: '100%' }, 4, 4],
  [{ minAvailable: '0%' }, 4, 0],
  [{ maxUnavailable: '25%' }, 6, 4],
  [{ maxUnavailable: '10%' }, 10, 9],
  [{ maxUnavailable: '1%' }, 3, 2],
  [{ maxUnavailable: 0 }, 3, 3],
  [{ maxUnavailable: '0%' }, 3, 3],
  [{ maxUnavailable: 5 }, 3, 0],
  [{}, 3, 3]
]
for (const [spec, of, healthy] of demands) {
  test(`${budgetText(spec, of)} demands ${healthy} healthy pods`, () =>
    assert.equal(demandedHealthy(spec, of), healthy))
}

test('percentages round as the disruption controller rounds, for a thousand cases', () => {
  const next = random(7)
  for (let number = 0; number < 1000; number++) {
    const percent = next(101)
    const total = next(500)
    const up = resolve(`${percent}%`, total, 'up')
    const down = resolve(`${percent}%`, total, 'down')
    assert.ok(up * 100 >= percent * total && (up - 1) * 100 < percent * total, `${percent}% of ${total} up: ${up}`)
    assert.ok(
      down * 100 <= percent * total && (down + 1) * 100 > percent * total,
      `${percent}% of ${total} down: ${down}`
    )
  }
})

test('what a budget allows and what it demands are all of its pods, for a thousand cases', () => {
  const next = random(11)
  for (let number = 0; number < 1000; number++) {
    const total = next(60)
    const value: IntOrPercent = next(2) === 0 ? next(70) : `${next(101)}%`
    const spec = next(2) === 0 ? { minAvailable: value } : { maxUnavailable: value }
    const allowed = allowedWhenHealthy(spec, total)
    assert.ok(allowed >= 0 && allowed <= total, `${JSON.stringify(spec)} of ${total}: ${allowed}`)
    if (demandedHealthy(spec, total) <= total) assert.equal(allowed + demandedHealthy(spec, total), total)
  }
})

test('a workload never gives its last pod by its own strategy, for a thousand cases', () => {
  const next = random(13)
  for (let number = 0; number < 1000; number++) {
    const replicas = next(30) + 1
    const maxUnavailable: IntOrPercent = next(2) === 0 ? next(40) : `${next(101)}%`
    const maxSurge: IntOrPercent = next(2) === 0 ? next(40) : `${next(101)}%`
    const shop = deployment('shop', nodes(replicas), { strategy: { type: 'RollingUpdate', maxUnavailable, maxSurge } })
    const index = indexCluster(view(shop))
    const allowed = strategyAllows(index.ownerOf(shop.pods[0] ?? pod('')), index)
    assert.ok(allowed >= 0 && allowed < replicas, `${maxUnavailable} of ${replicas}: ${allowed}`)
    const { surge, unavailable } = rollingBounds({
      replicas,
      strategy: { type: 'RollingUpdate', maxUnavailable, maxSurge }
    })
    assert.ok(surge + unavailable > 0, 'a rollout can always go on')
  }
})

test('a value that cannot be read is none', () => {
  assert.equal(resolve('many', 10, 'up'), 0)
  assert.equal(resolve('3', 10, 'up'), 3)
  assert.equal(resolve('29%', 100, 'down'), 29)
})

const strategies: readonly [
  sentence: string,
  replicas: number,
  strategy: { type: string; maxUnavailable?: IntOrPercent; maxSurge?: IntOrPercent },
  allowed: number
][] = [
  ['25 % of eight are two', 8, { type: 'RollingUpdate', maxUnavailable: '25%', maxSurge: '25%' }, 2],
  [
    '25 % of two are one, since a percentage does not mean never',
    2,
    { type: 'RollingUpdate', maxUnavailable: '25%', maxSurge: '25%' },
    1
  ],
  ['25 % of one are none', 1, { type: 'RollingUpdate', maxUnavailable: '25%', maxSurge: '25%' }, 0],
  ['defaults are 25 %', 8, { type: 'RollingUpdate' }, 2],
  ['0 is never', 4, { type: 'RollingUpdate', maxUnavailable: 0, maxSurge: 1 }, 0],
  ['0 % is never', 4, { type: 'RollingUpdate', maxUnavailable: '0%', maxSurge: 1 }, 0],
  ['100 % leave one', 4, { type: 'RollingUpdate', maxUnavailable: '100%', maxSurge: 0 }, 3],
  ['Recreate gives one at a time', 4, { type: 'Recreate' }, 1]
]
for (const [sentence, replicas, strategy, allowed] of strategies) {
  test(`where no budget speaks: ${sentence}`, () => {
    const shop = deployment('shop', nodes(replicas), { strategy })
    const index = indexCluster(view(shop))
    assert.equal(strategyAllows(index.ownerOf(shop.pods[0] ?? pod('')), index), allowed)
  })
}

test('where no budget speaks, other kinds give one at a time', () => {
  for (const parts of [
    directly('StatefulSet', 'db', nodes(3)),
    directly('ReplicaSet', 'rs', nodes(3)),
    ofUnknownKind('x', nodes(3))
  ]) {
    const index = indexCluster(view(parts))
    assert.equal(strategyAllows(index.ownerOf(parts.pods[0] ?? pod('')), index), 1)
  }
})

test('surge and unavailable that both come out as 0 mean one unavailable', () => {
  const strategy = { type: 'RollingUpdate', maxUnavailable: '1%', maxSurge: 0 }
  assert.deepEqual(rollingBounds({ replicas: 3, strategy }), { surge: 0, unavailable: 1 })
})

test('a budget selects by labels in its own namespace, an empty selector all, none nothing', () => {
  const one = pod('p', { labels: { app: 'shop' } })
  const all = budget('all', { minAvailable: 1 }, { selector: { matchLabels: {}, matchExpressions: [] } })
  const none = budget('none', { minAvailable: 1 }, { selector: undefined })
  const foreign = budget('shop', { minAvailable: 1 }, { namespace: 'team-b', name: 'foreign' })
  const index = indexCluster(view({ pods: [one], budgets: [budget('shop', { minAvailable: 1 }), all, none, foreign] }))
  assert.deepEqual(
    budgetsOf(one, index).map(({ name }) => name),
    ['shop', 'all']
  )
})

test('a budget expects the replicas of all workloads that it selects', () => {
  const shop = deployment('shop', nodes(3), { replicas: 5 })
  const index = indexCluster(view(shop, { budgets: [budget('shop', { minAvailable: 5 })] }))
  const [one] = index.view.budgets
  assert.ok(one)
  assert.equal(expectedPods(one, index), 5)
  assert.equal(neverAllows(one, index), true)
})

test("for a kind that nobody watches the disruption controller's own count is taken", () => {
  const database = ofUnknownKind('db', nodes(2))
  const index = indexCluster(view(database))
  assert.equal(expectedPods(budget('db', { minAvailable: 1 }, { expectedPods: 3 }), index), 3)
  assert.equal(expectedPods(budget('db', { minAvailable: 1 }, { expectedPods: 3, generation: 2 }), index), 2)
})

test('a status that lags behind its budget allows nothing', () => {
  assert.equal(allowedByStatus(budget('a', {}, { disruptionsAllowed: 2 })), 2)
  assert.equal(allowedByStatus(budget('a', {}, { disruptionsAllowed: 2, generation: 2 })), 0)
  assert.equal(allowedByStatus(budget('a', {}, { disruptionsAllowed: -1 })), 0)
})

test('a budget says what it asks for', () => {
  assert.equal(budgetText({ minAvailable: 1 }, 1), 'minAvailable 1 of 1')
  assert.equal(budgetText({ maxUnavailable: '25%' }, 6), 'maxUnavailable 25% of 6')
})

const unready: readonly [sentence: string, phase: Pod['phase'], budgets: readonly Budget[], expected: boolean][] = [
  ['without a budget may go', 'Running', [], true],
  [
    'that is Pending is not asked for by budgets',
    'Pending',
    [budget('a', {}, { disruptionsAllowed: 0, currentHealthy: 0 })],
    true
  ],
  [
    'of a budget that has the pods it demands may go',
    'Running',
    [budget('a', {}, { disruptionsAllowed: 0, currentHealthy: 2, desiredHealthy: 2 })],
    true
  ],
  [
    'of a budget that demands none may not, unless it allows a disruption',
    'Running',
    [budget('a', {}, { disruptionsAllowed: 0, currentHealthy: 0, desiredHealthy: 0 })],
    false
  ],
  [
    'of a budget that lacks pods may not',
    'Running',
    [budget('a', {}, { disruptionsAllowed: 0, currentHealthy: 1, desiredHealthy: 2 })],
    false
  ],
  [
    'may always go with AlwaysAllow',
    'Running',
    [
      budget(
        'a',
        {},
        { disruptionsAllowed: 0, currentHealthy: 0, desiredHealthy: 2, unhealthyPodEvictionPolicy: 'AlwaysAllow' }
      )
    ],
    true
  ]
]
for (const [sentence, phase, budgets, expected] of unready)
  test(`a pod that is not ready ${sentence}`, () => assert.equal(unreadyMayGo({ phase }, budgets), expected))
