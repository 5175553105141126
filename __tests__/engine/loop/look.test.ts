import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { look } from '../../../src/engine/loop/look.ts'
import { beginSession, type Session } from '../../../src/engine/loop/session.ts'
import { type ErrorCode, UpgradeError } from '../../../src/engine/model/error.ts'
import { hopelessLookMs, lookPatienceMs, unheldMs } from '../../../src/engine/model/limits.ts'
import type { Ports } from '../../../src/engine/model/ports.ts'
import { virtualClock } from '../../../src/lab/clock.ts'
import { fakeContext, fakeLock, fakeStore } from '../run/fake-context.ts'
import { blueGroup, engineClock, greenGroup, run, look as sampleLook } from '../sample.ts'

/** A session whose groups answer with `answer`; the clock is virtual. */
function sessionWith(answer: () => Promise<unknown>, held: () => boolean = () => true) {
  const clock = virtualClock()
  const view = sampleLook().view
  const cluster = { view: () => view, changed: () => new Promise<void>(() => {}) }
  const nodeGroups = { describe: answer, activities: async () => [] }
  const ports = { clock: engineClock(clock), cluster, nodeGroups } as unknown as Ports
  const { context, events } = fakeContext({ store: fakeStore(run()), ports })
  const { lock } = fakeLock()
  const session = beginSession({ ...context, lock: { ...lock, held }, onCancel: 'revert' })
  return { session, clock, events }
}

const groups = async () => [blueGroup(), greenGroup()]
const failing = (code: ErrorCode) => () =>
  Promise.reject(new UpgradeError('AWS does not answer.', { code, outcome: 'halted', hint: '' }))

/** How long the session looks again and again before it gives up, in ms. */
async function patience(session: Session, clock: ReturnType<typeof virtualClock>): Promise<number> {
  const from = clock.now()
  return clock.run(
    (async () => {
      for (;;) {
        try {
          await look(session)
        } catch {
          return clock.now() - from
        }
      }
    })()
  )
}

describe('a look', () => {
  it('is a world with both groups', async () => {
    const { session, clock } = sessionWith(groups)
    const seen = await clock.run(look(session))
    assert.equal(seen?.world.outgoing.group.name, blueGroup().name)
  })

  it('is repeated for a quarter of an hour while AWS does not answer, and the user is told once', async () => {
    const { session, clock, events } = sessionWith(failing('aws'))
    const ms = await patience(session, clock)
    assert.ok(ms > lookPatienceMs && ms < lookPatienceMs + 5_000, `${ms} ms`)
    assert.equal(events.filter((event) => event.kind === 'note').length, 1)
  })

  it('is repeated for a minute only if credentials or permissions are missing', async () => {
    for (const code of ['access-denied', 'credentials', 'region'] as const) {
      const { session, clock } = sessionWith(failing(code))
      const ms = await patience(session, clock)
      assert.ok(ms > hopelessLookMs && ms < hopelessLookMs + 5_000, `${code}: ${ms} ms`)
    }
  })

  it('is not repeated if a group is gone', async () => {
    const { session, clock } = sessionWith(async () => [blueGroup()])
    assert.equal(await patience(session, clock), 0)
  })

  it('is not made while the lock cannot be renewed, for a quarter of an hour', async () => {
    let described = 0
    const { session, clock } = sessionWith(
      async () => {
        described += 1
        return groups()
      },
      () => false
    )
    const ms = await patience(session, clock)
    assert.ok(ms > unheldMs && ms < unheldMs + 5_000, `${ms} ms`)
    assert.equal(described, 0)
  })

  it('is made again as soon as the lock is held again, and patience begins again', async () => {
    let held = false
    const { session, clock } = sessionWith(groups, () => held)
    assert.equal(await clock.run(look(session)), undefined)
    assert.notEqual(session.unheldSince, undefined)
    held = true
    assert.ok(await clock.run(look(session)))
    assert.equal(session.unheldSince, undefined)
  })
})
