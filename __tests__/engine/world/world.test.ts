import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { budgetReflectedMs } from '../../../src/engine/model/limits.ts'
import { budget, deployment, evictionEntry, look, now, observationsAt } from '../sample.ts'

describe('what a budget still allows, right after an eviction of this run', () => {
  const shop = deployment('shop', ['b1', 'b2', 'b3'])
  const [first] = shop.pods
  const given = { ...budget('shop', { maxUnavailable: 2 }), disruptionsAllowed: 2, resourceVersion: '7' }

  /** What the world says is allowed: the first pod was evicted when the budget had this version. */
  function allowed(budgetVersion: string, { leaves = true, answeredAgoMs = 100 } = {}): number | undefined {
    const observations = observationsAt(now)
    const answeredAt = now - answeredAgoMs
    const entry = evictionEntry({ sentAt: answeredAt - 50, answeredAt, answer: { kind: 'accepted' }, budgetVersion })
    observations.evictions.set(first?.uid ?? '', entry)
    const pods = shop.pods.map((pod) => (pod === first && leaves ? { ...pod, deletingAt: answeredAt } : pod))
    const world = look({ pods, parts: [{ workloads: shop.workloads, budgets: [given] }], observations })
    return world.view.budgets[0]?.disruptionsAllowed
  }

  it('is one less while its status is the one that the eviction was decided on', () => {
    assert.equal(allowed('7'), 1)
  })

  it('is what its status says once that is newer and the pod is seen to leave', () => {
    assert.equal(allowed('6'), 2)
  })

  it('is one less as long as the pod is not seen to leave, whatever the status says', () => {
    assert.equal(allowed('6', { leaves: false }), 1)
  })

  it('is what its status says after a while: a wrong guess costs one refused eviction', () => {
    assert.equal(allowed('7', { answeredAgoMs: budgetReflectedMs + 1 }), 2)
  })
})
