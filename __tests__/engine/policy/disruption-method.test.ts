import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Budget, ClusterView, Pod, Volume } from '../../../src/engine/model/cluster.ts'
import {
  allowedNow,
  isAvailable,
  type Method,
  methodOf,
  restartHindrance
} from '../../../src/engine/policy/disruption-method.ts'
import { surgeable } from '../../../src/engine/policy/rolling-restart.ts'
import { indexCluster } from '../../../src/engine/policy/workloads.ts'
import { budget, deployment, directly, ofUnknownKind, pod, view } from '../plan/world.ts'

const nodes = (count: number) => Array.from({ length: count }, (_, number) => `n${number}`)
const from = new Set(nodes(20))

function decide(
  parts: { pods: readonly Pod[] } & Partial<ClusterView>,
  budgets: readonly Budget[] = [],
  allowDowntime: readonly string[] = []
) {
  const index = indexCluster(view(parts, { budgets }))
  const owner = index.ownerOf(parts.pods[0] ?? pod(''))
  const moving = parts.pods.filter((one) => one.nodeName !== undefined && from.has(one.nodeName))
  const method = methodOf({ owner, pods: moving, index, sides: { from }, settings: { allowDowntime } })
  return { index, owner, method }
}

function told(method: Method): string {
  if (method.how === 'evict') return `evict ${method.limit} (${method.source})${method.mayGoDown ? ' may go down' : ''}`
  if (method.how === 'restart') return `restart${method.mayGoDown ? ' may go down' : ''}`
  return `refuse ${method.rule}`
}

const zero = { type: 'RollingUpdate', maxUnavailable: 0, maxSurge: 1 }
const recreate = { type: 'Recreate' }
const unready = { ready: false, neverReady: true }
const cases: readonly [sentence: string, got: () => Method, expected: string][] = [
  [
    'a Deployment with a budget goes within it',
    () => decide(deployment('a', nodes(8)), [budget('a', { maxUnavailable: '25%' })]).method,
    'evict 2 (budget a)'
  ],
  [
    'a budget that lets all go leaves one all the same',
    () => decide(deployment('a', nodes(4)), [budget('a', { maxUnavailable: '100%' })]).method,
    'evict 3 (budget a)'
  ],
  [
    'a Deployment without a budget goes by its strategy',
    () => decide(deployment('a', nodes(8))).method,
    'evict 2 (its strategy)'
  ],
  [
    'a StatefulSet goes one at a time',
    () => decide(directly('StatefulSet', 'db', nodes(5)), [budget('db', { maxUnavailable: 3 })]).method,
    'evict 1 (budget db)'
  ],
  [
    'pods with volumes go one at a time',
    () => decide(deployment('a', nodes(8), {}, { claims: ['data'] })).method,
    'evict 1 (its strategy)'
  ],
  [
    'a kind that nobody watches goes one at a time',
    () => decide(ofUnknownKind('x', nodes(4))).method,
    'evict 1 (its strategy)'
  ],
  [
    'a workload of which no pod is ready may lose them one by one: it serves no requests',
    () => decide(deployment('a', nodes(8), {}, unready)).method,
    'evict 1 (no budget) may go down'
  ],
  [
    'the same with a budget that would let one go',
    () => decide(deployment('a', nodes(8), {}, unready), [budget('a', { maxUnavailable: 2 })]).method,
    'evict 1 (budget a) may go down'
  ],
  ['a single replica is restarted', () => decide(deployment('a', ['n1'])).method, 'restart'],
  [
    'a single replica is restarted although its budget would let it go',
    () => decide(deployment('a', ['n1']), [budget('a', { maxUnavailable: 1 })]).method,
    'restart'
  ],
  [
    'a single replica whose budget never allows is restarted',
    () => decide(deployment('a', ['n1']), [budget('a', { minAvailable: 1 })]).method,
    'restart'
  ],
  [
    'a single replica with Recreate is refused',
    () => decide(deployment('a', ['n1'], { strategy: recreate })).method,
    'refuse would-go-down'
  ],
  [
    'a single replica with Recreate is evicted with consent',
    () => decide(deployment('a', ['n1'], { strategy: recreate }), [], ['team-a/deployment/a']).method,
    'evict 1 (allow-downtime) may go down'
  ],
  [
    'a single replica that is down takes nothing away',
    () => decide(deployment('a', ['n1'], { strategy: recreate }, unready)).method,
    'evict 1 (no budget) may go down'
  ],
  [
    'a single StatefulSet is refused',
    () => decide(directly('StatefulSet', 'db', ['n1'])).method,
    'refuse would-go-down'
  ],
  [
    'a single StatefulSet is evicted with consent',
    () => decide(directly('StatefulSet', 'db', ['n1']), [], ['team-a/statefulset/*']).method,
    'evict 1 (allow-downtime) may go down'
  ],
  [
    'a StatefulSet whose budget never allows is restarted with consent',
    () => decide(directly('StatefulSet', 'db', nodes(3)), [budget('db', { maxUnavailable: 0 })], ['**']).method,
    'restart may go down'
  ],
  [
    'a StatefulSet with OnDelete cannot be restarted',
    () =>
      decide(
        directly('StatefulSet', 'db', nodes(3), { strategy: { type: 'OnDelete' } }),
        [budget('db', { maxUnavailable: 0 })],
        ['**']
      ).method,
    'refuse budget-never-allows'
  ],
  [
    'a budget that never allows is refused without consent',
    () => decide(deployment('a', nodes(4)), [budget('a', { minAvailable: '100%' })]).method,
    'refuse budget-never-allows'
  ],
  [
    'a budget that never allows is restarted with consent',
    () => decide(deployment('a', nodes(4)), [budget('a', { minAvailable: '100%' })], ['team-a/deployment/a']).method,
    'restart may go down'
  ],
  [
    'a paused Deployment is not restarted even with consent',
    () => decide(deployment('a', nodes(4), { paused: true }), [budget('a', { minAvailable: '100%' })], ['**']).method,
    'refuse budget-never-allows'
  ],
  [
    'unready pods of a budget that always lets them go are evicted',
    () =>
      decide(deployment('a', nodes(2), {}, unready), [
        budget('a', { maxUnavailable: 0 }, { unhealthyPodEvictionPolicy: 'AlwaysAllow' })
      ]).method,
    'evict 1 (budget a) may go down'
  ],
  ['maxUnavailable 0 is restarted', () => decide(deployment('a', nodes(3), { strategy: zero })).method, 'restart'],
  [
    'maxUnavailable 0 that is spread over other nodes is refused',
    () => decide(deployment('a', ['n1', 'n2', 'other'], { strategy: zero })).method,
    'refuse strategy-never-allows'
  ],
  [
    'maxUnavailable 0 that is spread over other nodes goes with consent',
    () => decide(deployment('a', ['n1', 'n2', 'other'], { strategy: zero }), [], ['**']).method,
    'evict 1 (allow-downtime) may go down'
  ],
  [
    'two budgets on one pod are refused',
    () =>
      decide(
        deployment('a', nodes(4)),
        [budget('a', { maxUnavailable: 1 }), budget('a', { minAvailable: 1 }, { name: 'b' })],
        ['**']
      ).method,
    'refuse two-budgets'
  ],
  ['pods of a Job all go', () => decide(directly('Job', 'j', nodes(3))).method, 'evict 3 (no budget) may go down'],
  ['a bare pod goes', () => decide({ pods: [pod('p', { nodeName: 'n1' })] }).method, 'evict 1 (no budget) may go down'],
  [
    'a single pod of a kind that nobody watches is refused',
    () => decide(ofUnknownKind('x', ['n1'])).method,
    'refuse would-go-down'
  ]
]
for (const [sentence, got, expected] of cases) test(sentence, () => assert.equal(told(got()), expected))

const shared: Volume = { name: 'v', claim: 'team-a/data', accessModes: ['ReadWriteMany'], requiredNodeTerms: [] }
const alone: Volume = { ...shared, accessModes: ['ReadWriteOnce'] }
const surges: readonly [
  sentence: string,
  over: Parameters<typeof deployment>[2],
  podOver: Partial<Pod>,
  volumes: Volume[],
  why: RegExp | undefined
][] = [
  ['the usual single replica', {}, {}, [], undefined],
  ['a paused rollout', { paused: true }, {}, [], /paused/],
  ['Recreate', { strategy: recreate }, {}, [], /Recreate/],
  [
    'maxUnavailable 1',
    { strategy: { type: 'RollingUpdate', maxUnavailable: 1, maxSurge: 1 } },
    {},
    [],
    /maxUnavailable is 1 of 1/
  ],
  [
    'maxSurge 0',
    { strategy: { type: 'RollingUpdate', maxUnavailable: '0%', maxSurge: '0%' } },
    {},
    [],
    /maxUnavailable/
  ],
  ['a host port', {}, { placement: { ...pod('').placement, hostPorts: ['TCP/80'] } }, [], /host port TCP\/80/],
  ['a ReadWriteOnce volume', {}, { claims: ['data'] }, [alone], /one node only/],
  ['a volume that is not known', {}, { claims: ['data'] }, [], /one node only/],
  ['a ReadWriteMany volume', {}, { claims: ['data'] }, [shared], undefined],
  ['a read-only volume', {}, { claims: ['data'] }, [{ ...shared, accessModes: ['ReadOnlyMany'] }], undefined],
  ['a pod elsewhere', {}, { nodeName: 'other' }, [], /stays/],
  ['a pod that is leaving elsewhere', {}, { nodeName: 'other', deletingAt: 1 }, [], undefined],
  ['a pod that is not placed', {}, { nodeName: undefined }, [], undefined]
]
for (const [sentence, over, podOver, volumes, why] of surges) {
  test(`a Deployment with ${sentence} ${why ? 'cannot' : 'can'} be surged`, () => {
    const parts = deployment('a', ['n1'], over, podOver)
    const index = indexCluster(view(parts, { volumes }))
    const answer = surgeable(index.ownerOf(parts.pods[0] ?? pod('')), index, { from })
    assert.equal(answer.ok, why === undefined, JSON.stringify(answer))
    if (!answer.ok && why) assert.match(answer.why, why)
  })
}

test('pods that a restart has brought to the other side do not stand in its way', () => {
  const parts = deployment('a', ['n1', 'new'], { strategy: zero })
  const index = indexCluster(view(parts))
  const owner = index.ownerOf(parts.pods[0] ?? pod(''))
  assert.equal(surgeable(owner, index, { from }).ok, false)
  assert.equal(surgeable(owner, index, { from, to: new Set(['new']) }).ok, true)
})

test('a restart with consent would hang on a volume that one node holds', () => {
  const parts = deployment('a', nodes(2), { strategy: zero }, { claims: ['data'] })
  const index = indexCluster(view(parts, { volumes: [alone] }))
  assert.match(restartHindrance(index.ownerOf(parts.pods[0] ?? pod('')), index) ?? '', /one node only/)
})

function allowed(parts: ReturnType<typeof deployment>, budgets: readonly Budget[] = [], now = 0): number {
  const { index, owner, method } = decide(parts, budgets)
  assert.equal(method.how, 'evict')
  return method.how === 'evict' ? allowedNow(owner, method, index, now) : -1
}

test('what is unavailable already counts against the allowance', () => {
  const parts = deployment('a', nodes(8))
  assert.equal(allowed(parts), 2)
  const [first, second, third, ...rest] = parts.pods
  assert.ok(first && second && third)
  assert.equal(allowed({ ...parts, pods: [{ ...first, ready: false }, second, third, ...rest] }), 1)
  assert.equal(
    allowed({ ...parts, pods: [{ ...first, ready: false }, { ...second, deletingAt: 1 }, third, ...rest] }),
    0
  )
})

test('a pod counts as available only after minReadySeconds', () => {
  const parts = deployment('a', nodes(4), { minReadySeconds: 10 }, { readySinceAt: 5_000 })
  assert.equal(allowed(parts, [], 14_999), 0)
  assert.equal(allowed(parts, [], 15_000), 1)
})

test("a budget's status has the last word", () => {
  const parts = deployment('a', nodes(8))
  assert.equal(allowed(parts, [budget('a', { maxUnavailable: 4 }, { disruptionsAllowed: 3 })]), 3)
  assert.equal(allowed(parts, [budget('a', { maxUnavailable: 4 }, { disruptionsAllowed: 0 })]), 0)
  assert.equal(allowed(parts, [budget('a', { maxUnavailable: 4 }, { disruptionsAllowed: 9 })]), 4)
})

test('the last ready pod stays even when the others are broken', () => {
  const parts = deployment('a', nodes(4), { strategy: { type: 'RollingUpdate', maxUnavailable: '100%', maxSurge: 0 } })
  const pods = parts.pods.map((one, number) => ({ ...one, ready: number === 0 }))
  assert.equal(allowed({ ...parts, pods }), 0)
})

test('whatever the limit says, the last available pod stays', () => {
  const { index, owner } = decide(deployment('a', nodes(2)))
  assert.equal(allowedNow(owner, { how: 'evict', limit: 9, source: '', mayGoDown: false }, index, 0), 1)
  assert.equal(allowedNow(owner, { how: 'evict', limit: 9, source: '', mayGoDown: true }, index, 0), 2)
})

test('a pod on its way out is not available', () => {
  const { owner } = decide(deployment('a', nodes(2)))
  assert.equal(isAvailable(pod('p', { deletingAt: 1 }), owner, 0), false)
  assert.equal(isAvailable(pod('p'), owner, 0), true)
})
