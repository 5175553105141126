import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Clock } from '../../../src/engine/model/clock.ts'
import type { Lease, Leases } from '../../../src/engine/model/cluster.ts'
import { UpgradeError } from '../../../src/engine/model/error.ts'
import { leaseMs, longestWriteMs } from '../../../src/engine/model/limits.ts'
import { acquireLock, type LockOptions } from '../../../src/engine/record/lock.ts'
import { type VirtualClock, virtualClock } from '../../../src/lab/clock.ts'
import { engineClock } from '../sample.ts'

type Trouble = 'reply-lost' | 'not-sent'

/** The Lease object of one cluster. */
function leaseStore() {
  let stored: { lease: Lease; version: string } | undefined
  let version = 0
  const trouble: Trouble[] = []
  let refusing: (() => Error) | undefined
  let writes = 0
  const store = (lease: Lease) => {
    version += 1
    stored = { lease, version: String(version) }
    return String(version)
  }
  const leases: Leases = {
    async read() {
      return stored
    },
    async write(lease, expected) {
      writes += 1
      if (refusing) throw refusing()
      const next = trouble.shift()
      if (next === 'not-sent') throw lost()
      if (expected !== stored?.version) return undefined
      const written = store(lease)
      if (next === 'reply-lost') throw lost()
      return written
    }
  }
  return {
    leases,
    trouble,
    stored: () => stored?.lease,
    writes: () => writes,
    put: (lease: Partial<Lease>) => store({ ...free, ...lease }),
    refuse: (error: (() => Error) | undefined) => {
      refusing = error
    }
  }
}

const free: Lease = {
  holder: '',
  holderDetails: '',
  acquiredAt: 0,
  renewedAt: 0,
  durationSeconds: 30,
  transitions: 4
}
const lost = () => new UpgradeError('no reply', { code: 'kubernetes', outcome: 'halted', hint: '' })
const denied = () => new UpgradeError('no', { code: 'access-denied', outcome: 'refused', hint: '' })

function options(over: Partial<LockOptions> = {}): LockOptions {
  return { holder: 'me', holderDetails: '', patienceMs: 0, waiting() {}, ...over }
}

/** Somebody who renews every ten seconds, for so long. */
function renewing(store: ReturnType<typeof leaseStore>, clock: VirtualClock, times: number, holder = 'other'): void {
  store.put({ holder, renewedAt: clock.now() })
  if (times > 0) clock.after(10_000, () => renewing(store, clock, times - 1, holder))
}

const never = new AbortController().signal
const code = (error: unknown) => (error instanceof UpgradeError ? error.details.code : String(error))

describe('taking the lock', () => {
  it('where there is none creates it, with the first fencing count', async () => {
    const clock = virtualClock()
    const store = leaseStore()
    const lock = await clock.run(acquireLock(store.leases, engineClock(clock), options(), never))
    assert.equal(lock.held(), true)
    assert.equal(store.stored()?.holder, 'me')
    assert.equal(store.stored()?.transitions, 0)
    lock.abandon()
  })

  it('that was given back takes it at once, with a higher fencing count', async () => {
    const clock = virtualClock()
    const store = leaseStore()
    store.put({ holder: '', transitions: 4 })
    const begunAt = clock.now()
    const lock = await clock.run(acquireLock(store.leases, engineClock(clock), options(), never))
    assert.equal(clock.now(), begunAt)
    assert.equal(store.stored()?.transitions, 5)
    lock.abandon()
  })

  it('that somebody renews is refused, naming the holder', async () => {
    const clock = virtualClock()
    const store = leaseStore()
    renewing(store, clock, 20, 'runner-7')
    await assert.rejects(
      clock.run(acquireLock(store.leases, engineClock(clock), options(), never)),
      (error) => code(error) === 'lock-held' && /runner-7/.test(String(error))
    )
    assert.equal(store.stored()?.holder, 'runner-7')
    assert.equal(store.writes(), 0)
  })

  it('that somebody renews is waited for as long as was asked', async () => {
    const clock = virtualClock()
    const store = leaseStore()
    renewing(store, clock, 6)
    clock.after(65_000, () => store.put({ holder: '' }))
    const begunAt = clock.now()
    const lock = await clock.run(acquireLock(store.leases, engineClock(clock), options({ patienceMs: 300_000 }), never))
    assert.ok(clock.now() - begunAt >= 65_000 && clock.now() - begunAt < 70_000)
    lock.abandon()
  })

  it('of a dead holder takes it over only after its whole duration and the longest write, on our own clock', async () => {
    const clock = virtualClock()
    const store = leaseStore()
    // Its own times say nothing: clocks differ.
    store.put({ holder: 'dead', renewedAt: 0 })
    const begunAt = clock.now()
    const lock = await clock.run(acquireLock(store.leases, engineClock(clock), options(), never))
    const waited = clock.now() - begunAt
    assert.ok(waited >= leaseMs + longestWriteMs, `${waited}`)
    assert.ok(waited < leaseMs + longestWriteMs + 5_000, `${waited}`)
    assert.equal(store.stored()?.transitions, 5)
    lock.abandon()
  })

  it('waits anew when the holder turns out to live', async () => {
    const clock = virtualClock()
    const store = leaseStore()
    store.put({ holder: 'slow' })
    clock.after(38_000, () => store.put({ holder: 'slow' }))
    await assert.rejects(clock.run(acquireLock(store.leases, engineClock(clock), options(), never)), {
      name: 'UpgradeError'
    })
    assert.equal(store.stored()?.holder, 'slow')
  })

  it('whose reply was lost finds its own name, and has it', async () => {
    const clock = virtualClock()
    const store = leaseStore()
    store.trouble.push('reply-lost')
    const lock = await clock.run(acquireLock(store.leases, engineClock(clock), options(), never))
    assert.equal(lock.held(), true)
    assert.equal(store.stored()?.holder, 'me')
    lock.abandon()
  })

  it('from a server that refuses every write ends, and does not hammer it', async () => {
    const clock = virtualClock({ maxEvents: 1000 })
    const store = leaseStore()
    store.refuse(lost)
    const begunAt = clock.now()
    await assert.rejects(
      clock.run(acquireLock(store.leases, engineClock(clock), options(), never)),
      (error) => code(error) === 'kubernetes'
    )
    assert.ok(store.writes() <= 10, `${store.writes()} writes`)
    assert.ok(clock.now() - begunAt >= 30_000)
  })

  it('without the right to it ends at once', async () => {
    const clock = virtualClock()
    const store = leaseStore()
    store.refuse(denied)
    await assert.rejects(
      clock.run(acquireLock(store.leases, engineClock(clock), options(), never)),
      (error) => code(error) === 'access-denied'
    )
    assert.equal(store.writes(), 1)
  })

  it('stops when asked to', async () => {
    const clock = virtualClock()
    const store = leaseStore()
    renewing(store, clock, 100)
    const stop = new AbortController()
    clock.after(12_000, () => stop.abort())
    const begunAt = clock.now()
    await assert.rejects(
      clock.run(acquireLock(store.leases, engineClock(clock), options({ patienceMs: 600_000 }), stop.signal))
    )
    assert.ok(clock.now() - begunAt <= 13_000)
  })
})

describe('keeping the lock', () => {
  async function taken(store: ReturnType<typeof leaseStore>, clock: VirtualClock, engine: Clock = engineClock(clock)) {
    return clock.run(acquireLock(store.leases, engine, options(), never))
  }

  it('renews it for as long as the run lasts', async () => {
    const clock = virtualClock()
    const store = leaseStore()
    const lock = await taken(store, clock)
    const first = store.stored()?.renewedAt ?? 0
    await clock.run(clock.sleep(10 * 60_000))
    assert.equal(lock.held(), true)
    assert.ok((store.stored()?.renewedAt ?? 0) - first > 9 * 60_000)
    assert.equal(store.stored()?.transitions, 0)
    lock.abandon()
  })

  it('survives a renewal whose reply was lost', async () => {
    const clock = virtualClock()
    const store = leaseStore()
    const lock = await taken(store, clock)
    store.trouble.push('reply-lost')
    await clock.run(clock.sleep(60_000))
    assert.equal(lock.held(), true)
    assert.equal(lock.lostTo(), undefined)
    lock.abandon()
  })

  it('is not held any more while a write could still last beyond the Lease', async () => {
    const clock = virtualClock()
    const store = leaseStore()
    const lock = await taken(store, clock)
    const at = clock.now()
    store.refuse(lost)
    await clock.run(clock.sleep(leaseMs - longestWriteMs - 1))
    assert.equal(lock.held(), true)
    await clock.run(clock.sleep(2))
    assert.equal(lock.held(), false, `${clock.now() - at} ms after the last renewal`)
    lock.abandon()
  })

  it('is held again once it could be renewed, if nobody took it', async () => {
    const clock = virtualClock()
    const store = leaseStore()
    const lock = await taken(store, clock)
    store.refuse(lost)
    await clock.run(clock.sleep(25_000))
    assert.equal(lock.held(), false)
    store.refuse(undefined)
    await clock.run(clock.sleep(3_000))
    assert.equal(lock.held(), true)
    lock.abandon()
  })

  it('after an event loop that stood still is not held before anything was renewed', async () => {
    const clock = virtualClock()
    const store = leaseStore()
    let skippedMs = 0
    const engine = engineClock(clock)
    const lock = await taken(store, clock, { ...engine, now: () => engine.now() + skippedMs })
    assert.equal(lock.held(), true)
    // Timers have not fired, time has passed: the first thing that anybody asks must be answered with no.
    skippedMs = 60_000
    assert.equal(lock.held(), false)
    lock.abandon()
  })

  it('taken over by another is lost for good, and is written no more', async () => {
    const clock = virtualClock()
    const store = leaseStore()
    const lock = await taken(store, clock)
    store.put({ holder: 'other', transitions: 9 })
    await clock.run(clock.sleep(11_000))
    assert.equal(lock.lostTo()?.holder, 'other')
    assert.equal(lock.held(), false)
    const writes = store.writes()
    await clock.run(clock.sleep(120_000))
    await lock.release()
    assert.equal(store.writes(), writes)
    assert.equal(store.stored()?.holder, 'other')
  })

  it('that bears our name with another fencing count is not ours', async () => {
    const clock = virtualClock()
    const store = leaseStore()
    const lock = await taken(store, clock)
    store.put({ holder: 'me', transitions: 1 })
    await clock.run(clock.sleep(11_000))
    assert.equal(lock.held(), false)
    assert.equal(lock.lostTo()?.transitions, 1)
    lock.abandon()
  })
})

describe('giving the lock back', () => {
  async function taken(store: ReturnType<typeof leaseStore>, clock: VirtualClock) {
    return clock.run(acquireLock(store.leases, engineClock(clock), options(), never))
  }

  it('leaves a Lease that the next one takes at once', async () => {
    const clock = virtualClock()
    const store = leaseStore()
    const lock = await taken(store, clock)
    await clock.run(lock.release())
    assert.equal(lock.held(), false)
    assert.equal(store.stored()?.holder, '')
    const at = clock.now()
    const next = await clock.run(acquireLock(store.leases, engineClock(clock), options({ holder: 'next' }), never))
    assert.equal(clock.now(), at)
    next.abandon()
  })

  it('works although the last renewal got no reply', async () => {
    const clock = virtualClock()
    const store = leaseStore()
    const lock = await taken(store, clock)
    store.trouble.push('reply-lost')
    await clock.run(clock.sleep(10_001))
    await clock.run(lock.release())
    assert.equal(store.stored()?.holder, '')
  })

  it('that fails is no failure of the run: the Lease runs out by itself', async () => {
    const clock = virtualClock()
    const store = leaseStore()
    const lock = await taken(store, clock)
    store.refuse(denied)
    await clock.run(lock.release())
    assert.equal(lock.held(), false)
  })

  it('is not done by one who abandons it', async () => {
    const clock = virtualClock()
    const store = leaseStore()
    const lock = await taken(store, clock)
    lock.abandon()
    await clock.run(clock.sleep(60_000))
    assert.equal(lock.held(), false)
    assert.equal(store.stored()?.holder, 'me')
    assert.equal(store.writes(), 1)
  })
})
