import assert from 'node:assert/strict'
import { test } from 'node:test'
import { problemsSummary, summary, summaryBytes } from '../../../src/report/github/summary.ts'
import { nasty, revertedResult, sampleBlockers, samplePlan, sampleResult } from '../sample.ts'

test('the outcome comes first, then how things stand, then the exact next command', () => {
  const text = summary([revertedResult()])
  const lines = text.split('\n')
  assert.match(lines[0] ?? '', /^## ↩ workers was reverted: payments made no progress/)
  assert.match(lines[2] ?? '', /^Nothing was lost: shop-workers-blue is active/)
  assert.ok(text.indexOf('upgrade --cluster shop') < text.indexOf('| stage |'))
})

test('it shows what changed, the stages with times, the nodes, a chart, a timeline and what was restored', () => {
  const text = summary([revertedResult()])
  assert.match(text, /\| template \| `shop-workers 41` \| `shop-workers 42` \|/)
  assert.match(text, /\| ↩ uncordon \| ✔ 6 of 6 old nodes uncordoned \| 0:01 \|/)
  assert.match(text, /\| drain \| ✖ 41 of 58 pods \| 15:00 \|/)
  assert.match(text, /```mermaid\ngantt/)
  assert.match(text, / {2}drain 15m00s :crit, 1795514400000, 1795515300000/)
  assert.match(text, /<details><summary>Timeline: 2 entries<\/summary>/)
  assert.match(text, /- `ip-10-0-1-1`/)
  assert.match(text, /2 settings restored as found/)
})

test('a table has a blank line before and as many cells in every row as in its head', () => {
  const result = revertedResult({ plan: samplePlan({ changes: [{ field: nasty, from: nasty, to: 'b' }] }) })
  const lines = summary([result, { ...result, nodes: [nasty] }]).split('\n')
  for (const [index, line] of lines.entries()) {
    if (!line.startsWith('|')) continue
    const head = lines.slice(0, index + 1).findLastIndex((other) => !other.startsWith('|')) + 1
    assert.equal(lines[head - 1], '')
    assert.equal(line.split('|').length, lines[head]?.split('|').length, line)
  }
})

test('names can hold anything and still mean nothing', () => {
  const finding = { rule: 'note' as const, object: nasty, reason: nasty, remedies: [nasty, '```\n# out'] }
  const text = summary([
    sampleResult({
      outcome: 'refused',
      cluster: nasty,
      group: nasty,
      runId: nasty,
      nodes: [nasty],
      activeGroup: nasty,
      restored: [nasty],
      warnings: [finding],
      timeline: [{ at: 0, text: nasty }],
      reason: { code: 'plan-blocked', message: nasty, hint: nasty },
      plan: samplePlan({
        blockers: [finding],
        changes: [{ field: nasty, from: nasty, to: nasty, lines: [`+${nasty}`] }]
      }),
      next: `plan --cluster ${nasty}`
    })
  ])
  // A tag may stand in a fence, where it is text; everywhere else there are only ours.
  const fenced = /^( *)(`{3,}).*\n[\s\S]*?^\1\2$/gm
  const prose = text.replace(fenced, '')
  assert.doesNotMatch(prose, /<(?!\/?(details|summary|code|sub)>)/)
  assert.doesNotMatch(text, /[^\P{Cc}\n]|\p{Cf}/u)
  assert.doesNotMatch(prose, /^::/m)
  assert.equal(text.match(/<details>/g)?.length, text.match(/<\/details>/g)?.length)
})

test('a summary of a huge run stays below the limit, says how much is left out, and keeps the outcome', () => {
  const many = Array.from({ length: 20_000 }, (_, index) => `${index} ${'x'.repeat(300)}`)
  const text = summary([
    sampleResult({
      nodes: many,
      restored: many,
      timeline: many.map((entry, at) => ({ at, text: entry })),
      warnings: many.map((object) => ({
        rule: 'note' as const,
        object,
        reason: 'y'.repeat(5000),
        remedies: many.slice(0, 50)
      }))
    })
  ])
  assert.ok(Buffer.byteLength(text) <= summaryBytes)
  assert.match(text, /and \d+ more/)
  assert.match(text, /^## ✔ workers was upgraded/)
})

test('one name of a megabyte, and a thousand groups, do not break it either', () => {
  const text = summary([sampleResult({ group: '€'.repeat(1_000_000) })])
  assert.ok(Buffer.byteLength(text) <= summaryBytes)
  const groups = Array.from({ length: 5000 }, (_, index) =>
    sampleResult({ group: `g${index}`, nodes: ['n'.repeat(1000)] })
  )
  assert.ok(Buffer.byteLength(summary(groups)) <= summaryBytes)
})

test('a plan that is refused shows every blocker with its remedies to paste', () => {
  const text = summary([sampleResult({ outcome: 'refused', plan: samplePlan({ blockers: sampleBlockers }) })])
  assert.match(text, /^## ✖ workers: 2 problems block the upgrade\. Nothing was changed\./)
  assert.match(text, /- \*\*team-a\/ledger\*\*: its budget never allows/)
  assert.match(text, /kubectl -n team-a scale deployment\/ledger --replicas 2/)
})

test('bad input is listed', () => {
  assert.match(
    problemsSummary(['mode is "<b>"']),
    /^## ✖ Invalid input: nothing was changed\n\n- mode is &quot;&lt;b&gt;&quot;/
  )
})

test('what a guard stopped is told with its invariant and object, and that it is to be reported', () => {
  const guarded = [{ invariant: 'I2', action: 'evict', object: 'team-a/cart-1', count: 3 }]
  const text = summary([revertedResult({ guarded })])
  assert.match(text, /\*\*⚠ Stopped by a guard\.\*\* Nothing was harmed\. Please report it as a bug/)
  assert.match(text, /^\| I2 \| evict \| `team-a\/cart-1` \| 3 \|$/m)
  assert.doesNotMatch(summary([revertedResult()]), /guard/)
})

test('the digest of a plan is in the summary and in the text, if there is one', () => {
  const digest = 'p1-mq3k7xw2ta5bd6cnf4hj'
  const planned = sampleResult({ outcome: 'planned', plan: samplePlan({ digest }) })
  assert.ok(summary([planned]).includes('`expect-plan`: `p1-mq3k7xw2ta5bd6cnf4hj`'))
  assert.ok(!summary([sampleResult({ outcome: 'planned', plan: samplePlan() })]).includes('expect-plan'))
})
