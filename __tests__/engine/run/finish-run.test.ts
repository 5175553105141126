import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Ending } from '../../../src/engine/loop/ending.ts'
import { UpgradeError } from '../../../src/engine/model/error.ts'
import { endingResult } from '../../../src/engine/run/finish-run.ts'
import { blue, green, look, run } from '../sample.ts'
import { fakeContext, fakeLock } from './fake-context.ts'

async function ended(ending: Ending) {
  const { lock, ends } = fakeLock()
  const { context } = fakeContext()
  return { result: await endingResult({ ...context, lock, facts: {} }, ending), ends }
}

describe('a run that was stopped', () => {
  it('lets the Lease run out if a write may still land', async () => {
    const { result, ends } = await ended({ kind: 'stopped', run: run(), outstanding: true })
    assert.deepEqual(ends, ['abandoned'])
    assert.equal(result.outcome, 'cancelled')
  })

  it('leaves the release to its caller if nothing is under way', async () => {
    assert.deepEqual((await ended({ kind: 'stopped', run: run(), outstanding: false })).ends, [])
  })

  it('names the command that continues it: by its state, not by what was requested', async () => {
    const next = async (open: ReturnType<typeof run>) =>
      (await ended({ kind: 'stopped', run: open, outstanding: false })).result.next?.split(' ')[0]
    assert.equal(await next(run()), 'upgrade')
    assert.equal(await next(run({ held: {} })), 'finalize')
    assert.equal(await next(run({ direction: 'retiring' })), 'upgrade')
    assert.equal(await next(run({ direction: 'reverting' })), 'revert')
  })
})

describe('a run that broke off', () => {
  const error = (code: 'lock-lost' | 'cluster-unreachable') =>
    new UpgradeError('No answer.', { code, outcome: 'halted', hint: 'Run it again.' })

  it('halts with the reason, and abandons only a lock that was lost', async () => {
    const lost = await ended({ kind: 'broken-off', run: run(), outstanding: false, error: error('lock-lost') })
    assert.deepEqual([lost.result.outcome, lost.result.reason?.code, lost.ends], ['halted', 'lock-lost', ['abandoned']])
    const cut = await ended({ kind: 'broken-off', run: run(), outstanding: false, error: error('cluster-unreachable') })
    assert.deepEqual([cut.result.reason?.hint, cut.ends], ['Run it again.', []])
  })
})

describe('a run that broke off while a write may still land', () => {
  it('lets the Lease run out, as a stopped one does', async () => {
    const error = new UpgradeError('No answer.', { code: 'kubernetes', outcome: 'halted', hint: '' })
    assert.deepEqual((await ended({ kind: 'broken-off', run: run(), outstanding: true, error })).ends, ['abandoned'])
  })
})

describe('the active group of a result', () => {
  it('is the one that serves: the incoming one while the run is held', async () => {
    const held = run({ held: {} })
    const { result } = await ended({ kind: 'hold', run: held, world: look({ run: held }) })
    assert.deepEqual([result.activeGroup, result.inactiveGroup], [green, blue])
  })

  it('is the outgoing one while pods are on their way', async () => {
    const { result } = await ended({ kind: 'stopped', run: run(), outstanding: false })
    assert.deepEqual([result.activeGroup, result.inactiveGroup], [blue, green])
  })
})
