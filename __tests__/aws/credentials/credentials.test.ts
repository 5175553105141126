import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Fetched, rotatingCredentials } from '../../../src/aws/credentials/credentials.ts'

const minute = 60_000

/** A source whose credentials last for so many minutes, on a clock of its own. */
function scene(lastsMinutes: number | undefined, { renewable = true, sessionToken = 'session' } = {}) {
  const state = { now: 0, fetches: 0, failing: false, masked: [] as string[] }
  const fetch = async (): Promise<Fetched> => {
    state.fetches++
    if (state.failing) throw new Error('no answer')
    const expiration = lastsMinutes === undefined ? undefined : new Date(state.now + lastsMinutes * minute)
    return {
      credentials: {
        accessKeyId: `key${state.fetches}`,
        secretAccessKey: 'secret',
        sessionToken: sessionToken || undefined,
        expiration
      },
      renewable
    }
  }
  const mask = (secret: string) => state.masked.push(secret)
  return { state, credentials: rotatingCredentials(fetch, mask, () => state.now) }
}

test('simultaneous callers share one fetch', async () => {
  const { state, credentials } = scene(60)
  await Promise.all(Array.from({ length: 20 }, credentials))
  assert.equal(state.fetches, 1)
})

test('every part is masked before it is returned', async () => {
  const { state, credentials } = scene(60)
  await credentials()
  assert.deepEqual(state.masked.sort(), ['key1', 'secret', 'session'])
})

test('they are fetched again when less than five minutes remain', async () => {
  const { state, credentials } = scene(60)
  await credentials()
  state.now = 54 * minute
  assert.equal((await credentials()).accessKeyId, 'key1')
  state.now = 56 * minute
  assert.equal((await credentials()).accessKeyId, 'key2')
})

test('while a refresh fails, the old ones are used until they end, and the next attempt waits', async () => {
  const { state, credentials } = scene(60)
  await credentials()
  state.now = 56 * minute
  state.failing = true
  assert.equal((await credentials()).accessKeyId, 'key1')
  assert.equal((await credentials()).accessKeyId, 'key1')
  assert.equal(state.fetches, 2)
  assert.equal(credentials.endsAt(), 60 * minute)
  state.now = 57 * minute
  state.failing = false
  assert.equal((await credentials()).accessKeyId, 'key3')
  assert.equal(credentials.endsAt(), Number.POSITIVE_INFINITY)
})

test('when a refresh fails and the old ones have ended, the error is thrown', async () => {
  const { state, credentials } = scene(60)
  await credentials()
  state.now = 60 * minute
  state.failing = true
  await assert.rejects(credentials(), /no answer/)
  state.failing = false
  assert.equal((await credentials()).accessKeyId, 'key3')
})

test('a source that returns the same credentials is not read with every call', async () => {
  const { state, credentials } = scene(2)
  await credentials()
  await credentials()
  await credentials()
  assert.equal(state.fetches, 1)
  assert.equal(credentials.endsAt(), 2 * minute)
})

test('the end is unknown before the first use and for session credentials without one', async () => {
  const { credentials } = scene(undefined, { renewable: false })
  assert.equal(credentials.endsAt(), undefined)
  await credentials()
  assert.equal(credentials.endsAt(), undefined)
})

test('long-lived keys do not end, and credentials that cannot be renewed end at their expiration', async () => {
  const keys = scene(undefined, { renewable: false, sessionToken: '' })
  await keys.credentials()
  assert.equal(keys.credentials.endsAt(), Number.POSITIVE_INFINITY)
  const session = scene(60, { renewable: false })
  await session.credentials()
  assert.equal(session.credentials.endsAt(), 60 * minute)
})
