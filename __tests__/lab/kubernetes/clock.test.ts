import assert from 'node:assert/strict'
import { test } from 'node:test'
import { scaledClock, virtualClock } from '../../../src/lab/clock.ts'

test('an hour of sleep takes no time, and now() has moved by exactly an hour', async () => {
  const clock = virtualClock({ startAt: 1000 })
  await clock.run(clock.sleep(3_600_000))
  assert.equal(clock.now(), 3_601_000)
})

test('events happen in the order of their time, and in the order of asking at the same time', async () => {
  const clock = virtualClock()
  const seen: string[] = []
  clock.after(20, () => seen.push('late'))
  clock.after(10, () => seen.push('first'))
  clock.after(10, () => seen.push('second'))
  await clock.run(clock.sleep(30))
  assert.deepEqual(seen, ['first', 'second', 'late'])
})

test('what is cancelled does not happen', async () => {
  const clock = virtualClock()
  const cancel = clock.after(5, () => assert.fail('it happened'))
  cancel()
  await clock.run(clock.sleep(10))
})

test('waiting for what can never happen is a deadlock that names the time', async () => {
  const clock = virtualClock({ startAt: Date.UTC(2026, 0, 1) })
  await assert.rejects(clock.run(new Promise(() => {})), /deadlock at 2026-01-01T00:00:00\.000Z/)
})

test('a loop without an end is an error', async () => {
  const clock = virtualClock({ maxEvents: 100 })
  const again = () => {
    clock.after(1, again)
  }
  again()
  await assert.rejects(clock.run(new Promise(() => {})), /more than 100 events/)
})

test('a sleep ends early, with the reason, when its signal aborts', async () => {
  const clock = virtualClock({ startAt: 0 })
  const stop = new AbortController()
  clock.after(5, () => stop.abort(new Error('enough')))
  await assert.rejects(clock.run(clock.sleep(1000, stop.signal)), /enough/)
  assert.equal(clock.now(), 5)
})

test('two sleepers interleave as their times say', async () => {
  const clock = virtualClock()
  const seen: string[] = []
  const walk = async (name: string, ms: number) => {
    for (let i = 0; i < 3; i++) {
      await clock.sleep(ms)
      seen.push(`${name}${i}`)
    }
  }
  await clock.run(Promise.all([walk('a', 10), walk('b', 14)]))
  assert.deepEqual(seen, ['a0', 'b0', 'a1', 'b1', 'a2', 'b2'])
})

test('the same seed gives the same numbers', () => {
  const draw = (seed: number) => Array.from({ length: 5 }, virtualClock({ seed }).random)
  assert.deepEqual(draw(7), draw(7))
  assert.notDeepEqual(draw(7), draw(8))
})

test('on a scaled clock nothing happens before its time', async () => {
  const clock = scaledClock({ speed: 1000 })
  const before = clock.now()
  await clock.sleep(5000)
  assert.ok(clock.now() - before > 4999)
})
