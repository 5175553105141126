import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { stopCleanly } from '../../../src/engine/loop/orderly-stop.ts'
import { beginSession } from '../../../src/engine/loop/session.ts'
import type { OpenRun } from '../../../src/engine/record/record.ts'
import { fakeContext, fakeLock, fakeStore } from '../run/fake-context.ts'
import { minute, now, run, settings } from '../sample.ts'

/** A process that is stopped while it drives this run; `held`: whether it holds the lock. */
async function stopped(open: OpenRun, onCancel: 'revert' | 'leave', held = true) {
  const store = fakeStore(open)
  const { context } = fakeContext({ store })
  const session = beginSession({ ...context, lock: fakeLock(held).lock, onCancel })
  session.observations.startedAt = now - minute
  session.observations.stage = { key: 'forward/drain', at: now - minute }
  const ending = await stopCleanly(session)
  return { ending, written: store.current().run }
}

describe('a stop', () => {
  it('makes a run that goes forward revert, if that is what a cancel does', async () => {
    const { written } = await stopped(run(), 'revert')
    assert.equal(written?.direction, 'reverting')
    assert.equal(written?.reason?.code, 'asked')
  })

  it('leaves a run that goes forward where it is, if a cancel leaves it', async () => {
    assert.equal((await stopped(run(), 'leave')).written?.direction, 'forward')
  })

  it('never reverts a held run: only a person goes back from there', async () => {
    const { written } = await stopped(run({ held: {}, settings: settings({ hold: false }) }), 'revert')
    assert.deepEqual([written?.direction, written?.held], ['forward', {}])
  })

  it('never turns a run that is retiring', async () => {
    assert.equal((await stopped(run({ direction: 'retiring' }), 'revert')).written?.direction, 'retiring')
  })

  it('books the time that was spent, so that a restart cannot dodge a deadline', async () => {
    const { written } = await stopped(run({ elapsedMs: 5, spentMs: { 'forward/drain': 7 } }), 'leave')
    assert.deepEqual([written?.elapsedMs, written?.spentMs['forward/drain']], [minute + 5, minute + 7])
  })

  it('writes nothing without the lock', async () => {
    const open = run()
    assert.equal((await stopped(open, 'revert', false)).written, open)
  })
})

describe('the clocks of the loop', () => {
  it('are in the record of a run that is left, so that the next engine continues them', async () => {
    const { written } = await stopped(run(), 'leave')
    assert.equal(written?.clocks?.stage, 'forward/drain')
    assert.equal(written?.clocks?.stoppedAt, now)
  })

  it('are not in that of a run that turns: the other direction has clocks of its own', async () => {
    assert.equal((await stopped(run(), 'revert')).written?.clocks, undefined)
  })

  it('are taken from the record once: an engine that dies leaves none that are old', async () => {
    const left = (await stopped(run(), 'leave')).written
    assert.ok(left?.clocks)
    const { context } = fakeContext({ store: fakeStore(left) })
    const session = beginSession({ ...context, lock: fakeLock().lock, onCancel: 'leave' })
    assert.equal(session.run.clocks, undefined)
    assert.equal(session.observations.stage?.key, 'forward/drain')
  })
})
