import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { indexCluster } from '../../../src/engine/policy/workloads.ts'
import { verify } from '../../../src/engine/stages/verify.ts'
import { takeBaseline } from '../../../src/engine/world/workload-health.ts'
import { view } from '../plan/world.ts'
import { blueClosed, deployment, diaryAt, greenOpen, minute, now, run, settings, watch } from '../sample.ts'

const before = deployment('shop', ['b1', 'b2'])
const baseline = takeBaseline(new Set(['b1', 'b2']), indexCluster(view(before)), settings(), 0)
const open = run({ baseline })
const nodes = [...blueClosed, ...greenOpen]
const whole = deployment('shop', ['g1', 'g2'])
const sick = { ...whole, pods: whole.pods.map((pod, number) => (number === 0 ? { ...pod, ready: false } : pod)) }
const scene = (parts: typeof whole) => ({ run: open, nodes, parts: [{ workloads: parts.workloads }], pods: parts.pods })
const inVerify = () => diaryAt(now, { name: 'verify' })

describe('verify', () => {
  it('is not done with the first good look, nor with the second before the soak is over', () => {
    const diary = inVerify()
    assert.equal(verify.next(watch({ ...scene(whole), diary }, 1), open).kind, 'busy')
    assert.equal(verify.next(watch({ ...scene(whole), diary }, 5), open).kind, 'busy')
  })

  it('is done when every look of the whole soak was good', () => {
    const diary = inVerify()
    assert.equal(verify.next(watch({ ...scene(whole), diary }, 20, 10_000), open).kind, 'done')
  })

  it('without a soak needs two good looks all the same', () => {
    const hasty = run({ baseline, settings: settings({ soakMs: 0 }) })
    const diary = inVerify()
    assert.equal(verify.next(watch({ ...scene(whole), run: hasty, diary }, 1), hasty).kind, 'busy')
    assert.equal(verify.next(watch({ ...scene(whole), run: hasty, diary }, 2), hasty).kind, 'done')
  })

  it('begins the soak anew when something was worse, and goes on when it is better again', () => {
    const diary = inVerify()
    watch({ ...scene(whole), diary }, 18, 10_000)
    const worse = verify.next(watch({ ...scene(sick), diary, now: now + 180_000 }, 1), open)
    assert.equal(worse.kind, 'busy')
    assert.match(worse.kind === 'busy' ? (worse.waiting[0]?.seen ?? '') : '', /team-a\/shop has 1 of 2 pods ready/)
    assert.equal(verify.next(watch({ ...scene(whole), diary, now: now + 190_000 }, 5, 10_000), open).kind, 'busy')
    assert.equal(verify.next(watch({ ...scene(whole), diary, now: now + 240_000 }, 20, 10_000), open).kind, 'done')
  })

  it('fails when something stays worse for pod-timeout, naming it', () => {
    const diary = inVerify()
    const step = verify.next(watch({ ...scene(sick), diary }, 17, minute), open)
    assert.equal(step.kind === 'failed' && step.code, 'unhealthy')
    assert.match(step.kind === 'failed' ? step.message : '', /team-a\/shop/)
  })

  it('does not judge a workload whose template others have changed, and names it', () => {
    const diary = inVerify()
    const rolling = {
      workloads: sick.workloads.map((one) => (one.kind === 'Deployment' ? { ...one, templateHash: 'new' } : one)),
      pods: sick.pods
    }
    const step = verify.next(watch({ ...scene(rolling), diary }, 20, 10_000), open)
    assert.equal(step.kind, 'done')
    assert.match(step.kind === 'done' ? (step.notes?.join() ?? '') : '', /team-a\/shop was changed by others/)
  })

  it('concludes nothing from a list that is old', () => {
    const diary = inVerify()
    const world = watch({ ...scene(whole), diary, freshAt: now }, 30, 10_000)
    const step = verify.next(world, open)
    assert.equal(step.kind, 'busy')
    assert.match(step.kind === 'busy' ? (step.waiting[0]?.what ?? '') : '', /API server/)
  })

  it('does not count the looks of an old list into the soak', () => {
    const diary = inVerify()
    watch({ ...scene(whole), diary, freshAt: now }, 30, 10_000)
    assert.equal(verify.next(watch({ ...scene(whole), diary, now: now + 300_000 }, 2), open).kind, 'busy')
  })
})
