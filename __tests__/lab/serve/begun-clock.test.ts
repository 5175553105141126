import assert from 'node:assert/strict'
import { test } from 'node:test'
import { begunClock } from '../../../src/lab/serve/begun-clock.ts'

test('the past is made at once and ends now', async () => {
  const clock = begunClock({ speed: 1, pastMs: 3_600_000 })
  const before = Date.now()
  const seen: number[] = []
  await clock.begin(async () => {
    seen.push(clock.now())
    await clock.sleep(1_800_000)
    seen.push(clock.now())
  })
  assert.equal((seen[1] ?? 0) - (seen[0] ?? 0), 1_800_000)
  assert.ok((seen[0] ?? 0) <= before)
  assert.ok(clock.now() >= before && clock.now() <= Date.now())
  clock.stop()
})

test('what was to happen after the past happens in the present, in its order, and what was taken off does not', async () => {
  const clock = begunClock({ speed: 1000, pastMs: 1_000 })
  const happened: string[] = []
  let takeOff = () => {}
  const last = new Promise<void>((resolve) => {
    clock.after(20_000, () => {
      happened.push('last')
      resolve()
    })
  })
  clock.after(10_000, () => happened.push('first'))
  clock.after(500, () => happened.push('past'))
  takeOff = clock.after(5_000, () => happened.push('taken off'))
  await clock.begin(async () => {})
  assert.deepEqual(happened, ['past'])
  takeOff()
  await last
  assert.deepEqual(happened, ['past', 'first', 'last'])
  clock.stop()
})
