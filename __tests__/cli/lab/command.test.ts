import assert from 'node:assert/strict'
import { get } from 'node:http'
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

function statusFor(url: string, host: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    get(url, { headers: { host } }, (response) => {
      response.resume()
      resolve(response.statusCode)
    }).on('error', reject)
  })
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

test('lab --watch serves the page while the scenario is played, at an address of this machine alone, and then no more', async () => {
  const { said, streams: given } = streams()
  const address = Promise.withResolvers<string>()
  const stdout = {
    on() {},
    write(text: string) {
      said.out += text
      const url = /Watch it at (\S+) /.exec(said.out)?.[1]
      if (url) address.resolve(url)
    }
  }
  const read = Promise.withResolvers<void>()
  const held = (): ReturnType<typeof virtualClock> => {
    const clock = virtualClock()
    // The scenario begins once the page was read, whatever the machine is busy with.
    return { ...clock, run: async (work) => read.promise.then(() => clock.run(work)) }
  }
  const ended = runLab(['budget-never-allows', '--watch'], { ...given, stdout, clock: held })
  const url = await address.promise
  assert.match(url, /^http:\/\/127\.0\.0\.1:\d+\/$/)
  const page = await (await fetch(url)).text()
  assert.match(page, /connect-src 'self'/)
  const events = await fetch(`${url}events`)
  assert.equal((await fetch(`${url}etc/passwd`)).status, 404)
  assert.equal(await statusFor(url, 'attacker.example'), 421)
  read.resolve()
  const sent = await events.text()
  assert.equal(await ended, 0)
  assert.match(sent, /^data: ".*1 problem blocks the upgrade/m)
  assert.match(sent, /event: end/)
  await assert.rejects(fetch(url))
})

test('lab serve --watch is bad input: it plays nothing', async () => {
  const { said, streams: given } = streams()
  assert.equal(await runLab(['serve', 'calm-upgrade', '--watch'], given), 2)
  assert.match(said.err, /--watch shows what is played here/)
})

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
