import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { OpenRun } from '../../../src/engine/record/record.ts'
import { otherRuns } from '../../../src/engine/run/refusals.ts'
import { run, settings } from '../sample.ts'
import { fakeStore } from './fake-context.ts'

describe('the run of another node group', () => {
  const blockers = (open: OpenRun | undefined) =>
    otherRuns(fakeStore(undefined, [{ version: 1, group: 'batch', run: open }]), settings())

  it('blocks while it moves pods, in either direction', () => {
    for (const direction of ['forward', 'retiring', 'reverting'] as const) {
      assert.deepEqual(
        blockers(run({ direction })).map(({ rule, object }) => [rule, object]),
        [['other-run-open', 'batch']]
      )
    }
  })

  it('does not block while it is held: it moves nothing', () => {
    assert.deepEqual(blockers(run({ held: {} })), [])
    assert.deepEqual(blockers(run({ held: { because: 'a Job is still running' } })), [])
  })

  it('does not block once it has ended', () => {
    assert.deepEqual(blockers(undefined), [])
  })
})
