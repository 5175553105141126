import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Node, Pod, VolumeAttachment, Workload } from '../../../../src/engine/model/cluster.ts'
import type { OpenRun } from '../../../../src/engine/record/record.ts'
import { drain } from '../../../../src/engine/stages/drain/drain.ts'
import type { Step } from '../../../../src/engine/stages/stage.ts'
import type { Observations } from '../../../../src/engine/world/observations.ts'
import {
  ask,
  blueCordoned,
  blueOpen,
  cordoned,
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
  placement,
  pod,
  podsAsked,
  run,
  seconds,
  settings,
  watch
} from '../../sample.ts'

interface Scene {
  run?: OpenRun
  nodes?: readonly Node[]
  pods?: readonly Pod[]
  workloads?: readonly Workload[]
  attachments?: readonly VolumeAttachment[]
  observations?: Observations
  freshAt?: number
  at?: number
}

const forth = run()
const back = run({ direction: 'reverting' })
const baseline = { 'team-a/deployment/shop': { replicas: 3, ready: 3, templateHash: 'h' } }

function inMove(open: OpenRun = forth, forMs = 0): Observations {
  const observations = observationsAt(now, { name: 'drain', direction: open.direction, forMs })
  observations.cordonedAt = now - minute
  return observations
}

function scene(one: Scene) {
  const open = one.run ?? forth
  return {
    run: open,
    nodes:
      one.nodes ?? (open.direction === 'reverting' ? [...blueOpen, ...greenCordoned] : [...blueCordoned, ...greenOpen]),
    pods: one.pods ?? [],
    parts: [{ workloads: [...(one.workloads ?? [])], attachments: [...(one.attachments ?? [])] }],
    observations: one.observations ?? inMove(open),
    now: one.at ?? now,
    freshAt: one.freshAt ?? one.at ?? now
  }
}

const step = (one: Scene): Step => ask(drain, look(scene(one)), one.run ?? forth)
/** After looking for so long, a look every minute, with nothing changing. */
const after = (minutes: number, one: Scene): Step => {
  const { freshAt: _, ...rest } = scene(one)
  return ask(drain, watch(rest, minutes + 1, minute), rest.run)
}
const seen = (found: Step): string =>
  found.kind === 'busy' ? found.waiting.map((one) => `${one.what}: ${one.seen}`).join('; ') : ''
const message = (found: Step): string => (found.kind === 'failed' ? found.message : '')
const code = (found: Step): string => (found.kind === 'failed' ? found.code : found.kind)
const notes = (found: Step): string => (found.kind === 'done' ? (found.notes?.join('; ') ?? '') : found.kind)

describe('drain', () => {
  it('is done when no movable pod is left on outgoing and every replacement serves', () => {
    const open = run({ baseline })
    assert.equal(step({ run: open, ...deployment('shop', ['g1', 'g2', 'g3']) }).kind, 'done')
  })

  it('is not done while a replacement does not serve: gone is not moved', () => {
    const open = run({ baseline })
    const shop = deployment('shop', ['g1', 'g2', 'g3'])
    const starting = shop.pods.map((one, n) => (n === 0 ? { ...one, ready: false } : one))
    const found = step({ run: open, workloads: shop.workloads, pods: starting })
    assert.equal(found.kind, 'busy')
    assert.match(seen(found), /team-a\/shop has 2 of 3 pods ready/)
  })

  it('is not done while a pod is stopping, nor while a volume is attached', () => {
    const shop = deployment('shop', ['b1', 'g2', 'g3'])
    const stopping = shop.pods.map((one, n) => (n === 0 ? { ...one, deletingAt: now + seconds(30) } : one))
    assert.match(seen(step({ workloads: shop.workloads, pods: stopping })), /shop-7d9-0 is stopping/)
    const attachments = [{ name: 'a', nodeName: 'b1', volumeName: 'vol-1', attached: true }]
    assert.match(seen(step({ attachments })), /vol-1: is still attached to b1/)
  })

  it('counts pods, those that an earlier start has moved included', () => {
    const open = run({ podsTotal: 10 })
    const found = step({ run: open, ...deployment('shop', ['b1', 'g2', 'g3']) })
    assert.equal(found.kind === 'busy' && found.detail, '9 of 10 pods')
  })

  it('decides nothing on a list that is old: it neither evicts nor is done', () => {
    const found = step({ ...deployment('shop', ['b1', 'b2', 'b3']), freshAt: now - 2 * minute })
    assert.deepEqual(kinds(found), [])
    assert.match(seen(found), /the API server: no news for 120 s/)
    assert.equal(step({ freshAt: now - 2 * minute }).kind, 'busy')
  })

  it('asks nobody to go while flow control asks for a pause', () => {
    const observations = inMove()
    observations.throttledUntil = now + 3000
    const shop = deployment('shop', ['b1', 'b2', 'b3'])
    assert.deepEqual(podsAsked(step({ ...shop, observations })), [])
    assert.equal(podsAsked(step({ ...shop, observations, at: now + 3000 })).length, 1)
  })
})

describe('what may not be moved', () => {
  it('is waited for, if it is a Job, until drain-timeout; then the move is done without it', () => {
    const report = directly('Job', 'report', ['b1'])
    const waiting = step(report)
    assert.match(seen(waiting), /team-a\/job\/report: the Job is waited for/)
    assert.equal(step({ ...report, observations: inMove(forth, 61 * minute) }).kind, 'done')
  })

  it('keeps its node and is named, if nothing would make it again', () => {
    assert.match(
      notes(step({ pods: [pod('bare', { nodeName: 'b1' })] })),
      /team-a\/bare stays on b1: it has no controller/
    )
  })

  it('keeps its volume, too', () => {
    const bare = pod('bare', { nodeName: 'b1', claims: ['data'] })
    const attachments = [{ name: 'a', nodeName: 'b1', volumeName: 'vol-1', attached: true }]
    const volumes = [{ name: 'vol-1', claim: 'team-a/data', accessModes: [], requiredNodeTerms: [] }]
    const one = scene({ pods: [bare], attachments })
    assert.equal(ask(drain, look({ ...one, parts: [...one.parts, { volumes }] }), forth).kind, 'done')
  })
})

describe('a pod that the scheduler cannot place', () => {
  const shop = deployment('shop', ['b1', 'b2', 'b3'])
  const [waiting, ...others] = shop.pods as [Pod, Pod, Pod]
  const unplaced = (over: Partial<Pod> = {}): Pod => ({
    ...waiting,
    nodeName: undefined,
    ready: false,
    phase: 'Pending',
    createdAt: now - 10_000,
    unschedulable: { message: '0/3 nodes: Insufficient memory', sinceAt: now - 10_000 },
    ...over
  })
  const cart = deployment('cart', ['b1', 'b2', 'b3'])
  const parts = (one: Pod) => ({
    run: run({ baseline }),
    workloads: [...shop.workloads, ...cart.workloads],
    pods: [one, ...others, ...cart.pods]
  })

  it('pauses all evictions, and the scheduler’s words are shown', () => {
    const found = step(parts(unplaced()))
    assert.deepEqual(podsAsked(found), [])
    assert.match(seen(found), /team-a\/shop-7d9-0: the scheduler cannot place it: 0\/3 nodes: Insufficient memory/)
  })

  it('has three seconds first, because the scheduler takes its time', () => {
    const fresh = unplaced({ unschedulable: { message: '', sinceAt: now - 2000 } })
    assert.ok(podsAsked(step(parts(fresh))).length > 0)
  })

  it('is not our doing if it was there before we began', () => {
    assert.ok(podsAsked(step(parts(unplaced({ createdAt: forth.startedAt - 1 })))).length > 0)
  })

  it('is not our doing if its workload never had a pod on outgoing', () => {
    const foreign = unplaced({ owner: undefined, name: 'foreign', uid: 'foreign' })
    assert.ok(podsAsked(step({ ...parts(foreign), run: run({ baseline: {} }) })).length > 0)
  })

  it('fails after pod-timeout with its own name, whoever is stuck behind it', () => {
    const found = after(16, parts(unplaced()))
    assert.equal(code(found), 'unschedulable')
    assert.match(message(found), /^team-a\/shop made no progress for 15 min: shop-7d9-0 cannot be placed: 0\/3 nodes/)
  })
})

describe('a workload that makes no progress', () => {
  const shop = deployment('shop', ['b1', 'b2', 'b3'])
  const [first, ...others] = shop.pods as [Pod, Pod, Pod]

  it('has pod-timeout', () => {
    assert.equal(after(14, shop).kind, 'busy')
    assert.equal(code(after(15, shop)), 'pod-timeout')
  })

  it('fails with what its new pod says', () => {
    const troubles = [
      { container: 'app', reason: 'CrashLoopBackOff', message: 'GLIBC_2.38 not found', exitCode: 1, restarts: 5 }
    ]
    const crashing = { ...first, nodeName: 'g1', ready: false, troubles }
    const found = after(15, { workloads: shop.workloads, pods: [crashing, ...others] })
    assert.equal(code(found), 'pod-timeout')
    assert.match(
      message(found),
      /shop-7d9-0 is not ready: container app: CrashLoopBackOff, exit 1, "GLIBC_2.38 not found" \(node g1\)/
    )
  })

  it('fails with what a webhook says', () => {
    const observations = inMove()
    observations.evictions.set(
      first.uid,
      evictionEntry({ answer: { kind: 'denied', message: 'evictions only at night' } })
    )
    const found = after(15, { ...shop, observations })
    assert.equal(code(found), 'eviction-denied')
    assert.match(message(found), /evictions only at night/)
  })

  it('fails with what its budget says', () => {
    const observations = inMove()
    observations.evictions.set(first.uid, evictionEntry({ answer: { kind: 'budget', message: 'needs 3 and has 3' } }))
    assert.match(message(after(15, { ...shop, observations })), /needs 3 and has 3/)
  })

  it('fails with the pod that does not go', () => {
    const stuck = { ...first, deletingAt: now - minute }
    assert.match(
      message(after(15, { workloads: shop.workloads, pods: [stuck, ...others] })),
      /shop-7d9-0 is being deleted and does not go/
    )
  })

  it('fails, too, if not a single pod of it is left', () => {
    const open = run({ baseline })
    const found = after(15, { run: open, workloads: shop.workloads, pods: [] })
    assert.equal(code(found), 'pod-timeout')
    assert.match(message(found), /team-a\/shop has 0 of 3 pods ready/)
  })

  it('fails, too, if its pods had left before this engine began to look', () => {
    const open = run({ baseline })
    const elsewhere = deployment('shop', ['g1', 'g2', 'g3'])
    const pods = elsewhere.pods.map((one, n) => (n === 0 ? { ...one, ready: false } : one))
    assert.equal(code(after(15, { run: open, workloads: elsewhere.workloads, pods })), 'pod-timeout')
  })

  it('that is critical has the time that the ordinary ones take', () => {
    const observations = inMove()
    const dns = deployment('dns', ['b1', 'b2'], {}, { priorityClass: 'system-cluster-critical' })
    const parts = (count: number) => ({
      workloads: [...shop.workloads, ...dns.workloads],
      pods: [...shop.pods.slice(0, count), ...dns.pods],
      observations
    })
    after(10, parts(3))
    after(0, { ...parts(2), at: now + 11 * minute })
    const { freshAt: _, ...rest } = scene({ ...parts(2), at: now + 20 * minute })
    assert.equal(ask(drain, watch(rest, 1), forth).kind, 'busy')
  })

  it('does not stop the others on the way back', () => {
    const there = deployment('shop', ['g1', 'g2', 'g3'])
    assert.equal(after(30, { run: back, ...there }).kind, 'busy')
  })

  it('ends the move with drain-timeout when all is slow', () => {
    const found = step({ ...shop, observations: inMove(forth, 61 * minute) })
    assert.equal(code(found), 'drain-timeout')
    assert.match(message(found), /team-a\/shop/)
  })

  it('is not timed by a stage that an earlier start has spent', () => {
    const open = run({ spentMs: { 'forward/drain': 59 * minute } })
    assert.equal(step({ run: open, ...shop, observations: inMove(open, 2 * minute) }).kind, 'failed')
  })
})

describe('the way back', () => {
  const open = run({ direction: 'reverting', baseline })
  const there = deployment('shop', ['b1', 'b2', 'b3'])
  const lame = {
    workloads: there.workloads,
    pods: there.pods.map((one, n) => (n === 0 ? { ...one, ready: false } : one))
  }

  it('is over only when the workloads are as healthy as they were', () => {
    assert.equal(step({ run: open, ...there }).kind, 'done')
    const found = step({ run: open, ...lame })
    assert.equal(found.kind, 'busy')
    assert.match(seen(found), /team-a\/shop has 2 of 3 pods ready/)
  })

  it('waits for a replacement no longer than pod-timeout, and names it', () => {
    assert.equal(after(14, { run: open, ...lame }).kind, 'busy')
    assert.match(
      notes(after(15, { run: open, ...lame })),
      /team-a\/shop has 2 of 3 pods ready.*not waited for any longer/
    )
  })

  it('waits for the others while one is given up', () => {
    const both = run({
      direction: 'reverting',
      baseline: { ...baseline, 'team-a/deployment/cart': { replicas: 2, ready: 2, templateHash: 'h' } }
    })
    const cart = deployment('cart', ['b1', 'g2'])
    const parts = { workloads: [...lame.workloads, ...cart.workloads], pods: [...lame.pods, ...cart.pods] }
    assert.deepEqual(podsAsked(after(16, { run: both, ...parts })), ['cart-7d9-1'])
  })

  it('does not ask of a workload to be healthier than it was', () => {
    const sick = run({
      direction: 'reverting',
      baseline: { 'team-a/deployment/shop': { replicas: 3, ready: 2, templateHash: 'h' } }
    })
    assert.equal(step({ run: sick, ...lame }).kind, 'done')
  })
})

describe('a lost node', () => {
  const lost = cordoned('b1', { ready: 'Unknown', readySinceAt: now - 6 * minute })
  const nodes = [lost, ...blueCordoned.slice(1), ...greenOpen]
  const shop = deployment('shop', ['b1', 'g2', 'g3'], { replicas: 2 })
  const [first, ...others] = shop.pods as [Pod, Pod, Pod]
  const stuck = (over: Partial<Pod>) => ({ nodes, workloads: shop.workloads, pods: [{ ...first, ...over }, ...others] })

  it('blocks nothing: a pod that is past its grace there counts as gone', () => {
    assert.equal(step(stuck({ deletingAt: now - 1000 })).kind, 'done')
  })

  it('is waited for within the pod’s grace', () => {
    assert.equal(step(stuck({ deletingAt: now + 1000 })).kind, 'busy')
  })

  it('is not one that went away a moment ago', () => {
    const away = cordoned('b1', { ready: 'Unknown', readySinceAt: now - minute })
    assert.equal(step({ ...stuck({ deletingAt: now - 1000 }), nodes: [away, ...nodes.slice(1)] }).kind, 'busy')
  })
})

describe('nodes that others had cordoned all of them', () => {
  it('give the workloads their time all the same', () => {
    const nodes = [...blueOpen.map((one) => ({ ...one, schedulable: false })), ...greenOpen]
    const dns = deployment(
      'dns',
      ['b1', 'b2', 'b3'],
      {},
      {
        priorityClass: 'system-cluster-critical',
        placement: placement()
      }
    )
    const observations = observationsAt(now, { name: 'drain' })
    assert.equal(step({ nodes, ...dns, observations }).kind, 'busy')
    assert.equal(after(14, { nodes, ...dns, observations }).kind, 'busy')
    const { freshAt: _, ...rest } = scene({ nodes, ...dns, observations, at: now + 16 * minute })
    assert.equal(code(ask(drain, watch(rest, 1), forth)), 'pod-timeout')
  })
})

describe('allowances that the settings widen', () => {
  it('evict a Job’s pods where that was asked for', () => {
    const open = run({ settings: settings({ jobs: 'evict' }) })
    assert.deepEqual(podsAsked(step({ run: open, ...directly('Job', 'report', ['b1']) })), ['report-0'])
  })

  it('evict a pod without a controller where that was asked for', () => {
    const open = run({ settings: settings({ podsWithoutController: 'evict' }) })
    assert.deepEqual(podsAsked(step({ run: open, pods: [pod('bare', { nodeName: 'b1' })] })), ['bare'])
  })
})
