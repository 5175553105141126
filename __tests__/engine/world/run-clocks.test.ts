import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { soakGapMs } from '../../../src/engine/model/limits.ts'
import { newObservations } from '../../../src/engine/world/observations.ts'
import { clocksOf, withClocks } from '../../../src/engine/world/run-clocks.ts'
import { minute, now } from '../sample.ts'

function observed() {
  const observations = newObservations(now - 10 * minute)
  observations.stage = { key: 'forward/verify', at: now - 2 * minute }
  observations.goodSince = now - 2 * minute
  observations.cordonedAt = now - 5 * minute
  observations.progress = { signature: 'x', at: now - 3 * minute }
  observations.desired.set('shop-green', { value: 3, at: now - 9 * minute })
  observations.completeAt.set('shop-green', now - minute)
  observations.instances.set('i-g1', {
    group: 'shop-green',
    seenAt: now - 8 * minute,
    inServiceAt: now - 7 * minute,
    seenComing: true,
    nodeName: 'ip-10-0-0-1'
  })
  observations.gates.set('https://shop.example', { goodLooks: 0, answeredAt: now, notGoodSince: now - 4 * minute })
  observations.gates.set('alarm:errors', { goodLooks: 3, answeredAt: now })
  observations.readySince.set('uid-g1', now - 6 * minute)
  observations.emptySince.set('i-b1', now - minute)
  observations.workloads.set('team/Deployment/web', {
    signature: '2 1',
    progressAt: now - 4 * minute,
    seen: new Set(['a']),
    served: new Set(['b']),
    fewest: 2
  })
  return observations
}

/** As the record keeps them, which is JSON. */
const kept = () => JSON.parse(JSON.stringify(clocksOf(observed(), now)))

describe('the clocks of a run that is stopped and continued', () => {
  it('continue where they stood: the time in between does not count', () => {
    const later = now + 30_000
    const { stage, cordonedAt, progress, desired, completeAt, instances, readySince, emptySince, workloads, gates } =
      withClocks(kept(), later)
    assert.deepEqual(stage, { key: 'forward/verify', at: later })
    assert.equal(cordonedAt, later - 5 * minute)
    assert.equal(progress.at, later - 3 * minute)
    assert.deepEqual(desired.get('shop-green'), { value: 3, at: later - 9 * minute })
    assert.equal(completeAt.get('shop-green'), later - minute)
    assert.equal(instances.get('i-g1')?.seenAt, later - 8 * minute)
    assert.equal(instances.get('i-g1')?.inServiceAt, later - 7 * minute)
    assert.equal(instances.get('i-g1')?.usableAt, undefined)
    assert.equal(instances.get('i-g1')?.nodeName, 'ip-10-0-0-1')
    assert.equal(instances.get('i-g1')?.seenComing, true)
    assert.deepEqual([...gates], [['https://shop.example', { goodLooks: 0, notGoodSince: later - 4 * minute }]])
    assert.equal(readySince.get('uid-g1'), later - 6 * minute)
    assert.equal(emptySince.get('i-b1'), later - minute)
    assert.equal(workloads.get('team/Deployment/web')?.progressAt, later - 4 * minute)
    assert.equal(workloads.get('team/Deployment/web')?.fewest, 2)
  })

  it('continue the soak over a short gap, and not over a long one, in which nobody looked', () => {
    const soon = now + soakGapMs
    assert.equal(withClocks(kept(), soon).goodSince, soon - 2 * minute)
    assert.equal(withClocks(kept(), soon + 1).goodSince, undefined)
  })

  it('hold nothing of a workload that was never seen', () => {
    const observations = observed()
    const entry = observations.workloads.get('team/Deployment/web')
    if (entry) entry.fewest = Number.POSITIVE_INFINITY
    assert.deepEqual(clocksOf(observations, now).workloads, {})
  })
})
