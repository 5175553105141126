import assert from 'node:assert/strict'
import { test } from 'node:test'
import { plainValue } from '../../../src/report/escape.ts'
import { liveLines } from '../../../src/report/text/live-view.ts'
import { plainLine } from '../../../src/report/text/style.ts'
import { textWidth } from '../../../src/report/text/text-width.ts'
import { nasty, sampleProgress } from '../sample.ts'

const draw = (progress = sampleProgress(), columns = 100, rows = 30, now = progress.at) =>
  liveLines(progress, now, columns, rows).map(plainLine)

test('one screen tells the stages, how far the pods are, what each workload waits for, and that a revert is possible', () => {
  const text = draw().join('\n')
  assert.match(text, /^workers {2}blue → green .* 4:12 {3}revert is possible$/m)
  assert.match(text, /✔ launch {3}6 of 6 nodes usable \(1 canary first\) +2:19$/m)
  assert.match(text, /● drain {4}41 of 58 pods {2}━+─+ +1:50$/m)
  assert.match(text, /payments {2}4 of 6 +waiting for payments-7d9-x2k to become ready \(12 s\)$/m)
  assert.match(text, /○ verify {3}○ retire {3}○ release/)
})

test('clocks run on between two pictures, those of finished stages do not', () => {
  const progress = sampleProgress()
  const text = draw(progress, 100, 30, progress.at + 5000).join('\n')
  assert.match(text, / 4:17 {3}revert is possible/)
  assert.match(text, /● drain .* 1:55$/m)
  assert.match(text, /✔ launch .* 2:19$/m)
})

test('once the point of no return is passed it says so', () => {
  const retiring = draw(sampleProgress({ direction: 'retiring', revertPossible: false })).join('\n')
  assert.match(retiring, /past the point of no return/)
  const back = draw(sampleProgress({ direction: 'reverting', revertPossible: false })).join('\n')
  assert.match(back, /green ↩ blue .*reverting/)
})

test('outside of drain it names what is waited for and what was last seen of it', () => {
  const stages = sampleProgress().stages.map(
    (stage) => ({ ...stage, state: stage.stage === 'drain' ? 'todo' : stage.state }) as const
  )
  const launching = stages.map((stage) => (stage.stage === 'launch' ? { ...stage, state: 'active' as const } : stage))
  const progress = sampleProgress({
    stages: launching,
    waiting: [{ what: 'i-0abc', seen: 'Pending in eu-central-1a', sinceAt: sampleProgress().at - 40_000 }]
  })
  assert.match(draw(progress).join('\n'), /waiting for i-0abc: Pending in eu-central-1a \(40 s\)/)
})

test('it never needs more rows than the terminal has, nor wider lines, whatever there is to show', () => {
  const workloads = Array.from({ length: 300 }, (_, index) => ({
    workload: `team-${index}/a-rather-long-name-of-a-workload-${index}`,
    moved: 1,
    total: 3,
    waiting: `waiting for pod-${index} to become ready, which takes a while and has to be told in many words`
  }))
  const progress = sampleProgress({ workloads })
  for (const [columns, rows] of [
    [40, 8],
    [60, 12],
    [80, 24],
    [200, 60]
  ] as const) {
    const lines = draw(progress, columns, rows)
    assert.ok(lines.length < rows, `${lines.length} lines for ${rows} rows`)
    for (const line of lines) assert.ok(textWidth(line) < columns, line)
  }
})

test('workloads that find no room are counted', () => {
  const workloads = Array.from({ length: 30 }, (_, index) => ({
    workload: `w${index}`,
    moved: 0,
    total: 1,
    waiting: 'x'
  }))
  const done = { workload: 'ready', moved: 2, total: 2, waiting: '' }
  assert.match(draw(sampleProgress({ workloads: [...workloads, done] })).join('\n'), /19 more workloads, 1 done/)
})

test('a failed stage is marked and keeps its time', () => {
  const stages = sampleProgress().stages.map((stage) =>
    stage.state === 'active' ? { ...stage, state: 'failed' as const } : stage
  )
  assert.match(draw(sampleProgress({ stages })).join('\n'), /✖ drain {4}41 of 58 pods +1:50/)
})

test('names that hold anything take one line and no control character', () => {
  const progress = plainValue(
    sampleProgress({
      group: nasty,
      outgoing: nasty,
      workloads: [{ workload: nasty, moved: 0, total: 1, waiting: nasty }]
    })
  )
  for (const line of draw(progress, 60, 20)) {
    assert.doesNotMatch(line, /[\p{Cc}\p{Cf}]/u)
    assert.ok(textWidth(line) < 60)
  }
})
