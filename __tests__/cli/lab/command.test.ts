import assert from 'node:assert/strict'
import { test } from 'node:test'
import { runLab } from '../../../src/cli/lab/command.ts'
import { scenarios } from '../../../src/lab/scenarios/all.ts'

function streams() {
  const said = { out: '', err: '' }
  const stream = (key: 'out' | 'err') => ({
    on() {},
    write(text: string) {
      said[key] += text
    }
  })
  return { said, streams: { stdout: stream('out'), stderr: stream('err'), env: {} } }
}

test('lab --list names every scenario with its story', async () => {
  const { said, streams: given } = streams()
  assert.equal(await runLab(['--list'], given), 0)
  for (const { name, story } of scenarios) assert.ok(said.out.includes(name) && said.out.includes(story))
})

for (const [argv, problem] of [
  [['no-such-thing'], /there is no scenario "no-such-thing"/],
  [['serve'], /there is no scenario ""/],
  [['calm-upgrade', 'held-twice'], /one scenario at a time/],
  [['--speed', 'fast'], /--speed "fast"/],
  [['--speed', '0'], /--speed "0"/],
  [['--sped', '3'], /--sped/]
] as [string[], RegExp][]) {
  test(`lab ${argv.join(' ')} is bad input and says so`, async () => {
    const { said, streams: given } = streams()
    assert.equal(await runLab(argv, given), 2)
    assert.match(said.err, problem)
    assert.equal(said.out, '')
  })
}

test('a scenario that is played says what the prober saw and that it ended as expected', async () => {
  const { said, streams: given } = streams()
  assert.equal(await runLab(['budget-never-allows', '--speed', '200'], given), 0)
  assert.match(said.out, /stand in the way|stands in the way/)
  assert.match(said.out, /0 moments in which one had no ready pod/)
  assert.match(said.out, /It ended as the scenario expects/)
})
