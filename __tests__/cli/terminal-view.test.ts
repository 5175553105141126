// biome-ignore-all lint/suspicious/noControlCharactersInRegex: a terminal is told what to do in control characters.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createTerminalView } from '../../src/cli/terminal-view.ts'
import { nasty, revertedResult, sampleProgress, started } from '../report/sample.ts'

/** As much of a terminal as the view uses: text, cursor up, erase below, hide and show the cursor. */
function screen(columns: number, rows: number) {
  let lines: string[] = ['']
  let row = 0
  const state = { cursor: true, written: '' }
  const size = { columns, rows }
  function write(text: string): void {
    state.written += text
    for (const token of text.match(/\u001b\[[?\d;]*[A-Za-z]|\r|\n|[^\u001b\r\n]+/g) ?? []) {
      if (token === '\n') {
        row += 1
        lines[row] ??= ''
      } else if (token === '\r') continue
      else if (/^\u001b\[\d+A$/.test(token)) row -= Number(token.slice(2, -1))
      else if (token === '\u001b[J') lines = [...lines.slice(0, row), '']
      else if (token === '\u001b[?25l') state.cursor = false
      else if (token === '\u001b[?25h') state.cursor = true
      else if (!token.startsWith('\u001b')) lines[row] = (lines[row] ?? '') + token
      assert.ok(row >= 0, 'the cursor left the screen')
    }
  }
  const stream = { write, isTerminal: true, columns: () => size.columns, rows: () => size.rows }
  return { stream, state, size, text: () => lines.join('\n') }
}

function viewOn(stream: ReturnType<typeof screen>['stream'], color = false) {
  let time = sampleProgress().at
  const view = createTerminalView(stream, { diff: false, plans: true, color, now: () => time })
  const show = (overrides = {}) => {
    time += 200
    view.report({ kind: 'progress', at: time, progress: sampleProgress({ at: time, ...overrides }) })
  }
  const tick = (ms: number) => {
    time += ms
    view.tick(time)
  }
  return { view, show, tick }
}

test('pictures replace each other in place, and the cursor comes back', () => {
  const { stream, state, text } = screen(100, 30)
  const { view, show } = viewOn(stream)
  view.report(started())
  for (let pods = 0; pods < 20; pods += 1) show({ podsMoved: pods })
  assert.equal(text().match(/● drain/g)?.length, 1)
  assert.equal(state.cursor, false)
  view.rest()
  assert.equal(state.cursor, true)
  assert.equal(text().match(/● drain/g)?.length, 1)
})

test('clocks tick once a second without any news', () => {
  const { stream, text } = screen(100, 30)
  const { show, tick } = viewOn(stream)
  show()
  tick(1500)
  assert.match(text(), /● drain .* 1:51/)
})

test('notes scroll by above the picture', () => {
  const { stream, text } = screen(100, 30)
  const { view, show } = viewOn(stream)
  show()
  view.report({ kind: 'note', at: 0, level: 'warning', title: 'others act', text: 'node a was opened; closed again' })
  assert.match(text(), /^⚠ others act: node a was opened; closed again\nworkers {2}blue → green/)
})

test('when the direction changes, what was done stays, the failed stage is marked, and why stands below it', () => {
  const { stream, text } = screen(100, 30)
  const { view, show } = viewOn(stream)
  const { reason } = revertedResult()
  assert.ok(reason)
  show()
  view.report({ kind: 'turned', at: 0, direction: 'reverting', reason })
  show({ direction: 'reverting', revertPossible: false })
  assert.match(text(), /✖ drain .*\n✖ payments made no progress.*\n↩ Reverting\.\nworkers {2}green ↩ blue/)
  assert.equal(text().match(/✔ launch/g)?.length, 2)
})

test('a terminal that was made narrower is erased whole', () => {
  const { stream, size, state, text } = screen(100, 30)
  const { show } = viewOn(stream)
  show()
  size.columns = 50
  state.written = ''
  const broken = text()
    .split('\n')
    .slice(0, -1)
    .flatMap((line) => Array.from({ length: Math.max(1, Math.ceil(line.length / 50)) }))
  // This screen does not break lines as a real one does, so only how far the cursor goes up can be seen.
  assert.throws(() => show(), /the cursor left the screen/)
  assert.match(state.written, new RegExp(`\u001b\\[${broken.length}A`))
})

test('on a terminal too small for a picture it is lines, and nothing is drawn in place', () => {
  const { stream, state, text } = screen(38, 6)
  const { view, show } = viewOn(stream)
  view.report(started())
  show()
  view.report({ kind: 'note', at: sampleProgress().at, level: 'info', title: 'a', text: 'b' })
  view.rest()
  assert.doesNotMatch(state.written, /\u001b/)
  assert.match(text(), /i a: b/)
})

test('names cannot move the cursor', () => {
  const { stream, state } = screen(100, 30)
  const { view, show } = viewOn(stream)
  view.report(started({ group: nasty }))
  show({ group: nasty, workloads: [{ workload: nasty, moved: 0, total: 1, waiting: nasty }] })
  assert.doesNotMatch(state.written, /\u001b\[31m|\u001b\[2J|\r(?!\u001b)/)
})

test('without color there is no color, and with it every line ends in none', () => {
  const plain = screen(100, 30)
  viewOn(plain.stream).show()
  assert.doesNotMatch(plain.state.written, /\u001b\[\d*m/)
  const painted = screen(100, 30)
  viewOn(painted.stream, true).show()
  for (const line of painted.state.written.split('\n')) {
    const last = line.match(/\u001b\[\d+m/g)?.at(-1)
    assert.ok(last === undefined || last === '\u001b[0m', line)
  }
})
