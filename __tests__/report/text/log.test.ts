import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createLog } from '../../../src/report/text/log.ts'
import { nasty, revertedResult, sampleProgress, startAt, started } from '../sample.ts'

test('a hundred pictures within ten seconds are one line', () => {
  const log = createLog({ times: true, diff: false })
  log.lines(started())
  const lines = Array.from({ length: 100 }, (_, index) => {
    const at = startAt + 20_000 + index * 90
    const stages = sampleProgress().stages.map((stage) => ({
      ...stage,
      detail: stage.state === 'active' ? `${index} of 58 pods` : stage.detail
    }))
    return log.lines({ kind: 'progress', at, progress: sampleProgress({ at, stages }) })
  }).flat()
  assert.equal(lines.length, 1)
  assert.match(
    lines[0] ?? '',
    /^ {2}0:20 {2}● drain {4}0 of 58 pods; waiting for payments: payments-7d9-x2k is not ready$/
  )
})

test('a picture in which nothing has changed is no line', () => {
  const log = createLog({ times: true, diff: false })
  log.lines(started())
  const at = (seconds: number) => startAt + seconds * 1000
  const show = (seconds: number) =>
    log.lines({ kind: 'progress', at: at(seconds), progress: sampleProgress({ at: at(seconds) }) }).length
  assert.deepEqual([show(20), show(40), show(55)], [1, 0, 0])
})

test('a heartbeat comes when nothing was said for a minute, and not before', () => {
  const log = createLog({ times: true, diff: false })
  log.lines(started())
  const at = startAt + 20_000
  log.lines({ kind: 'progress', at, progress: sampleProgress({ at }) })
  assert.deepEqual(log.tick(at + 59_000), [])
  const [line, ...more] = log.tick(at + 60_000)
  assert.match(line ?? '', /41 of 58 pods; waiting for payments: payments-7d9-x2k is not ready/)
  assert.deepEqual(more, [])
  assert.deepEqual(log.tick(at + 61_000), [])
})

test('a stage is a line when it begins and one when it is done, with its time', () => {
  const log = createLog({ times: true, diff: false })
  log.lines(started())
  const event = {
    kind: 'stage',
    direction: 'forward',
    stage: 'launch',
    detail: '6 of 6 nodes usable',
    elapsedMs: 139_000
  } as const
  assert.deepEqual(log.lines({ ...event, at: startAt + 2000, state: 'began' }), [
    '  0:02  ● launch   start the new nodes'
  ])
  assert.deepEqual(log.lines({ ...event, at: startAt + 141_000, state: 'done' }), [
    '  2:21  ✔ launch   6 of 6 nodes usable   2:19'
  ])
})

test('a change of direction tells why', () => {
  const log = createLog({ times: false, diff: false })
  const reason = revertedResult().reason
  assert.ok(reason)
  assert.deepEqual(log.lines({ kind: 'turned', at: startAt, direction: 'reverting', reason }), [
    `✖ ${reason.message}`,
    '↩ Reverting.'
  ])
})

test('no event breaks out of its line, whatever its names hold', () => {
  const log = createLog({ times: true, diff: true })
  const lines = [
    ...log.lines(started({ group: nasty, cluster: nasty, outgoing: nasty, incoming: nasty, runId: nasty })),
    ...log.lines({ kind: 'note', at: startAt, level: 'warning', title: nasty, text: nasty }),
    ...log.lines({
      kind: 'stage',
      at: startAt,
      direction: 'forward',
      stage: 'drain',
      state: 'done',
      detail: nasty,
      elapsedMs: 0
    })
  ]
  assert.equal(lines.length, 3)
  for (const line of lines) assert.doesNotMatch(line, /[\p{Cc}\p{Cf}]/u)
})

test('what a guard stops is a line of its own, at once', () => {
  const log = createLog({ times: true, diff: false })
  log.lines(started())
  const event = { invariant: 'I6', object: 'shop-workers-blue', action: 'terminate' } as const
  const [line = ''] = log.lines({ kind: 'guarded', at: startAt + 1000, ...event })
  assert.match(line, /⚠ A guard \(invariant I6\) stopped terminate of shop-workers-blue\. Nothing was harmed\./)
})
