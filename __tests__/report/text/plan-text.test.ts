import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Result } from '../../../src/engine/model/report.ts'
import { plainValue } from '../../../src/report/escape.ts'
import { endingLines, planLines } from '../../../src/report/text/plan-text.ts'
import { plainLine } from '../../../src/report/text/style.ts'
import { textWidth } from '../../../src/report/text/text-width.ts'
import { nasty, revertedResult, sampleBlockers, samplePlan, sampleResult } from '../sample.ts'

const plan = (overrides = {}, options = { width: 120, diff: false }) =>
  planLines(samplePlan(overrides), options).map(plainLine).join('\n')
const ending = (result: Result, width = 120) => endingLines(result, { width, diff: false }).map(plainLine).join('\n')

test('a plan says what changes, what moves, how long it takes and that nothing blocks it', () => {
  assert.equal(
    plan(),
    `workers: shop-workers-blue (active, 6 nodes) → shop-workers-green (inactive)

  What changes      template shop-workers 41 → 42
                    image      ami-0a1 (1.33.3-20261002) → ami-0f7 (1.33.5-20261119)
                    user data  2 lines differ (--diff shows them)
  What moves        58 pods of 11 workloads; 6 DaemonSet pods stay
  How long          about 6 min: payments (budget allows 1 of 6 at a time) takes longest
  Double capacity   6 × m7i.large until the old nodes are gone

  Nothing blocks the upgrade.`
  )
})

test('the differing lines are shown when they are asked for', () => {
  const text = plan({}, { width: 120, diff: true })
  assert.match(text, /user data {2}2 lines differ\n +-max-pods=29\n +\+max-pods=58/)
})

test('a plan without a change says why and how to go on all the same', () => {
  const text = plan({ comparison: 'equal', changes: [], podsToMove: 0 })
  assert.match(text, /Nothing to do: .*--when-unchanged\s+renew/s)
  assert.doesNotMatch(text, /Nothing blocks the upgrade/)
})

test('a refusal names everything at once, each with its remedies on lines of their own', () => {
  const result = sampleResult({ outcome: 'refused', plan: samplePlan({ blockers: sampleBlockers }) })
  const text = ending(result)
  assert.match(text, /^workers: 2 problems block the upgrade\. Nothing was changed\.\n\n {2}team-a\/ledger +its budget/)
  assert.match(text, /\n +→ or give it a second replica: {3}kubectl -n team-a scale deployment\/ledger --replicas 2\n/)
})

test('an end says what is so now, whether anybody must act, why, and what to type next', () => {
  const text = ending(revertedResult())
  const lines = text.split('\n')
  assert.match(lines[0] ?? '', /^↩ workers was reverted: payments made no progress/)
  assert.match(lines[1] ?? '', /Nothing was lost: shop-workers-blue is active with 2 nodes/)
  assert.equal(lines.at(-1), '  Next:   upgrade --cluster shop')
})

test('every outcome has its sentence', () => {
  const outcomes = [
    'upgraded',
    'unchanged',
    'planned',
    'held',
    'refused',
    'reverted',
    'halted',
    'cancelled',
    'status'
  ] as const
  const firstLines = outcomes.map((outcome) => ending(sampleResult({ outcome, plan: undefined })).split('\n')[0])
  assert.equal(new Set(firstLines).size, outcomes.length)
  for (const line of firstLines) assert.match(line ?? '', /workers/)
})

test('a narrow terminal breaks lines and loses no word', () => {
  const broken = planLines(samplePlan(), { width: 50, diff: false }).map(plainLine)
  for (const line of broken) assert.ok(textWidth(line) <= 50, line)
  const words = (text: string) => text.split(/\s+/).join(' ')
  assert.equal(words(broken.join(' ')).trim(), words(plan()).trim())
})

test('names that hold anything stay on their line', () => {
  const finding = { rule: 'note' as const, object: nasty, reason: nasty, remedies: [nasty] }
  const result = plainValue(
    sampleResult({ outcome: 'refused', group: nasty, plan: samplePlan({ group: nasty, blockers: [finding] }) })
  )
  for (const line of endingLines(result, { width: 80, diff: true }).map(plainLine))
    assert.doesNotMatch(line, /[\p{Cc}\p{Cf}]/u)
})
