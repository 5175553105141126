import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'

const program = fileURLToPath(new URL('fake-process.ts', import.meta.url))

interface Ended {
  code: number | null
  signal: NodeJS.Signals | null
  stdout: string
  stderr: string
  /** Milliseconds from `act` to the end. */
  tookMs: number
}

/** Runs the command line and calls `act` once it has printed `until`. */
async function run(args: readonly string[], until?: RegExp, act?: (child: ChildProcess) => void): Promise<Ended> {
  const child = spawn(process.execPath, [program, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  let stdout = ''
  let stderr = ''
  let actedAt = 0
  const look = () => {
    if (actedAt !== 0 || until === undefined || !until.test(stdout + stderr)) return
    actedAt = Date.now()
    act?.(child)
  }
  child.stdout.on('data', (data) => {
    stdout += data
    look()
  })
  child.stderr.on('data', (data) => {
    stderr += data
    look()
  })
  const [code, signal] = await once(child, 'close')
  return { code, signal, stdout, stderr, tookMs: Date.now() - actedAt }
}

const began = /● drain/

describe('the command line as a process', { concurrency: 2 }, () => {
  test('an upgrade that ends well exits with 0 and says what is so now', async () => {
    const { code, stdout } = await run(['upgraded', 'upgrade', '--cluster', 'shop'])
    assert.equal(code, 0)
    assert.match(stdout, /✔ workers was upgraded: shop-workers-green is active with 2 nodes/)
  })

  test('one that was reverted exits with 4, one that was refused with 3, and both say why', async () => {
    const reverted = await run(['reverted', 'upgrade', '--cluster', 'shop'])
    assert.equal(reverted.code, 4)
    assert.match(reverted.stdout, /Next: +eks-node-upgrade upgrade --cluster shop/)
    const refused = await run(['refused', 'upgrade', '--cluster', 'shop'])
    assert.equal(refused.code, 3)
    assert.match(refused.stdout, /2 problems block the upgrade/)
  })

  test('a kubeconfig that cannot be read or parsed is bad input, told with all the rest', async () => {
    const broken = join(mkdtempSync(join(tmpdir(), 'kubeconfig-')), 'config')
    writeFileSync(broken, 'clusters: [{')
    for (const [path, problem] of [
      ['/no/such/kubeconfig', /kubeconfig: there is no kubeconfig "\/no\/such\/kubeconfig"/],
      [broken, /kubeconfig: the kubeconfig ".*" does not parse/]
    ] as const) {
      const { code, stderr } = await run(['upgraded', 'plan', '--cluster', 'shop', '--kubeconfig', path, '--jobs', 'x'])
      assert.equal(code, 2)
      assert.match(stderr, problem)
      assert.match(stderr, /2 problems with the input\. Nothing was changed\./)
    }
  })

  test('with --report the page and its JSON are written, and the last line says where', async () => {
    const report = join(mkdtempSync(join(tmpdir(), 'report-')), 'upgrade.html')
    const text = await run(['reverted', 'upgrade', '--cluster', 'shop', '--report', report])
    assert.equal(text.code, 4)
    assert.ok(text.stdout.endsWith(`Report: ${report}\n`), text.stdout)
    assert.match(readFileSync(report, 'utf8'), /workers was reverted/)
    const json = await run(['upgraded', 'upgrade', '--cluster', 'shop', '--report', report, '--output', 'json'])
    assert.equal(JSON.parse(json.stdout).report, report)
    assert.equal(JSON.parse(readFileSync(report.replace('.html', '.json'), 'utf8')).outcome, 'upgraded')
  })

  test('a report path that cannot be written is bad input, and nothing begins', async () => {
    const { code, stdout, stderr } = await run([
      'upgraded',
      'upgrade',
      '--cluster',
      'shop',
      '--report',
      '/no/such/r.html'
    ])
    assert.equal(code, 2)
    assert.equal(stdout, '')
    assert.match(stderr, /report is "\/no\/such\/r\.html": the directory "\/no\/such" does not exist/)
  })

  test('bad input exits with 2, tells every problem on stderr, and starts nothing', async () => {
    const { code, stdout, stderr } = await run(['upgraded', 'upgrade', '--clutser', 'x', '--soak-minutes', 'soon'])
    assert.equal(code, 2)
    assert.equal(stdout, '')
    assert.match(stderr, /3 problems with the input\. Nothing was changed\./)
    assert.match(stderr, /"--clutser" is unknown \(did you mean --cluster\?\)/)
    assert.match(stderr, /cluster is empty/)
    assert.match(stderr, /soak-minutes is "soon"/)
  })

  test('an unknown command is told once, and no command at all shows the help', async () => {
    const unknown = await run(['upgraded', 'upgarde', '--cluster', 'shop'])
    assert.equal(unknown.code, 2)
    assert.equal(unknown.stderr.match(/did you mean upgrade/g)?.length, 1)
    const none = await run(['upgraded'])
    assert.equal(none.code, 2)
    assert.match(none.stderr, /^Usage$/m)
  })

  test('with JSON stdout is one document and everything else is on stderr', async () => {
    const { code, stdout, stderr } = await run(['reverted', 'upgrade', '--cluster', 'shop', '--output', 'json'])
    assert.equal(code, 4)
    const document = JSON.parse(stdout)
    assert.equal(document.outcome, 'reverted')
    assert.equal(document.exitCode, 4)
    assert.match(stderr, began)
    assert.match(stderr, /↩ workers was reverted/)
    const bad = await run(['upgraded', 'plan', '--output', 'json'])
    assert.deepEqual(JSON.parse(bad.stdout).problems, ['cluster is empty: name the EKS cluster'])
  })

  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    test(`${signal} stops a run in order: 130, with what to do next`, async () => {
      const ended = await run(['orderly', 'upgrade', '--cluster', 'shop'], began, (child) => child.kill(signal))
      assert.equal(ended.code, 130)
      assert.match(ended.stdout, /was stopped before completion.*safe state/)
      assert.match(ended.stdout, /Next: +eks-node-upgrade upgrade --cluster shop/)
    })
  }

  test('an engine that does not stop is left behind: 130 all the same, with what to do next', async () => {
    const args = ['deaf', 'upgrade', '--cluster', 'shop', '--group', "wor'kers"]
    const ended = await run(args, began, (child) => child.kill('SIGINT'))
    assert.equal(ended.code, 130)
    assert.match(ended.stdout, /To resume: {3}eks-node-upgrade upgrade --cluster shop --group 'wor'\\''kers'/)
  })

  test('a second signal ends it at once', async () => {
    const ended = await run(['deaf', 'upgrade', '--cluster', 'shop'], began, (child) => {
      child.kill('SIGINT')
      setTimeout(() => child.kill('SIGINT'), 100)
    })
    assert.equal(ended.code, 130)
    assert.doesNotMatch(ended.stdout, /Stopped before/)
  })

  test('a reader that goes away does not end the run', async () => {
    const args = ['chatty', 'upgrade', '--cluster', 'shop']
    const ended = await run(args, /note/, (child) => child.stdout?.destroy())
    assert.equal(ended.signal, null)
    assert.equal(ended.code, 0)
    assert.equal(ended.stderr, '')
  })

  test('a bug is halted with its trace on stderr', async () => {
    const { code, stdout, stderr } = await run(['broken', 'upgrade', '--cluster', 'shop'])
    assert.equal(code, 5)
    assert.match(
      stdout,
      /✖ workers is halted: TypeError: x is not a function|✖ shop is halted: TypeError: x is not a function/
    )
    assert.match(stderr, /TypeError: x is not a function\n +at /)
  })

  test('the lab gets the rest of the command line as it is', async () => {
    const { code, stdout } = await run(['upgraded', 'lab', '--speed', '10', '--whatever'])
    assert.equal(code, 0)
    assert.equal(stdout, 'lab --speed 10 --whatever\n')
  })

  test('help and version are on stdout and exit with 0', async () => {
    assert.match((await run(['upgraded', '--help'])).stdout, /--allow-downtime LIST/)
    assert.match((await run(['upgraded', '--version'])).stdout, /^\d+\.\d+\.\d+\n$/)
  })
})
