import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { budget, daemonSet, deployment } from '../../src/lab/joined/workloads.ts'
import { badNodes } from '../../src/lab/scenarios/user-actions.ts'
import type { Answer } from '../../src/lambda/answer.ts'
import { type LabFunction, onLab } from './lab-function.ts'

const objects = [
  deployment('web', 4),
  budget('web', { maxUnavailable: 1 }),
  deployment('ledger', 1),
  daemonSet('agent', { readyAfter: '1s' })
]
const good = { objects, nodeGroups: [{ nodes: 2 }] }
const bad = { objects, nodeGroups: [badNodes({ nodes: 2 })] }
const quick = { 'stable-seconds': 1, 'soak-minutes': 0.1, 'pod-timeout-minutes': 2 }

/** A slice of 15 s is much shorter than every deadline. */
const short = { world: good, timeoutSeconds: 40 }

function eventOf(lambda: LabFunction, more: object = {}) {
  return { cluster: lambda.lab.clusterName, ...quick, ...more }
}

function lastOf(answers: readonly Answer[]): Record<string, unknown> {
  return { ...answers.at(-1) }
}

describe('an upgrade in slices', () => {
  it('is one run, however many slices it takes', () =>
    onLab(short, async (lambda) => {
      const { answers, slices } = await lambda.execute(eventOf(lambda))
      assert.equal(lastOf(answers).outcome, 'upgraded')
      assert.ok(slices >= 4, `${slices} slices`)
      assert.equal(lambda.runs.size, 1)
    }))

  it('keeps what is left of every invocation, and releases the lock between two slices', () =>
    onLab(short, async (lambda) => {
      const begun: number[] = []
      await lambda.execute(eventOf(lambda), async () => {
        if (begun.length > 0) assert.equal((await lambda.lease())?.holder, '')
        begun.push(lambda.lab.clock.now())
      })
      const longest = Math.max(...begun.slice(1).map((at, index) => at - (begun[index] ?? 0)))
      assert.ok(longest <= 21_000, `${longest} ms from slice to slice`)
    }))

  it('soaks longer than a slice lasts', () =>
    onLab(short, async (lambda) => {
      const { answers } = await lambda.execute(eventOf(lambda, { 'soak-minutes': 5 }))
      assert.equal(lastOf(answers).outcome, 'upgraded')
      assert.ok(Number(lastOf(answers).durationSeconds) > 300)
    }))

  it('reverts when a deadline that is longer than a slice is over', () =>
    onLab({ ...short, world: bad }, async (lambda) => {
      const { answers, slices } = await lambda.execute(eventOf(lambda))
      const { outcome, exitCode, error, reason } = lastOf(answers)
      assert.deepEqual([outcome, exitCode, error], ['reverted', 4, 'reverted'])
      assert.equal((reason as { code: string }).code, 'pod-timeout')
      // Two minutes without progress; a clock that began again in every slice would only end with the drain, after an hour.
      assert.ok(slices < 25, `${slices} slices`)
      assert.equal(lambda.runs.size, 1)
    }))
})

describe('an event that is delivered again', () => {
  it('at once: one slice works, the other waits and begins nothing', () =>
    onLab(short, async (lambda) => {
      const start = await lambda.invoke(eventOf(lambda, { step: 'start' }))
      const [event] = 'events' in start ? (start.events as readonly object[]) : []
      const [one, two] = await Promise.all([lambda.invoke(event), lambda.invoke(event)])
      assert.deepEqual([one.done, two.done], [false, false])
      assert.equal(lambda.runs.size, 1)
      assert.ok('runId' in one && one.runId !== '')
    }))

  it('after the run has ended: the answer says how, and nothing is begun', () =>
    onLab({ ...short, timeoutSeconds: 900 }, async (lambda) => {
      let event: object = {}
      // To renew is to upgrade again and again, each time that one asks.
      const { answers } = await lambda.execute(eventOf(lambda, { 'when-unchanged': 'renew' }), (next) => {
        event = next
      })
      const again = await lambda.invoke(event)
      const { outcome, runId, activeGroup } = lastOf(answers)
      assert.equal(outcome, 'upgraded')
      assert.deepEqual({ ...again, ...{} } as object, {
        ...again,
        done: true,
        outcome,
        runId,
        activeGroup,
        exitCode: 0
      })
      assert.equal(lambda.runs.size, 1)
    }))

  it('for a run that is forgotten: refused, and nothing is begun', () =>
    onLab(short, async (lambda) => {
      const answer = await lambda.invoke(eventOf(lambda, { 'run-id': '20200101-0000-bcdfg' }))
      const { outcome, exitCode, reason } = lastOf([answer])
      assert.deepEqual([outcome, exitCode], ['refused', 3])
      assert.equal((reason as { code: string }).code, 'run-over')
      assert.equal(lambda.runs.size, 0)
    }))
})

describe('a slice that was killed', () => {
  it('leaves a Lease, which slices that are shorter than it lives take together', () =>
    onLab(short, async (lambda) => {
      const { answers, slices } = await lambda.execute(eventOf(lambda), async (_, slice) => {
        if (slice === 3) await lambda.abandonLease()
      })
      assert.equal(lastOf(answers).outcome, 'upgraded')
      assert.ok(slices < 15, `${slices} slices`)
      assert.equal(lambda.runs.size, 1)
    }))
})

describe('a second execution that reverts', () => {
  it('ends the first as reverted, which does not upgrade again', () =>
    onLab(short, async (lambda) => {
      let revert: Promise<readonly Answer[]> | undefined
      const { answers } = await lambda.execute(eventOf(lambda, { 'soak-minutes': 30 }), async (_, slice) => {
        if (slice === 4) {
          revert = lambda.execute(eventOf(lambda, { mode: 'revert' })).then((ended) => ended.answers)
        }
      })
      const { outcome, exitCode, reason } = lastOf(answers)
      assert.deepEqual([outcome, exitCode], ['reverted', 4])
      assert.equal((reason as { code: string }).code, 'asked')
      const asked = lastOf((await revert) ?? [])
      assert.deepEqual([asked.outcome, asked.exitCode], ['reverted', 0])
      assert.equal(lambda.runs.size, 1)
    }))

  it('that has reverted it between two slices ends the first as well', () =>
    onLab(short, async (lambda) => {
      const { answers } = await lambda.execute(eventOf(lambda, { 'soak-minutes': 30 }), async (_, slice) => {
        if (slice !== 4) return
        const asked = lastOf((await lambda.execute(eventOf(lambda, { mode: 'revert' }))).answers)
        assert.deepEqual([asked.outcome, asked.exitCode], ['reverted', 0])
      })
      const { outcome, error } = lastOf(answers)
      assert.deepEqual([outcome, error], ['reverted', 'reverted'])
      assert.equal(lambda.runs.size, 1)
    }))
})

describe('several groups', () => {
  const world = {
    objects,
    nodeGroups: [{ name: 'a', nodes: 1 }, badNodes({ name: 'b', nodes: 1 }), { name: 'c', nodes: 1 }]
  }

  it('are upgraded one after the other until one does not end well', () =>
    onLab({ world, timeoutSeconds: 300 }, async (lambda) => {
      const { answers } = await lambda.execute(eventOf(lambda, { group: '*' }))
      assert.deepEqual(
        answers.map(({ group, outcome }) => [group, outcome]),
        [
          ['a', 'upgraded'],
          ['b', 'reverted']
        ]
      )
    }))

  it('of one event without a state machine are as well', () =>
    onLab({ world, timeoutSeconds: 300 }, async (lambda) => {
      const seen: unknown[] = []
      let event: object = eventOf(lambda, { group: ['a', 'b', 'c'] })
      for (;;) {
        const answer = await lambda.invoke(event)
        if ('event' in answer && !answer.done) event = answer.event
        seen.push('group' in answer && answer.group)
        if (answer.done) {
          assert.deepEqual([answer.group, answer.outcome], ['b', 'reverted'])
          break
        }
      }
      assert.equal(seen[0], 'a')
    }))
})
