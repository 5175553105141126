import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { indexCluster } from '../../../src/engine/policy/workloads.ts'
import { verify } from '../../../src/engine/stages/verify.ts'
import { takeBaseline } from '../../../src/engine/world/workload-health.ts'
import { view } from '../plan/world.ts'
import {
  ask,
  blueCordoned,
  deployment,
  greenOpen,
  minute,
  now,
  observationsAt,
  run,
  settings,
  watch
} from '../sample.ts'

const before = deployment('shop', ['b1', 'b2'])
const baseline = takeBaseline(new Set(['b1', 'b2']), indexCluster(view(before)), settings(), 0)
const open = run({ baseline })
const nodes = [...blueCordoned, ...greenOpen]
const whole = deployment('shop', ['g1', 'g2'])
const sick = { ...whole, pods: whole.pods.map((pod, number) => (number === 0 ? { ...pod, ready: false } : pod)) }
const scene = (parts: typeof whole) => ({ run: open, nodes, parts: [{ workloads: parts.workloads }], pods: parts.pods })
const inVerify = () => observationsAt(now, { name: 'verify' })

describe('verify', () => {
  it('is not done with the first good look, nor with the second before the soak is over', () => {
    const observations = inVerify()
    assert.equal(ask(verify, watch({ ...scene(whole), observations }, 1), open).kind, 'busy')
    assert.equal(ask(verify, watch({ ...scene(whole), observations }, 5), open).kind, 'busy')
  })

  it('is done when every look of the whole soak was good', () => {
    const observations = inVerify()
    assert.equal(ask(verify, watch({ ...scene(whole), observations }, 20, 10_000), open).kind, 'done')
  })

  it('without a soak needs two good looks all the same', () => {
    const hasty = run({ baseline, settings: settings({ soakMs: 0 }) })
    const observations = inVerify()
    assert.equal(ask(verify, watch({ ...scene(whole), run: hasty, observations }, 1), hasty).kind, 'busy')
    assert.equal(ask(verify, watch({ ...scene(whole), run: hasty, observations }, 2), hasty).kind, 'done')
  })

  it('begins the soak anew when something was worse, and goes on when it is better again', () => {
    const observations = inVerify()
    watch({ ...scene(whole), observations }, 18, 10_000)
    const worse = ask(verify, watch({ ...scene(sick), observations, now: now + 180_000 }, 1), open)
    assert.equal(worse.kind, 'busy')
    assert.match(worse.kind === 'busy' ? (worse.waiting[0]?.seen ?? '') : '', /team-a\/shop has 1 of 2 pods ready/)
    assert.equal(
      ask(verify, watch({ ...scene(whole), observations, now: now + 190_000 }, 5, 10_000), open).kind,
      'busy'
    )
    assert.equal(
      ask(verify, watch({ ...scene(whole), observations, now: now + 240_000 }, 20, 10_000), open).kind,
      'done'
    )
  })

  it('fails when something stays worse for pod-timeout, naming it', () => {
    const observations = inVerify()
    const step = ask(verify, watch({ ...scene(sick), observations }, 17, minute), open)
    assert.equal(step.kind === 'failed' && step.code, 'unhealthy')
    assert.match(step.kind === 'failed' ? step.message : '', /team-a\/shop/)
  })

  it('does not judge a workload whose template others have changed, and names it', () => {
    const observations = inVerify()
    const rolling = {
      workloads: sick.workloads.map((one) => (one.kind === 'Deployment' ? { ...one, templateHash: 'new' } : one)),
      pods: sick.pods
    }
    const step = ask(verify, watch({ ...scene(rolling), observations }, 20, 10_000), open)
    assert.equal(step.kind, 'done')
    assert.match(step.kind === 'done' ? (step.notes?.join() ?? '') : '', /team-a\/shop was changed by others/)
  })

  it('concludes nothing from a list that is old', () => {
    const observations = inVerify()
    const world = watch({ ...scene(whole), observations, freshAt: now }, 30, 10_000)
    const step = ask(verify, world, open)
    assert.equal(step.kind, 'busy')
    assert.match(step.kind === 'busy' ? (step.waiting[0]?.what ?? '') : '', /API server/)
  })

  it('does not count the looks of an old list into the soak', () => {
    const observations = inVerify()
    watch({ ...scene(whole), observations, freshAt: now }, 30, 10_000)
    assert.equal(ask(verify, watch({ ...scene(whole), observations, now: now + 300_000 }, 2), open).kind, 'busy')
  })
})
