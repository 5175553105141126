import assert from 'node:assert/strict'
import { test } from 'node:test'
import { runLab } from '../../../src/cli/lab/command.ts'
import { virtualClock } from '../../../src/lab/clock.ts'
import { scenarios } from '../../../src/lab/scenarios/all.ts'

function streams() {
  const said = { out: '', err: '' }
  const stream = (key: 'out' | 'err') => ({
    on() {},
    write(text: string) {
      said[key] += text
    }
  })
  return { said, streams: { stdout: stream('out'), stderr: stream('err'), env: {}, program: 'eks-node-upgrade' } }
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
  assert.equal(await runLab(['budget-never-allows'], { ...given, clock: () => virtualClock() }), 0)
  assert.match(said.out, /1 problem blocks the upgrade/)
  assert.match(said.out, /none was ever without a ready pod/)
  assert.match(said.out, /It ended as the scenario expects/)
})

test('the demonstration upgrades, fails once and reverts, and names what to try next as it can be typed here', async () => {
  const { said, streams: given } = streams()
  const streamsOfDemo = { ...given, program: 'node build/cli/bin.js', clock: () => virtualClock() }
  assert.equal(await runLab([], streamsOfDemo), 0)
  assert.match(said.out, /workers was upgraded: shop-workers-green is active with 6 nodes/)
  assert.match(said.out, /workers was reverted: .*payments/)
  assert.equal(said.out.match(/none was ever without a ready pod/g)?.length, 2)
  assert.doesNotMatch(said.out, /Unexpected/)
  for (const command of ['lab --list', 'lab killed-forward', 'lab serve calm-upgrade', 'plan --cluster NAME']) {
    assert.ok(said.out.includes(`  node build/cli/bin.js ${command}\n`), command)
  }
})

test('lab serve says what to export and what to try, until it is stopped', async () => {
  const { said, streams: given } = streams()
  const served = runLab(['serve', 'calm-upgrade'], given)
  while (!said.out.includes('Ctrl-C')) await new Promise((resolve) => setTimeout(resolve, 20))
  process.emit('SIGINT')
  assert.equal(await served, 0)
  for (const word of ['AWS_ENDPOINT_URL', 'KUBECONFIG'])
    assert.match(said.out, new RegExp(`^export ${word}=\\S+$`, 'm'))
  assert.match(said.out, /^eks-node-upgrade plan --cluster shop$/m)
})
