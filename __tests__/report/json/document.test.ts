import assert from 'node:assert/strict'
import { test } from 'node:test'
import { annotation, endingAnnotation, warningsOf } from '../../../src/report/github/annotations.ts'
import { jsonDocument, outputsOf } from '../../../src/report/json/document.ts'
import { outcomeSentence } from '../../../src/report/sentences.ts'
import { nasty, revertedResult, sampleBlockers, samplePlan, sampleResult } from '../sample.ts'

test('the JSON document holds the parts of what the other faces say as a sentence', () => {
  const result = revertedResult()
  const document = JSON.parse(jsonDocument([result], { outcome: 'reverted', exitCode: 4 }, '1.2.3'))
  assert.equal(document.outcome, 'reverted')
  assert.equal(document.exitCode, 4)
  const [only] = document.results
  assert.equal(only.sentence, outcomeSentence(result))
  assert.equal(only.nextCommand, 'upgrade --cluster shop')
  assert.equal(only.reason.code, 'pod-timeout')
  assert.equal(only.durationSeconds, 724)
  assert.equal(only.startedAt, '2026-11-24T10:00:00.000Z')
  assert.equal(only.stages[0].durationSeconds, 900)
})

test('names come through JSON as they are', () => {
  const document = JSON.parse(jsonDocument([sampleResult({ group: nasty })], { outcome: 'upgraded', exitCode: 0 }, '1'))
  assert.equal(document.results[0].group, nasty)
})

test('outputs are those of the worst group, with all of them by name', () => {
  const good = sampleResult({ group: 'a' })
  const bad = revertedResult({ group: 'b' })
  const outputs = outputsOf([good, bad], bad)
  assert.equal(outputs.outcome, 'reverted')
  assert.equal(outputs.reason, 'pod-timeout')
  const results = JSON.parse(outputs.results ?? '')
  assert.equal(results.a.outcome, 'upgraded')
  assert.equal(results.b['active-group'], 'shop-workers-blue')
})

test('the digest of a plan is an output, and a list of all of them for several groups', () => {
  const planned = (group: string, digest?: string) => sampleResult({ group, plan: samplePlan({ group, digest }) })
  const [a, b, c] = [planned('a', 'p1-a'), planned('b', 'p1-b'), planned('c')]
  const outputs = outputsOf([a, b, c], c)
  assert.equal(outputs['plan-digest'], 'p1-a,p1-b')
  assert.equal(JSON.parse(outputs.results ?? '').b['plan-digest'], 'p1-b')
  const document = JSON.parse(jsonDocument([a], { outcome: 'planned', exitCode: 0 }, '1'))
  assert.equal(document.results[0].planDigest, 'p1-a')
})

test('the output for a comment holds the summary, and is short enough for one', () => {
  const many = Array.from({ length: 400 }, (_, index) => ({ field: `field ${index}`, from: 'x'.repeat(900), to: 'y' }))
  const long = outputsOf([sampleResult({ plan: samplePlan({ changes: many }) })], sampleResult()).summary ?? ''
  assert.ok(Buffer.byteLength(long) <= 60_000, `${Buffer.byteLength(long)}`)
  assert.match(long, /^## /)
})

test('an annotation has the lines that it was given and no other, and is no longer than GitHub shows', () => {
  const { title, text } = annotation('error', nasty, [nasty, 'second', 'x'.repeat(10_000)])
  assert.doesNotMatch(title, /\p{Cc}/u)
  assert.equal(text.split('\n').length, 3)
  assert.ok(text.length < 4096)
})

test('the annotation of a failure has the reason, every blocker and the next command', () => {
  const { level, title, text } = endingAnnotation(revertedResult(), true)
  assert.deepEqual([level, title], ['error', 'workers: reverted'])
  assert.match(text, /^workers was reverted: payments.*Next: upgrade --cluster shop/s)
  const refused = sampleResult({ outcome: 'refused', plan: samplePlan({ blockers: sampleBlockers }) })
  assert.match(
    endingAnnotation(refused, true).text,
    /2 problems block the upgrade.*team-a\/ledger.*team-b\/report-7xk/s
  )
  assert.equal(endingAnnotation(sampleResult(), false).level, 'notice')
})

test('warnings are those of the plan and those on the way', () => {
  const [finding] = sampleBlockers
  assert.ok(finding)
  assert.equal(warningsOf({ kind: 'plan', at: 0, plan: samplePlan({ warnings: [finding] }) }).length, 1)
  assert.deepEqual(warningsOf({ kind: 'note', at: 0, level: 'info', title: 't', text: 'x' }), [])
  assert.deepEqual(warningsOf({ kind: 'note', at: 0, level: 'warning', title: 't', text: 'x' }), [
    { title: 't', text: 'x' }
  ])
})

test('what a guard stopped is in the JSON document with its parts', () => {
  const guarded = [{ invariant: 'I2', action: 'evict', object: 'team-a/cart-1', count: 3 }]
  const document = JSON.parse(jsonDocument([sampleResult({ guarded })], { outcome: 'upgraded', exitCode: 0 }, '1.2.3'))
  assert.deepEqual(document.results[0].guarded, guarded)
})
