import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { ClusterView, Pod, Workload } from '../../../src/engine/model/cluster.ts'
import { indexCluster } from '../../../src/engine/policy/workloads.ts'
import type { BaselineEntry } from '../../../src/engine/record/record.ts'
import { ailments, changedWorkloads, podTrouble, takeBaseline } from '../../../src/engine/world/workload-health.ts'
import { view } from '../plan/world.ts'
import { deployment, directly, now, ofUnknownKind, pod, run, settings } from '../sample.ts'

interface Parts {
  workloads?: Workload[]
  pods?: Pod[]
}

const index = (...parts: (Parts & Partial<ClusterView>)[]) => indexCluster(view(...parts))
const key = 'team-a/deployment/shop'
const entry = (over: Partial<BaselineEntry> = {}) => ({ [key]: { replicas: 3, ready: 3, templateHash: 'h', ...over } })
const worse = (baseline: Record<string, BaselineEntry>, ...parts: Parts[]) =>
  ailments(baseline, index(...parts), now).map((one) => one.text)
const unready = (parts: { workloads: Workload[]; pods: Pod[] }, count: number) => ({
  ...parts,
  pods: parts.pods.map((one, number) => (number < count ? { ...one, ready: false } : one))
})

describe('the baseline', () => {
  it('holds every workload that has a pod on these nodes, with all its pods', () => {
    const shop = deployment('shop', ['b1', 'elsewhere', 'elsewhere'])
    const other = deployment('other', ['elsewhere'])
    assert.deepEqual(takeBaseline(new Set(['b1']), index(shop, other), settings(), now), entry())
  })

  it('says how many were ready, not how many should be', () => {
    const shop = unready(deployment('shop', ['b1', 'b1', 'b1']), 1)
    assert.equal(takeBaseline(new Set(['b1']), index(shop), settings(), now)[key]?.ready, 2)
  })

  it('leaves out what comes and goes: Jobs, bare pods, DaemonSets, mirror pods', () => {
    const parts = [
      directly('Job', 'report', ['b1']),
      directly('DaemonSet', 'agent', ['b1']),
      { pods: [pod('bare', { nodeName: 'b1' }), pod('static', { nodeName: 'b1', mirror: true })] }
    ]
    assert.deepEqual(takeBaseline(new Set(['b1']), index(...parts), run().settings, now), {})
  })

  it('holds kinds that nobody told us about, by their pods', () => {
    const found = takeBaseline(new Set(['b1']), index(ofUnknownKind('pg', ['b1', 'b1'])), settings(), now)
    assert.deepEqual(found['team-a/database/pg'], { replicas: 2, ready: 2, templateHash: '' })
  })
})

describe('worse than before', () => {
  const shop = deployment('shop', ['g1', 'g2', 'g3'])

  it('is a workload with fewer ready pods', () => {
    assert.deepEqual(worse(entry(), shop), [])
    assert.match(
      worse(entry(), unready(shop, 1)).join(),
      /^team-a\/shop has 2 of 3 pods ready; shop-7d9-0 is not ready/
    )
  })

  it('is not one that was not whole before and is no worse', () => {
    assert.deepEqual(worse(entry({ ready: 2 }), unready(shop, 1)), [])
    assert.equal(worse(entry({ ready: 2 }), unready(shop, 2)).length, 1)
  })

  it('is judged against what is wanted now, because somebody may scale meanwhile', () => {
    const smaller = deployment('shop', ['g1', 'g2'])
    assert.deepEqual(worse(entry(), smaller), [])
    const larger = unready(deployment('shop', ['g1', 'g2', 'g3', 'g1', 'g2']), 1)
    assert.match(worse(entry(), larger).join(), /4 of 5/)
  })

  it('is one of which not a single pod is left', () => {
    assert.match(worse(entry(), { workloads: shop.workloads }).join(), /0 of 3/)
  })

  it('is not one that somebody deleted', () => {
    assert.deepEqual(worse(entry()), [])
  })

  it('is not one whose template others changed: it is named instead', () => {
    const rolling = { ...unready(shop, 2), workloads: shop.workloads.map((one) => ({ ...one, templateHash: 'new' })) }
    assert.deepEqual(worse(entry(), rolling), [])
    assert.deepEqual(changedWorkloads(entry(), index(rolling)), ['team-a/shop'])
  })

  it('counts a pod only once it has been ready for minReadySeconds', () => {
    const fresh = deployment('shop', ['g1', 'g2', 'g3'], { minReadySeconds: 60 }, { readySinceAt: now - 30_000 })
    assert.equal(worse(entry(), fresh).length, 1)
  })

  it('does not count a pod that is being deleted', () => {
    const going = { ...shop, pods: shop.pods.map((one, n) => (n === 0 ? { ...one, deletingAt: now } : one)) }
    assert.equal(worse(entry(), going).length, 1)
  })
})

describe('what is wrong with a pod', () => {
  const troubles = [
    { container: 'app', reason: 'CrashLoopBackOff', message: 'no such file', exitCode: 127, restarts: 3 }
  ]
  const cases: [Partial<Pod>, RegExp][] = [
    [
      { troubles, nodeName: 'g1' },
      /^p is not ready: container app: CrashLoopBackOff, exit 127, "no such file" \(node g1\)$/
    ],
    [{ unschedulable: { message: 'Insufficient cpu', sinceAt: 0 } }, /^p cannot be placed: Insufficient cpu$/],
    [{}, /^p is not placed yet$/],
    [{ nodeName: 'g1' }, /^p is not ready \(node g1\)$/]
  ]
  for (const [over, text] of cases)
    it(`is said in one line: ${text.source}`, () => assert.match(podTrouble(pod('p', { ready: false, ...over })), text))

  it('is cut where a container writes a novel', () => {
    const long = [{ container: 'app', reason: 'Error', message: 'x'.repeat(5000), restarts: 0 }]
    assert.ok(podTrouble(pod('p', { troubles: long })).length < 400)
  })
})
