import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { remember } from '../../../src/engine/loop/observe.ts'
import { agree, agreedLooks, newDiary } from '../../../src/engine/world/observations.ts'
import {
  blue,
  blueClosed,
  blueGroup,
  blueOpen,
  closed,
  deployment,
  diaryAt,
  evictionEntry,
  greenOpen,
  instance,
  look,
  minute,
  node,
  now,
  run,
  watch
} from '../sample.ts'

const nodes = [...blueClosed, ...greenOpen]

describe('looks that agree', () => {
  it('are counted when they are apart, and start anew when one disagrees', () => {
    const diary = newDiary(0, 0)
    agree(diary, 's', true, 1000, 400)
    agree(diary, 's', true, 1100, 400)
    assert.equal(agreedLooks(diary, 's'), 1)
    agree(diary, 's', true, 1500, 400)
    assert.equal(agreedLooks(diary, 's'), 2)
    agree(diary, 's', false, 2000, 400)
    assert.equal(agreedLooks(diary, 's'), 0)
  })

  it('are looks at AWS: the same one, looked at often, counts once', () => {
    const diary = diaryAt(now)
    const outgoing = blueGroup({ instances: [] })
    for (let pass = 0; pass < 10; pass++) {
      remember(look({ outgoing, diary, now: now + pass * 500, groupsAt: now }), run())
    }
    assert.equal(agreedLooks(diary, `empty ${blue}`), 1)
  })
})

describe('what is remembered', () => {
  it('since when a node has been Ready in every look: Unknown and a flap begin anew', () => {
    const diary = newDiary(now, 0)
    const ready = (state: 'True' | 'Unknown', at: number) =>
      remember(look({ nodes: [node('g1', { ready: state })], diary, now: at }), run())
    ready('True', now)
    ready('True', now + 1000)
    assert.equal(diary.readySince.get('uid-g1'), now)
    ready('Unknown', now + 2000)
    assert.equal(diary.readySince.has('uid-g1'), false)
    ready('True', now + 3000)
    assert.equal(diary.readySince.get('uid-g1'), now + 3000)
  })

  it('since when Desired is what it is, and when an instance came', () => {
    const diary = newDiary(now, 0)
    const seen = (at: number, desired: number, lifecycle: string) =>
      remember(
        look({
          outgoing: blueGroup({ capacity: { min: 0, max: 9, desired }, instances: [instance('i-b1', { lifecycle })] }),
          diary,
          now: at
        }),
        run()
      )
    seen(now, 1, 'Pending')
    seen(now + 1000, 1, 'InService')
    seen(now + 2000, 2, 'InService')
    assert.deepEqual(diary.desired.get(blue), { value: 2, at: now + 2000 })
    assert.deepEqual(diary.instances.get('i-b1'), { group: blue, seenAt: now, inServiceAt: now + 1000 })
    assert.equal(diary.completeAt.get(blue), now + 1000)
  })

  it('the nodes of an instance that has left its group, until they are gone', () => {
    const diary = diaryAt(now)
    remember(look({ nodes, diary }), run())
    const world = look({ nodes, diary, outgoing: blueGroup({ instances: [instance('i-b1')] }) })
    assert.deepEqual(world.outgoing.nodes.map((one) => one.name).sort(), ['b1', 'b2', 'b3'])
  })

  it('when this engine first saw a node of ours closed', () => {
    const diary = diaryAt(now)
    remember(look({ nodes: [...blueOpen, ...greenOpen], diary }), run())
    assert.equal(diary.closedAt, undefined)
    remember(look({ nodes, diary, now: now + 1000 }), run())
    remember(look({ nodes, diary, now: now + 2000 }), run())
    assert.equal(diary.closedAt, now + 1000)
    const foreign = diaryAt(now)
    remember(look({ nodes: [closed('b1', { closedBy: undefined }), ...greenOpen], diary: foreign }), run())
    assert.equal(foreign.closedAt, undefined)
  })
})

describe('an eviction', () => {
  const shop = deployment('shop', ['b1'])
  const [one] = shop.pods
  const uid = one?.uid ?? ''
  const accepted = (agoMs: number) =>
    evictionEntry({ answer: { kind: 'accepted' }, sentAt: now - agoMs, answeredAt: now - agoMs })

  it('is forgotten with its pod', () => {
    const diary = diaryAt(now)
    diary.evictions.set(uid, accepted(0))
    remember(look({ nodes, diary }), run())
    assert.equal(diary.evictions.size, 0)
  })

  it('under way is not forgotten', () => {
    const diary = diaryAt(now)
    diary.evictions.set(uid, evictionEntry({ answeredAt: undefined }))
    diary.inFlight.add(`evict ${uid}`)
    remember(look({ nodes, diary }), run())
    assert.equal(diary.evictions.size, 1)
  })

  it('that was accepted long ago and has no effect is forgotten, so that it is asked for again', () => {
    const diary = diaryAt(now)
    diary.evictions.set(uid, accepted(14_000))
    remember(look({ nodes, ...{ pods: shop.pods }, diary }), run())
    assert.equal(diary.evictions.size, 1)
    diary.evictions.set(uid, accepted(16_000))
    remember(look({ nodes, pods: shop.pods, diary }), run())
    assert.equal(diary.evictions.size, 0)
  })

  it('that has its effect is remembered, however long the pod takes', () => {
    const diary = diaryAt(now)
    diary.evictions.set(uid, accepted(60_000))
    remember(look({ nodes, pods: shop.pods.map((pod) => ({ ...pod, deletingAt: now })), diary }), run())
    assert.equal(diary.evictions.size, 1)
  })
})

describe('progress of a workload', () => {
  const progressAt = (diary: ReturnType<typeof diaryAt>) => diary.workloads.get('team-a/deployment/shop')?.progressAt
  const at = (diary: ReturnType<typeof diaryAt>, time: number, places: readonly string[], ready = true) => {
    const shop = deployment('shop', places, {}, { ready })
    watch({ run: run(), nodes, pods: shop.pods, parts: [{ workloads: shop.workloads }], diary, now: time }, 1)
  }

  it('is a pod less on from, or one more that has become ready elsewhere', () => {
    const diary = diaryAt(now)
    at(diary, now, ['b1', 'b2'])
    at(diary, now + minute, ['b1', 'b2'])
    assert.equal(progressAt(diary), now)
    at(diary, now + 2 * minute, ['g1', 'b2'], false)
    assert.equal(progressAt(diary), now + 2 * minute)
    at(diary, now + 3 * minute, ['g1', 'b2'], true)
    assert.equal(progressAt(diary), now + 3 * minute)
  })

  it('is not a pod that flaps, nor one that comes and goes', () => {
    const diary = diaryAt(now)
    at(diary, now, ['g1', 'b2'])
    for (let number = 1; number < 10; number++) at(diary, now + number * minute, ['g1', 'b2'], number % 2 === 0)
    assert.equal(progressAt(diary), now)
    at(diary, now + 11 * minute, ['b1', 'b2'])
    at(diary, now + 12 * minute, ['g1', 'b2'])
    assert.equal(progressAt(diary), now)
  })
})

describe('an empty node', () => {
  it('is one that two looks saw empty; it is not judged on a list that is old', () => {
    const diary = diaryAt(now)
    remember(look({ nodes, diary, freshAt: now - 2 * minute }), run())
    assert.equal(diary.emptySince.size, 0)
    remember(look({ nodes, diary }), run())
    assert.equal(diary.emptySince.get('i-b1'), now)
  })

  it('is none while it is open', () => {
    const diary = diaryAt(now)
    remember(look({ nodes: [...blueOpen, ...greenOpen], diary }), run())
    assert.equal(diary.emptySince.size, 0)
  })
})

describe('the progress of a revert', () => {
  it('is anything that moves, and nothing that only takes time', () => {
    const back = run({ direction: 'reverting' })
    const diary = diaryAt(now)
    watch({ run: back, nodes, diary }, 5, minute)
    assert.equal(diary.progress.at, now)
    watch(
      {
        run: back,
        nodes: [...blueOpen.slice(0, 1), ...blueClosed.slice(1), ...greenOpen],
        diary,
        now: now + 9 * minute
      },
      1
    )
    assert.equal(diary.progress.at, now + 9 * minute)
  })
})
