import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Verdict } from '../../../src/engine/loop/decide.ts'
import { bookStage, finishBooks } from '../../../src/engine/loop/stage-times.ts'
import type { StageName } from '../../../src/engine/model/report.ts'
import type { OpenRun } from '../../../src/engine/record/record.ts'
import { surveyDrain } from '../../../src/engine/stages/drain/survey.ts'
import { act, done } from '../../../src/engine/stages/stage.ts'
import { fakeContext } from '../run/fake-context.ts'
import { look, minute, now, observationsAt, run } from '../sample.ts'

/** Passes in which these stages are done, and this one is at work. */
function bookkeeping(open: OpenRun) {
  const observations = observationsAt(now)
  const { context, events } = fakeContext()
  let at = now
  let current = open
  return {
    recorder: context.recorder,
    events,
    run: () => current,
    pass(stage: StageName, afterMs: number, finished: readonly StageName[] = []) {
      at += afterMs
      const world = look({ run: current, observations, now: at })
      const step = act('at work', [])
      const verdict: Verdict = {
        decision: { kind: 'go', stage, step: step as Extract<typeof step, { kind: 'busy' }> },
        looked: [...finished.map((name) => ({ stage: name, step: done(`${name} is done`) })), { stage, step }],
        survey: surveyDrain(world, current)
      }
      const booked = bookStage({ world, run: current, verdict }, observations, context.recorder)
      current = booked.run
      return booked.isNew
    },
    finish(afterMs: number) {
      at += afterMs
      const world = look({ run: current, observations, now: at })
      const survey = surveyDrain(world, current)
      const verdict: Verdict = { decision: { kind: 'retire' }, looked: [], survey }
      return finishBooks({ world, run: current, verdict }, observations)
    }
  }
}

describe('the time of a stage', () => {
  it('is kept when an earlier stage speaks again: alternating does not dodge a deadline', () => {
    const books = bookkeeping(run())
    books.pass('drain', 0)
    books.pass('launch', 10 * minute)
    books.pass('drain', 2 * minute)
    const { spentMs, elapsedMs } = books.finish(5 * minute)
    assert.deepEqual(spentMs, { 'forward/drain': 15 * minute, 'forward/launch': 2 * minute })
    assert.equal(elapsedMs, 17 * minute)
  })

  it('is written to the record when a stage begins that this engine was not in before, and only then', () => {
    const books = bookkeeping(run())
    assert.equal(books.pass('launch', 0), true)
    assert.equal(books.pass('launch', minute), false)
    assert.equal(books.pass('drain', minute, ['launch']), true)
    assert.equal(books.pass('launch', minute), false)
  })
})

describe('the list of stages', () => {
  it('does not name cordon and drain a second time if they have nothing to do while the group is retired', () => {
    const books = bookkeeping(run({ direction: 'retiring' }))
    books.pass('retire', 0, ['cordon', 'drain'])
    books.pass('release', minute, ['cordon', 'drain', 'retire'])
    assert.deepEqual(
      books.recorder.stages.map(({ stage }) => stage),
      ['retire', 'release']
    )
  })

  it('names them again if there is something to do, such as a pod that came in the meantime', () => {
    const books = bookkeeping(run({ direction: 'retiring' }))
    books.pass('drain', 0, ['cordon'])
    books.pass('retire', minute, ['cordon', 'drain'])
    assert.deepEqual(
      books.recorder.stages.map(({ stage, detail }) => [stage, detail]),
      [
        ['drain', 'drain is done'],
        ['retire', '']
      ]
    )
  })
})
