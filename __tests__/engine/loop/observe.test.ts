import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { agree, agreedLooks, newObservations } from '../../../src/engine/world/observations.ts'
import {
  blue,
  blueCordoned,
  blueGroup,
  blueOpen,
  cordoned,
  deployment,
  evictionEntry,
  greenOpen,
  instance,
  look,
  minute,
  node,
  now,
  observationsAt,
  observeLook,
  run,
  watch
} from '../sample.ts'

const nodes = [...blueCordoned, ...greenOpen]

describe('looks that agree', () => {
  it('are counted when they are apart, and start anew when one disagrees', () => {
    const observations = newObservations(0)
    agree(observations, 's', true, 1000)
    agree(observations, 's', true, 1100)
    assert.equal(agreedLooks(observations, 's'), 1)
    agree(observations, 's', true, 1500)
    assert.equal(agreedLooks(observations, 's'), 2)
    agree(observations, 's', false, 2000)
    assert.equal(agreedLooks(observations, 's'), 0)
  })

  it('are looks at AWS: the same one, looked at often, counts once', () => {
    const observations = observationsAt(now)
    const outgoing = blueGroup({ instances: [] })
    for (let pass = 0; pass < 10; pass++) {
      observeLook({ outgoing, observations, now: now + pass * 500, groupsAt: now }, run())
    }
    assert.equal(agreedLooks(observations, `empty ${blue}`), 1)
  })
})

describe('what is remembered', () => {
  it('since when a node has been Ready in every look: Unknown and a flap begin anew', () => {
    const observations = newObservations(now)
    const ready = (state: 'True' | 'Unknown', at: number) =>
      observeLook({ nodes: [node('g1', { ready: state })], observations, now: at }, run())
    ready('True', now)
    ready('True', now + 1000)
    assert.equal(observations.readySince.get('uid-g1'), now)
    ready('Unknown', now + 2000)
    assert.equal(observations.readySince.has('uid-g1'), false)
    ready('True', now + 3000)
    assert.equal(observations.readySince.get('uid-g1'), now + 3000)
  })

  it('since when Desired is what it is, and when an instance came', () => {
    const observations = newObservations(now)
    const seen = (at: number, desired: number, lifecycle: string) =>
      observeLook(
        {
          outgoing: blueGroup({ capacity: { min: 0, max: 9, desired }, instances: [instance('i-b1', { lifecycle })] }),
          observations,
          now: at
        },
        run()
      )
    seen(now, 1, 'Pending')
    seen(now + 1000, 1, 'InService')
    seen(now + 2000, 2, 'InService')
    assert.deepEqual(observations.desired.get(blue), { value: 2, at: now + 2000 })
    const entry = { group: blue, seenAt: now, inServiceAt: now + 1000, seenComing: true, nodeName: 'b1' }
    assert.deepEqual(observations.instances.get('i-b1'), entry)
    assert.equal(observations.completeAt.get(blue), now + 1000)
  })

  it('the nodes of an instance that has left its group, until they are gone', () => {
    const observations = observationsAt(now)
    observeLook({ nodes, observations }, run())
    const world = look({ nodes, observations, outgoing: blueGroup({ instances: [instance('i-b1')] }) })
    assert.deepEqual(world.outgoing.nodes.map((one) => one.name).sort(), ['b1', 'b2', 'b3'])
  })

  it('when this engine first saw a node of ours cordoned', () => {
    const observations = observationsAt(now)
    observeLook({ nodes: [...blueOpen, ...greenOpen], observations }, run())
    assert.equal(observations.cordonedAt, undefined)
    observeLook({ nodes, observations, now: now + 1000 }, run())
    observeLook({ nodes, observations, now: now + 2000 }, run())
    assert.equal(observations.cordonedAt, now + 1000)
    const foreign = observationsAt(now)
    observeLook({ nodes: [cordoned('b1', { cordonedBy: undefined }), ...greenOpen], observations: foreign }, run())
    assert.equal(foreign.cordonedAt, undefined)
  })
})

describe('an eviction', () => {
  const shop = deployment('shop', ['b1'])
  const [one] = shop.pods
  const uid = one?.uid ?? ''
  const accepted = (agoMs: number) =>
    evictionEntry({ answer: { kind: 'accepted' }, sentAt: now - agoMs, answeredAt: now - agoMs })

  it('is forgotten with its pod', () => {
    const observations = observationsAt(now)
    observations.evictions.set(uid, accepted(0))
    observeLook({ nodes, observations }, run())
    assert.equal(observations.evictions.size, 0)
  })

  it('under way is not forgotten', () => {
    const observations = observationsAt(now)
    observations.evictions.set(uid, evictionEntry({ answeredAt: undefined }))
    observations.inFlight.add(`evict ${uid}`)
    observeLook({ nodes, observations }, run())
    assert.equal(observations.evictions.size, 1)
  })

  it('that was accepted long ago and has no effect is forgotten, so that it is asked for again', () => {
    const observations = observationsAt(now)
    observations.evictions.set(uid, accepted(14_000))
    observeLook({ nodes, ...{ pods: shop.pods }, observations }, run())
    assert.equal(observations.evictions.size, 1)
    observations.evictions.set(uid, accepted(16_000))
    observeLook({ nodes, pods: shop.pods, observations }, run())
    assert.equal(observations.evictions.size, 0)
  })

  it('that has its effect is remembered, however long the pod takes', () => {
    const observations = observationsAt(now)
    observations.evictions.set(uid, accepted(60_000))
    observeLook({ nodes, pods: shop.pods.map((pod) => ({ ...pod, deletingAt: now })), observations }, run())
    assert.equal(observations.evictions.size, 1)
  })
})

describe('progress of a workload', () => {
  const progressAt = (observations: ReturnType<typeof observationsAt>) =>
    observations.workloads.get('team-a/deployment/shop')?.progressAt
  const at = (
    observations: ReturnType<typeof observationsAt>,
    time: number,
    places: readonly string[],
    ready = true
  ) => {
    const shop = deployment('shop', places, {}, { ready })
    watch({ run: run(), nodes, pods: shop.pods, parts: [{ workloads: shop.workloads }], observations, now: time }, 1)
  }

  const draining = () => {
    const observations = observationsAt(now)
    observations.stage = { key: 'forward/drain', at: now }
    return observations
  }

  it('is not asked of it while another stage speaks', () => {
    const observations = draining()
    at(observations, now, ['b1', 'b2'])
    observations.stage = { key: 'forward/launch', at: now }
    at(observations, now + minute, ['b1', 'b2'])
    assert.equal(progressAt(observations), now + minute)
  })

  it('begins anew for a workload that was whole and falls ill', () => {
    const observations = draining()
    const open = run({ baseline: { 'team-a/deployment/shop': { replicas: 2, ready: 2, templateHash: '' } } })
    const look = (time: number, ready: boolean) => {
      const shop = deployment('shop', ['g1', 'g2'], {}, { ready })
      watch({ run: open, nodes, pods: shop.pods, parts: [{ workloads: shop.workloads }], observations, now: time }, 1)
    }
    look(now, true)
    look(now + minute, true)
    look(now + 2 * minute, false)
    look(now + 3 * minute, false)
    assert.equal(progressAt(observations), now + minute)
  })

  it('is a pod less on from, or one more that has become ready elsewhere', () => {
    const observations = draining()
    at(observations, now, ['b1', 'b2'])
    at(observations, now + minute, ['b1', 'b2'])
    assert.equal(progressAt(observations), now)
    at(observations, now + 2 * minute, ['g1', 'b2'], false)
    assert.equal(progressAt(observations), now + 2 * minute)
    at(observations, now + 3 * minute, ['g1', 'b2'], true)
    assert.equal(progressAt(observations), now + 3 * minute)
  })

  it('is not a pod that flaps, nor one that comes and goes', () => {
    const observations = draining()
    at(observations, now, ['g1', 'b2'])
    for (let number = 1; number < 10; number++) at(observations, now + number * minute, ['g1', 'b2'], number % 2 === 0)
    assert.equal(progressAt(observations), now)
    at(observations, now + 11 * minute, ['b1', 'b2'])
    at(observations, now + 12 * minute, ['g1', 'b2'])
    assert.equal(progressAt(observations), now)
  })
})

describe('an empty node', () => {
  it('is one that two looks saw empty; it is not judged on a list that is old', () => {
    const observations = observationsAt(now)
    observeLook({ nodes, observations, freshAt: now - 2 * minute }, run())
    assert.equal(observations.emptySince.size, 0)
    observeLook({ nodes, observations }, run())
    assert.equal(observations.emptySince.get('i-b1'), now)
  })

  it('is none while it is open', () => {
    const observations = observationsAt(now)
    observeLook({ nodes: [...blueOpen, ...greenOpen], observations }, run())
    assert.equal(observations.emptySince.size, 0)
  })
})

describe('the progress of a revert', () => {
  it('is anything that moves, and nothing that only takes time', () => {
    const back = run({ direction: 'reverting' })
    const observations = observationsAt(now)
    watch({ run: back, nodes, observations }, 5, minute)
    assert.equal(observations.progress.at, now)
    watch(
      {
        run: back,
        nodes: [...blueOpen.slice(0, 1), ...blueCordoned.slice(1), ...greenOpen],
        observations,
        now: now + 9 * minute
      },
      1
    )
    assert.equal(observations.progress.at, now + 9 * minute)
  })
})
