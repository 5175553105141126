import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { observe } from '../../../../src/engine/loop/observe.ts'
import type { Budget, EvictionAnswer, Pod, Workload } from '../../../../src/engine/model/cluster.ts'
import { madeAgainMs } from '../../../../src/engine/model/limits.ts'
import type { OpenRun } from '../../../../src/engine/record/record.ts'
import { drain } from '../../../../src/engine/stages/drain/drain.ts'
import { restartMark } from '../../../../src/engine/stages/drain/workload.ts'
import type { Step } from '../../../../src/engine/stages/stage.ts'
import type { EvictionEntry, Observations } from '../../../../src/engine/world/observations.ts'
import {
  actionsOf,
  ask,
  blueCordoned,
  blueOpen,
  budget,
  budgetOf,
  deployment,
  directly,
  evictionEntry,
  greenCordoned,
  greenOpen,
  kinds,
  look,
  minute,
  now,
  observationsAt,
  ofUnknownKind,
  ownerOf,
  placement,
  pod,
  podsAsked,
  run,
  settings
} from '../../sample.ts'

interface Parts {
  workloads?: readonly Workload[]
  pods: readonly Pod[]
  budgets?: readonly Budget[]
}

interface Over {
  run?: OpenRun
  observations?: Observations
  at?: number
  evictions?: Record<string, Partial<EvictionEntry>>
}

const forth = run()
const back = run({ direction: 'reverting' })

function world(parts: Parts, over: Over = {}) {
  const open = over.run ?? forth
  const observations = over.observations ?? observationsAt(now, { name: 'drain', direction: open.direction })
  for (const [name, entry] of Object.entries(over.evictions ?? {})) {
    observations.evictions.set(`uid-${name}`, evictionEntry(entry))
  }
  return look({
    run: open,
    now: over.at ?? now,
    nodes: open.direction === 'reverting' ? [...blueOpen, ...greenCordoned] : [...blueCordoned, ...greenOpen],
    pods: parts.pods,
    parts: [{ workloads: [...(parts.workloads ?? [])], budgets: [...(parts.budgets ?? [])] }],
    observations
  })
}

const step = (parts: Parts, over: Over = {}): Step => ask(drain, world(parts, over), over.run ?? forth)
const asked = (parts: Parts, over: Over = {}) => podsAsked(step(parts, over))
const waiting = (parts: Parts, over: Over = {}) => {
  const found = step(parts, over)
  return found.kind === 'busy' ? found.waiting.map((one) => one.seen).join('; ') : ''
}
const answer = (said: EvictionAnswer, agoMs: number): Partial<EvictionEntry> => ({
  answer: said,
  sentAt: now - agoMs,
  answeredAt: now - agoMs
})
const budgetSays: EvictionAnswer = { kind: 'budget', message: 'needs 3 healthy pods and has 3' }

describe('moving the pods of a workload', () => {
  it('evicts as many as its strategy lets be missing, and then waits for their replacements', () => {
    const shop = deployment('shop', ['b1', 'b2', 'b3', 'b1'])
    assert.equal(asked(shop).length, 1)
    const one = shop.pods[0]
    const leaving = {
      ...shop,
      pods: shop.pods.map((pod) => (pod === one ? { ...pod, deletingAt: now + 30_000 } : pod))
    }
    assert.deepEqual(asked(leaving), [])
    assert.match(waiting(leaving), /replacement of shop-7d9-0/)
  })

  it('goes on when the replacement is ready, and not before', () => {
    const shop = deployment('shop', ['g1', 'b2', 'b3', 'b1'])
    const starting = { ...shop, pods: shop.pods.map((pod, number) => (number === 0 ? { ...pod, ready: false } : pod)) }
    assert.deepEqual(asked(starting), [])
    assert.equal(asked(shop).length, 1)
  })

  it('waits for minReadySeconds, too', () => {
    const shop = deployment('shop', ['g1', 'b2', 'b3', 'b1'], { minReadySeconds: 30 })
    const fresh = { ...shop, pods: shop.pods.map((pod, n) => (n === 0 ? { ...pod, readySinceAt: now - 20_000 } : pod)) }
    assert.deepEqual(asked(fresh), [])
    assert.equal(asked(fresh, { at: now + 11_000 }).length, 1)
  })

  it('counts a replacement on a node of any other group that is not emptied', () => {
    const shop = deployment('shop', ['elsewhere', 'b2', 'b3', 'b1'])
    assert.equal(asked(shop).length, 1)
  })

  it('counts what is unavailable anyway against the allowance', () => {
    const shop = deployment('shop', ['elsewhere', 'b2', 'b3', 'b1'])
    const sick = { ...shop, pods: shop.pods.map((pod, n) => (n === 0 ? { ...pod, ready: false } : pod)) }
    assert.deepEqual(asked(sick), [])
  })

  it('keeps at least one ready pod, whatever its strategy says', () => {
    const shop = deployment('shop', ['b1', 'b2'], { strategy: { type: 'RollingUpdate', maxUnavailable: '100%' } })
    assert.equal(asked(shop).length, 1)
  })

  it('evicts what its budget allows now', () => {
    const shop = deployment('shop', ['b1', 'b2', 'b3', 'b1'])
    const allows = (count: number) => ({ ...shop, budgets: [budgetOf('shop', { maxUnavailable: count }, shop)] })
    assert.equal(asked(allows(2)).length, 2)
    assert.equal(asked(allows(1)).length, 1)
  })

  it('subtracts evictions that are under way from what its budget says, because the status lags behind', () => {
    const shop = deployment('shop', ['b1', 'b2', 'b3', 'b1'])
    const parts = { ...shop, budgets: [budgetOf('shop', { maxUnavailable: 2 }, shop)] }
    const evictions = { 'shop-7d9-0': { answer: undefined, answeredAt: undefined } }
    assert.deepEqual(asked(parts, { evictions }).length, 1)
    const both = { ...evictions, 'shop-7d9-1': answer({ kind: 'accepted' }, 100) }
    assert.deepEqual(asked(parts, { evictions: both }), [])
  })

  it('subtracts them from a budget that another workload shares, too', () => {
    const a = deployment('a', ['b1', 'b2', 'b3'])
    const b = deployment('b', ['b1', 'b2', 'b3'])
    const pods = [...a.pods, ...b.pods].map((one) => ({ ...one, labels: { app: 'shop' } }))
    const shared = budget(
      'shop',
      { maxUnavailable: 1 },
      { disruptionsAllowed: 1, currentHealthy: 6, desiredHealthy: 5 }
    )
    const parts = { workloads: [...a.workloads, ...b.workloads], pods, budgets: [shared] }
    assert.deepEqual(asked(parts, { evictions: { 'a-7d9-0': { answer: undefined, answeredAt: undefined } } }), [])
  })

  it('does not subtract an eviction twice once the status shows it', () => {
    const shop = deployment('shop', ['b1', 'b2', 'b3', 'b1'])
    const seen = {
      ...budgetOf('shop', { maxUnavailable: 2 }, shop),
      disruptionsAllowed: 1,
      disruptedPods: ['shop-7d9-0']
    }
    const evictions = { 'shop-7d9-0': answer({ kind: 'accepted' }, 100) }
    assert.equal(asked({ ...shop, budgets: [seen] }, { evictions }).length, 1)
  })

  it('asks nothing of a budget whose status lags behind its spec', () => {
    const shop = deployment('shop', ['b1', 'b2', 'b3', 'b1'])
    const lagging = { ...budgetOf('shop', { maxUnavailable: 2 }, shop), generation: 2 }
    assert.deepEqual(asked({ ...shop, budgets: [lagging] }), [])
  })

  it('evicts a pod that is not ready at once where nothing is taken away by it', () => {
    const shop = deployment('shop', ['b1', 'b2'])
    const sick = { ...shop, pods: shop.pods.map((pod, n) => (n === 0 ? { ...pod, ready: false } : pod)) }
    assert.deepEqual(asked(sick), ['shop-7d9-0'])
  })

  it('does not ask for a pod that is not ready where its budget will say no', () => {
    const shop = deployment('shop', ['b1', 'b2', 'b3'])
    const sick = { ...shop, pods: shop.pods.map((pod, n) => (n === 0 ? { ...pod, ready: false } : pod)) }
    const strict = budgetOf('shop', { minAvailable: 2 }, sick, 2)
    assert.deepEqual(asked({ ...sick, budgets: [{ ...strict, currentHealthy: 1, disruptionsAllowed: 0 }] }), [])
    const lets = { ...strict, currentHealthy: 1, disruptionsAllowed: 0, unhealthyPodEvictionPolicy: 'AlwaysAllow' }
    assert.deepEqual(asked({ ...sick, budgets: [lets] }), ['shop-7d9-0'])
  })

  it('leaves DaemonSet pods, mirror pods and finished pods', () => {
    const agent = directly('DaemonSet', 'agent', ['b1'])
    const pods = [
      ...agent.pods,
      pod('static', { mirror: true, nodeName: 'b1' }),
      pod('done', { phase: 'Succeeded', nodeName: 'b1' })
    ]
    assert.equal(step({ workloads: agent.workloads, pods }).kind, 'done')
  })
})

describe('a StatefulSet', () => {
  it('goes from the highest ordinal down, one at a time', () => {
    const db = directly('StatefulSet', 'db', ['b1', 'b2', 'b3'])
    assert.deepEqual(asked(db), ['db-2'])
    const moved = { ...db, pods: db.pods.map((one, n) => (n === 2 ? { ...one, uid: 'new', nodeName: 'g1' } : one)) }
    assert.deepEqual(asked(moved), ['db-1'])
    const starting = { ...moved, pods: moved.pods.map((one) => (one.uid === 'new' ? { ...one, ready: false } : one)) }
    assert.deepEqual(asked(starting), [])
  })

  it('sorts its ordinals as numbers', () => {
    const names = Array.from({ length: 12 }, () => 'b1')
    assert.deepEqual(asked(directly('StatefulSet', 'db', names)), ['db-11'])
  })
})

describe('a workload of one replica', () => {
  it('is restarted, once, with the mark of the run', () => {
    const one = deployment('ledger', ['b1'], { strategy: { type: 'RollingUpdate', maxUnavailable: 0, maxSurge: 1 } })
    assert.deepEqual(
      actionsOf(step(one)).map((action) => action.kind === 'restart' && action.mark),
      [restartMark(forth)]
    )
    const marked = one.workloads.map((w) =>
      w.kind === 'Deployment' ? { ...w, restartedBy: restartMark(forth), updatedReplicas: 0 } : w
    )
    assert.deepEqual(kinds(step({ ...one, workloads: marked })), [])
    assert.match(waiting({ ...one, workloads: marked }), /restarting/)
  })

  it('is restarted again on the way back: the mark says which way', () => {
    assert.notEqual(restartMark(back), restartMark(forth))
    const one = deployment('ledger', ['g1'], {
      strategy: { type: 'RollingUpdate', maxUnavailable: 0, maxSurge: 1 },
      restartedBy: restartMark(forth)
    })
    assert.deepEqual(kinds(step(one, { run: back })), ['restart'])
  })

  it('that serves nobody is simply evicted', () => {
    const one = deployment('ledger', ['b1'], {}, { ready: false })
    assert.deepEqual(kinds(step(one)), ['evict'])
  })

  it('that nobody allowed to be down is not touched, and says why', () => {
    const one = deployment('ledger', ['b1'], { strategy: { type: 'Recreate' } })
    assert.deepEqual(kinds(step(one)), [])
    assert.match(waiting(one), /Recreate/)
    const allowed = run({ settings: settings({ allowDowntime: ['team-a/deployment/ledger'] }) })
    assert.deepEqual(kinds(step(one, { run: allowed })), ['evict'])
  })
})

describe('the order between workloads', () => {
  it('lets the critical ones go when the ordinary ones have been asked', () => {
    const dns = deployment('dns', ['b1', 'b2', 'b3'], {}, { priorityClass: 'system-cluster-critical' })
    const shop = deployment('shop', ['b1', 'b2', 'b3'])
    const both = { workloads: [...dns.workloads, ...shop.workloads], pods: [...dns.pods, ...shop.pods] }
    assert.deepEqual(asked(both), ['shop-7d9-0'])
    assert.deepEqual(asked(dns), ['dns-7d9-0'])
  })

  it('moves workloads side by side, each within its own allowance', () => {
    const all = ['a', 'b', 'c'].map((name) => deployment(name, ['b1', 'b2']))
    assert.deepEqual(asked({ workloads: all.flatMap((one) => one.workloads), pods: all.flatMap((one) => one.pods) }), [
      'a-7d9-0',
      'b-7d9-0',
      'c-7d9-0'
    ])
  })

  it('has no more evictions under way than the API server likes', () => {
    const all = Array.from({ length: 60 }, (_, number) => deployment(`w${number}`, ['b1', 'b2']))
    const parts = { workloads: all.flatMap((one) => one.workloads), pods: all.flatMap((one) => one.pods) }
    assert.equal(asked(parts).length, 32)
    const observations = observationsAt(now, { name: 'drain' })
    for (let number = 0; number < 20; number++) {
      observations.evictions.set(`${number}`, evictionEntry({ answeredAt: undefined, lane: `lane-${number}` }))
    }
    assert.equal(asked(parts, { observations }).length, 12)
  })
})

describe('what the API said to an eviction', () => {
  const shop = deployment('shop', ['b1', 'b2', 'b3'])
  const says = (said: EvictionAnswer, agoMs: number) =>
    asked(shop, { evictions: { 'shop-7d9-0': answer(said, agoMs) } })
  const again = (said: EvictionAnswer, agoMs: number) => says(said, agoMs).includes('shop-7d9-0')

  const cases: [string, EvictionAnswer, number, number][] = [
    ['a budget that says no', budgetSays, 4000, 5001],
    ['a budget that is still being processed', { ...budgetSays, retryAfterMs: 10_000 } as EvictionAnswer, 9000, 10_001],
    ['a webhook’s denial', { kind: 'denied', message: 'not today' }, 9000, 10_001],
    ['a lost reply', { kind: 'unknown', message: 'no answer' }, 1500, 2001],
    ['a namespace that is being deleted', { kind: 'namespace-terminating', message: '' }, 4000, 5001],
    ['flow control', { kind: 'throttled', retryAfterMs: 3000 }, 2000, 3001],
    ['an acceptance that has no effect', { kind: 'accepted' }, 14_000, 15_001],
    ['a pod that is gone, and is there', { kind: 'gone' }, 14_000, 15_001]
  ]
  for (const [what, said, tooSoon, due] of cases) {
    it(`is repeated in its time: ${what}`, () => {
      assert.equal(again(said, tooSoon), false, 'too soon')
      // An accepted entry is forgotten when it is due, as the loop does.
      const observations = observationsAt(now, { name: 'drain' })
      observations.evictions.set('uid-shop-7d9-0', evictionEntry(answer(said, due)))
      observe(world(shop, { observations }), observations, forth)
      assert.equal(asked(shop, { observations }).includes('shop-7d9-0'), true, 'due')
    })
  }

  it('is asked again at once when the budget has changed', () => {
    const pdb = budgetOf('shop', { maxUnavailable: 1 }, shop)
    const parts = { ...shop, budgets: [{ ...pdb, resourceVersion: '8' }] }
    const entry = (budgetVersion: string) => ({ ...answer(budgetSays, 100), budgetVersion })
    assert.ok(!asked(parts, { evictions: { 'shop-7d9-0': entry('8') } }).includes('shop-7d9-0'))
    assert.ok(asked(parts, { evictions: { 'shop-7d9-0': entry('7') } }).includes('shop-7d9-0'))
  })

  it('of a budget that said no holds for all its pods: none of the others is tried', () => {
    const four = deployment('shop', ['b1', 'b2', 'b3', 'b1'])
    const parts = { ...four, budgets: [{ ...budgetOf('shop', { maxUnavailable: 2 }, four), resourceVersion: '8' }] }
    const entry = { ...answer(budgetSays, 100), budgetVersion: '8' }
    assert.deepEqual(asked(parts, { evictions: { 'shop-7d9-0': entry } }), [])
  })

  it('may have been yes when the reply was lost: nothing else goes meanwhile', () => {
    assert.deepEqual(says({ kind: 'unknown', message: '' }, 500), [])
  })

  for (const [said, code] of [
    [{ kind: 'two-budgets', message: 'more than one' }, 'two-budgets'],
    [{ kind: 'forbidden', message: 'cannot create resource' }, 'access-denied']
  ] as const) {
    it(`ends the move where no retry helps: ${code}`, () => {
      const found = step(shop, { evictions: { 'shop-7d9-0': answer(said, 100) } })
      assert.equal(found.kind === 'failed' && found.code, code)
    })
  }
})

describe('a workload that tolerates cordoned nodes', () => {
  const everything = { placement: placement({ tolerations: [{ operator: 'Exists' }] }) }
  const cordonedAt = now - 5 * minute
  const key = 'team-a/deployment/sticky'
  const observations = () => {
    const made = observationsAt(now, { name: 'drain' })
    made.cordonedAt = cordonedAt
    return made
  }
  const sticky = (createdAt: number) => deployment('sticky', ['b1', 'b2', 'b3', 'b1'], {}, { ...everything, createdAt })

  it('is moved like any other the first time', () => {
    const found = step(sticky(cordonedAt - 1000), { observations: observations() })
    assert.equal(podsAsked(found).length, 1)
    assert.equal(found.kind === 'busy' && found.first, undefined)
  })

  it('counts as one that came back if it was made in the second of the cordon: creation times are rounded down', () => {
    const found = step(sticky(cordonedAt - 999), { observations: observations() })
    assert.ok(found.kind === 'busy' && found.first)
  })

  it('that came back is counted in the record first, and then moved again', () => {
    const found = step(sticky(cordonedAt + 1000), { observations: observations() })
    assert.deepEqual(actionsOf(found), [])
    const counted = found.kind === 'busy' ? found.first?.(forth) : undefined
    assert.equal(counted?.returned[key], 1)
    assert.equal(asked(sticky(cordonedAt + 1000), { observations: observations(), run: counted }).length, 1)
  })

  it('is moved again within its allowance, as ever', () => {
    const counted = { ...forth, returned: Object.fromEntries([0, 1, 2, 3].map((n) => [`uid-sticky-7d9-${n}`, 1])) }
    assert.equal(asked(sticky(cordonedAt + 1000), { observations: observations(), run: counted }).length, 1)
  })

  it('that came back twice is named, and keeps its node', () => {
    const twice = { ...forth, returned: { [key]: 2 } }
    const found = step(sticky(cordonedAt + 1000), { observations: observations(), run: twice })
    assert.equal(found.kind, 'done')
    assert.match(found.kind === 'done' ? (found.notes?.join() ?? '') : '', /sticky-7d9-0 stays on b1.*2 times/)
  })
})

describe('a workload of a kind that nobody told us about', () => {
  const open = run({ baseline: { 'team-a/database/pg': { replicas: 4, ready: 4, templateHash: '' } } })
  const pg = ofUnknownKind('pg', ['b1', 'b2', 'b3', 'b1'])
  const progress = (agoMs: number) => {
    const observations = observationsAt(now, { name: 'drain' })
    observations.workloads.set('team-a/database/pg', {
      signature: '',
      progressAt: now - agoMs,
      seen: new Set(['a']),
      served: new Set(),
      fewest: 4
    })
    return observations
  }

  it('goes one at a time', () => {
    assert.equal(asked(pg, { run: open }).length, 1)
  })

  it('waits for the one that is stopping, although nothing says how many it wants', () => {
    const stopping = { pods: pg.pods.map((one, n) => (n === 0 ? { ...one, deletingAt: now + 30_000 } : one)) }
    assert.deepEqual(asked(stopping, { run: open }), [])
  })

  it('waits for an operator that makes the new one only when the old one is gone', () => {
    const gone = { pods: pg.pods.slice(1) }
    assert.deepEqual(asked(gone, { run: open, observations: progress(1000) }), [])
  })

  it('does not wait for ever for one that is not wanted any more', () => {
    const gone = { pods: pg.pods.slice(1) }
    assert.equal(asked(gone, { run: open, observations: progress(madeAgainMs + 1) }).length, 1)
  })
})

describe('the trap of the way back', () => {
  /** Dead replacements on incoming: their budget counts them as missing, and refuses to let them go. */
  const dead = (over: Partial<Pod>, unreadyForMs: number, count = 2) => {
    const parts = deployment(
      'shop',
      Array.from({ length: count }, (_, n) => `g${n + 1}`),
      { replicas: 4 },
      {
        ready: false,
        readySinceAt: now - unreadyForMs,
        ...over
      }
    )
    const served = deployment('shop', ['b1', 'b2'], { replicas: 4 }).pods.map((one) => ({
      ...one,
      name: `old-${one.name}`,
      uid: `old-${one.uid}`
    }))
    const pods = [...parts.pods, ...served]
    return {
      workloads: parts.workloads,
      pods,
      budgets: [budget('shop', { minAvailable: 3 }, { currentHealthy: 2, desiredHealthy: 3, disruptionsAllowed: 0 })]
    }
  }
  const refused = (...names: string[]) => Object.fromEntries(names.map((name) => [name, answer(budgetSays, 6000)]))
  const removed = (found: Step) =>
    actionsOf(found).flatMap((action) => (action.kind === 'remove' ? [action.pod.name] : []))

  it('is tried with an eviction first', () => {
    const found = step(dead({}, 2 * minute), { run: back })
    assert.deepEqual([...new Set(kinds(found))], ['evict'])
  })

  it('ends with a deletion of what has not been ready for a minute, one at a time', () => {
    const evictions = refused('shop-7d9-0', 'shop-7d9-1')
    assert.deepEqual(removed(step(dead({}, 61_000), { run: back, evictions })), ['shop-7d9-0'])
  })

  it('waits for the whole minute', () => {
    assert.deepEqual(removed(step(dead({}, 59_000), { run: back, evictions: refused('shop-7d9-0') })), [])
  })

  it('does not exist on the way forward', () => {
    const parts = dead({}, 5 * minute)
    const swapped = { ...parts, pods: parts.pods.map((one) => ({ ...one, nodeName: one.nodeName?.replace('g', 'b') })) }
    assert.deepEqual(removed(step(swapped, { evictions: refused('shop-7d9-0', 'shop-7d9-1') })), [])
  })

  it('is no reason to delete what its budget has not refused', () => {
    const evictions = { 'shop-7d9-0': answer({ kind: 'throttled', retryAfterMs: 10 }, 6000) }
    assert.deepEqual(removed(step(dead({}, 5 * minute), { run: back, evictions })), [])
  })

  it('is no reason to delete a pod that is ready', () => {
    const evictions = refused('shop-7d9-0')
    assert.deepEqual(removed(step(dead({ ready: true }, 5 * minute), { run: back, evictions })), [])
  })

  it('deletes no second one while the first is stopping', () => {
    const parts = dead({}, 5 * minute)
    const pods = parts.pods.map((one, n) => (n === 0 ? { ...one, deletingAt: now } : one))
    assert.deepEqual(removed(step({ ...parts, pods }, { run: back, evictions: refused('shop-7d9-1') })), [])
  })

  it('deletes the next when the replacement of the last is ready, or at once if it was never ready', () => {
    const parts = dead({}, 5 * minute, 1)
    const replacement = pod('shop-7d9-new', {
      owner: ownerOf(parts.workloads[1] as Workload),
      labels: { app: 'shop' },
      nodeName: 'b3',
      ready: false,
      readySinceAt: now - 1000
    })
    const evictions = refused('shop-7d9-0')
    assert.deepEqual(removed(step({ ...parts, pods: [...parts.pods, replacement] }, { run: back, evictions })), [])
    const served = { ...parts, pods: [...parts.pods, { ...replacement, ready: true }] }
    assert.deepEqual(removed(step(served, { run: back, evictions })), ['shop-7d9-0'])
    const never = dead({ neverReady: true }, 5 * minute, 1)
    const both = { ...never, pods: [...never.pods, replacement] }
    assert.deepEqual(removed(step(both, { run: back, evictions })), ['shop-7d9-0'])
  })

  it('touches a pod with a volume only if it has never been ready', () => {
    const evictions = refused('shop-7d9-0')
    assert.deepEqual(removed(step(dead({ claims: ['data'] }, 5 * minute, 1), { run: back, evictions })), [])
    const never = dead({ claims: ['data'], neverReady: true }, 5 * minute, 1)
    assert.deepEqual(removed(step(never, { run: back, evictions })), ['shop-7d9-0'])
  })
})
