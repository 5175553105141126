import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { UpgradeError } from '../../../src/engine/model/error.ts'
import type { Mode } from '../../../src/engine/model/settings.ts'
import type { GroupRecord } from '../../../src/engine/record/record.ts'
import { endedRun, heldElsewhere } from '../../../src/engine/run/assigned-run.ts'
import type { Assignment } from '../../../src/engine/run/run-context.ts'
import { run, settings } from '../sample.ts'
import { fakeContext, fakeStore } from './fake-context.ts'

interface Told {
  record: Partial<GroupRecord>
  assignment?: Assignment
  mode?: Mode
}

function contextOf({ record, assignment, mode = 'upgrade' }: Told) {
  const store = { ...fakeStore(), current: () => ({ version: 1 as const, group: 'workers', ...record }) }
  return fakeContext({ store, assignment, settings: settings({ mode }) }).context
}

const only: Assignment = { runId: 'run-1', begins: false }
const first: Assignment = { runId: 'run-1', begins: true }
const reason = { code: 'asked', message: 'A revert was requested.', hint: '' } as const
const last = (outcome: string, runId = 'run-1') => ({ outcome, runId, at: 1, changeFingerprint: 'f', reason })

describe('a process that was assigned a run', () => {
  it('has something to do while that run is open', () => {
    assert.equal(endedRun(contextOf({ record: { run: run() }, assignment: only })), undefined)
  })

  it('may begin it if nothing of it is known', () => {
    assert.equal(endedRun(contextOf({ record: {}, assignment: first })), undefined)
  })

  it('continues what another has begun, if it may begin', () => {
    assert.equal(endedRun(contextOf({ record: { run: run({ id: 'run-0' }) }, assignment: first })), undefined)
  })

  for (const assignment of [only, first]) {
    it(`says how it ended if it is over${assignment.begins ? ', and begins no second one' : ''}`, () => {
      const ended = endedRun(contextOf({ record: { last: last('reverted') }, assignment }))
      assert.deepEqual([ended?.outcome, ended?.runId, ended?.reason], ['reverted', 'run-1', reason])
      const other = endedRun(contextOf({ record: { last: last('upgraded'), run: run({ id: 'run-2' }) }, assignment }))
      assert.deepEqual([other?.outcome, other?.runId], ['upgraded', 'run-1'])
    })
  }

  it('was too late to revert a run that ended as upgraded', () => {
    const retired = { group: 'shop-blue', at: 1, runId: 'run-1', configuration: {} }
    const told: Told = { record: { last: last('upgraded'), retired }, assignment: only, mode: 'revert' }
    assert.match(endedRun(contextOf(told))?.reason?.message ?? '', /too late to revert: shop-blue/)
  })

  it('touches no other run, and says that its own is forgotten', () => {
    for (const record of [{}, { run: run({ id: 'run-2' }) }, { last: last('upgraded', 'run-2') }]) {
      const ended = endedRun(contextOf({ record, assignment: only }))
      assert.deepEqual([ended?.outcome, ended?.reason?.code], ['refused', 'run-over'])
    }
  })
})

describe('a lock that another process holds', () => {
  const held = new UpgradeError('Another run holds the cluster.', { code: 'lock-held', outcome: 'refused', hint: '' })

  it('is held for the assigned run: this process only stops', async () => {
    const result = await heldElsewhere(contextOf({ record: { run: run() }, assignment: first }), held)
    assert.deepEqual([result.outcome, result.runId], ['cancelled', 'run-1'])
  })

  it('is refused if a stranger holds it, or if nothing was assigned', async () => {
    await assert.rejects(heldElsewhere(contextOf({ record: {}, assignment: first }), held), held)
    await assert.rejects(heldElsewhere(contextOf({ record: { run: run() } }), held), held)
  })
})
