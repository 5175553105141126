import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { type FakeGitHub, fakeGitHub } from '../notify/fake-github.ts'

const program = fileURLToPath(new URL('fake-action.ts', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'action-'))
let files = 0

after(() => rmSync(folder, { recursive: true, force: true }))

interface Ended {
  code: number | null
  stdout: string
  outputs: Record<string, string>
  state: Record<string, string>
  summary: string
}

interface Started {
  inputs?: Record<string, string>
  state?: Record<string, string>
  env?: Record<string, string>
  signal?: NodeJS.Signals
  recovery?: string
}

function emptyFile(): string {
  files += 1
  const path = join(folder, `file-${files}`)
  writeFileSync(path, '')
  return path
}

/** The values of a file that the runner reads; as there, the last one of a name counts. */
function keyed(path: string): Record<string, string> {
  const entries = readFileSync(path, 'utf8').matchAll(/^(.+)<<(ghadelimiter_\S+)\n([\s\S]*?)\n\2$/gm)
  return Object.fromEntries([...entries].map(([, name = '', , value = '']) => [name, value]))
}

async function step(
  behaviour: string,
  { inputs = {}, state = {}, env = {}, signal, recovery }: Started = {}
): Promise<Ended> {
  const [GITHUB_OUTPUT, GITHUB_STATE, GITHUB_STEP_SUMMARY] = [emptyFile(), emptyFile(), emptyFile()] as const
  const given = Object.entries({ cluster: 'shop', ...inputs }).map(([name, value]) => [
    `INPUT_${name.toUpperCase()}`,
    value
  ])
  const saved = Object.entries(state).map(([name, value]) => [`STATE_${name}`, value])
  const child = spawn(process.execPath, [program, behaviour, recovery ?? 'reverted'], {
    env: {
      PATH: process.env.PATH,
      GITHUB_OUTPUT,
      GITHUB_STATE,
      GITHUB_STEP_SUMMARY,
      ...Object.fromEntries([...given, ...saved]),
      ...env
    },
    stdio: ['ignore', 'pipe', 'inherit']
  })
  let stdout = ''
  let signalled = signal === undefined
  child.stdout.on('data', (data) => {
    stdout += data
    if (signalled || !stdout.includes('::group::drain')) return
    signalled = true
    child.kill(signal)
  })
  const [code] = await once(child, 'close')
  return {
    code,
    stdout,
    outputs: keyed(GITHUB_OUTPUT),
    state: keyed(GITHUB_STATE),
    summary: readFileSync(GITHUB_STEP_SUMMARY, 'utf8')
  }
}

const interrupted = { phase: 'main', 'run-id': 'run-7', group: 'workers' }

describe('the action as a process', { concurrency: 2 }, () => {
  test('an upgrade that ends well: outputs, a group a stage, one notice, a summary, and nothing left for post', async () => {
    const { code, stdout, outputs, state, summary } = await step('upgraded')
    assert.equal(code, 0)
    assert.match(stdout, /^::group::drain: move the pods to the other nodes$/m)
    assert.equal(stdout.match(/::group::/g)?.length, stdout.match(/::endgroup::/g)?.length)
    assert.equal(stdout.match(/^::notice /gm)?.length, 1)
    assert.doesNotMatch(stdout, /^::error/m)
    assert.match(summary, /^## ✔ workers was upgraded/)
    assert.equal(outputs.outcome, 'upgraded')
    assert.equal(outputs.reason, '')
    assert.equal(outputs['active-group'], 'shop-workers-green')
    assert.equal(outputs['pods-moved'], '58')
    assert.equal(JSON.parse(outputs.results ?? '').workers.outcome, 'upgraded')
    assert.deepEqual(state, { phase: 'main', group: 'workers', 'run-id': '', outcome: 'upgraded' })
  })

  test('a report is written, is an output, and the summary says how to reach it', async () => {
    const report = join(folder, 'report.html')
    const { code, outputs, summary } = await step('upgraded', {
      inputs: { report },
      env: { GITHUB_RUN_ID: '77', GITHUB_REPOSITORY: 'shop/infra', GITHUB_SERVER_URL: 'https://github.com' }
    })
    assert.equal(code, 0)
    assert.equal(outputs.report, report)
    assert.match(readFileSync(report, 'utf8'), /workers was upgraded/)
    assert.match(
      summary,
      /\*\*Report:\*\* `.*report\.html`; once a later step has uploaded it.*actions\/runs\/77#artifacts/
    )
    assert.match(summary, /```mermaid/)
  })

  test('a report that cannot be written at the end is a warning, and the outcome stays', async () => {
    const report = join(folder, 'vanishing', 'report.html')
    mkdirSync(join(folder, 'vanishing'))
    const { code, outputs, stdout } = await step('report-vanishes', { inputs: { report } })
    assert.equal(code, 0)
    assert.equal(outputs.outcome, 'upgraded')
    assert.equal(outputs.report, '')
    assert.match(
      stdout,
      /^::warning title=The report could not be written::.*ENOENT.*The outcome of the run is not changed\.$/m
    )
  })

  test('a run that was reverted fails the step with one error that has the next command', async () => {
    const { code, stdout, outputs } = await step('reverted')
    assert.equal(code, 4)
    assert.equal(stdout.match(/^::error /gm)?.length, 1)
    assert.match(stdout, /^::error title=workers%3A reverted::.*Next: run the workflow again with mode: upgrade$/m)
    assert.equal(outputs.reason, 'pod-timeout')
  })

  test('bad input: every problem in one error, nothing begun', async () => {
    const { code, stdout, outputs, summary, state } = await step('upgraded', {
      inputs: { cluster: '', mode: 'upgrad', 'soak-minutes': '::error::x' }
    })
    assert.equal(code, 2)
    assert.equal(stdout.match(/^::/gm)?.length, 1)
    assert.match(stdout, /cluster is empty.*%0Amode is "upgrad".*%0Asoak-minutes is ":*/)
    assert.equal(outputs.reason, 'bad-input')
    assert.match(summary, /nothing was changed/)
    assert.deepEqual(state, { phase: 'main' })
  })

  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    test(`${signal} stops it in order and leaves the run to post`, async () => {
      const { code, state, stdout } = await step('orderly', { signal })
      assert.equal(code, 130)
      assert.deepEqual(state, { phase: 'main', group: 'workers', 'run-id': 'run-7' })
      assert.match(stdout, /Next: +run the workflow again with mode: upgrade/)
      assert.match(stdout, /The post step of this action reverts it now/)
    })
  }

  test('an engine that does not stop is left behind with what to do next, and to post', async () => {
    const { code, state, stdout } = await step('deaf', { signal: 'SIGINT' })
    assert.equal(code, 130)
    assert.equal(state['run-id'], 'run-7')
    assert.equal(state.outcome, undefined)
    assert.match(stdout, /Stopped before completion.*run the workflow again with mode: upgrade/)
  })

  test('a bug leaves the run to post', async () => {
    const { code, state, stdout } = await step('broken')
    assert.equal(code, 5)
    assert.equal(state.outcome, undefined)
    assert.match(stdout, /TypeError: x is not a function\n +at /)
  })

  test('post does nothing if nothing was begun, or where the run came to its end', async () => {
    for (const state of [{ phase: 'main' }, { ...interrupted, outcome: 'upgraded' }]) {
      const { code, stdout, summary } = await step('broken', { state })
      assert.equal(code, 0)
      assert.equal(stdout.trim().split('\n').length, 1)
      assert.equal(summary, '')
    }
  })

  test('post reverts what was interrupted, says so, and does not fail for that', async () => {
    const { code, stdout, summary } = await step('broken', { state: interrupted })
    assert.equal(code, 0)
    assert.match(stdout, /Run run-7 was interrupted: reverting\./)
    assert.match(stdout, /recovering: run run-7 of workers/)
    assert.match(stdout, /↩ workers was reverted/)
    assert.match(summary, /^## ↩ workers was reverted/)
  })

  test('post reverts although the kubeconfig is gone: what that means is for the connection to say', async () => {
    const inputs = { kubeconfig: '/no/such/kubeconfig' }
    const { code, stdout } = await step('broken', { state: interrupted, inputs })
    assert.equal(code, 0)
    assert.match(stdout, /↩ workers was reverted/)
  })

  test('post with inputs that are bad by now says that the run is open, and how to revert it', async () => {
    const { code, stdout, summary } = await step('broken', { state: interrupted, inputs: { jobs: 'sometimes' } })
    assert.equal(code, 2)
    assert.match(
      stdout,
      /^::error title=Bad input.*Run run-7 is still open\. To revert it: run the workflow again with mode: revert/m
    )
    assert.match(summary, /Run run-7 is still open/)
  })

  test('a kubeconfig that is not there is bad input: nothing begun', async () => {
    const { code, stdout, outputs } = await step('upgraded', { inputs: { kubeconfig: '/no/such/kubeconfig' } })
    assert.equal(code, 2)
    assert.match(stdout, /^::error title=Bad input%3A nothing was changed::kubeconfig: there is no kubeconfig/m)
    assert.equal(outputs.reason, 'bad-input')
  })

  test('post that runs out of time leaves a safe state and the next command', async () => {
    const orderly = await step('broken', { state: interrupted, recovery: 'orderly' })
    assert.equal(orderly.code, 130)
    assert.match(orderly.stdout, /^::error title=workers%3A cancelled::.*Next: run the workflow again with mode: /m)
    const left = await step('broken', { state: interrupted, recovery: 'orderly', inputs: { 'on-cancel': 'leave' } })
    assert.equal(left.code, 0)
    const deaf = await step('broken', { state: interrupted, recovery: 'deaf' })
    assert.equal(deaf.code, 130)
    assert.match(deaf.stdout, /run the workflow again with mode: revert/)
  })

  test('without the runner’s files it still runs', async () => {
    const env = { GITHUB_STEP_SUMMARY: '', GITHUB_OUTPUT: '/nowhere/at/all', GITHUB_STATE: '' }
    const { code, stdout } = await step('upgraded', { env })
    assert.equal(code, 0)
    assert.match(stdout, /could not set the output outcome/)
  })
})

describe('the action with notify: issue', () => {
  const token = 't0ken-of-the-job'
  const inputs = { notify: 'issue', 'github-token': token }
  let github: FakeGitHub
  before(async () => {
    github = await fakeGitHub(token)
  })
  after(() => github.close())
  const env = (over: Record<string, string> = {}) => ({
    GITHUB_REPOSITORY: 'shop/platform',
    GITHUB_API_URL: github.url,
    GITHUB_SERVER_URL: 'https://github.example',
    GITHUB_RUN_ID: '4711',
    ...over
  })

  test('a run that is reverted opens the issue with a link to the workflow run, and hides the token', async () => {
    const { code, stdout, outputs } = await step('reverted', { inputs, env: env() })
    assert.equal(code, 4)
    assert.equal(outputs.outcome, 'reverted')
    assert.equal(stdout.split(token).length - 1, 1, 'only in the command that hides it')
    assert.ok(stdout.includes(`::add-mask::${token}`))
    assert.doesNotMatch(stdout, /::warning title=notification/)
    assert.equal(github.issues.length, 1)
    assert.match(github.issues[0]?.body ?? '', /https:\/\/github\.example\/shop\/platform\/actions\/runs\/4711/)
  })

  test('what post has made of a cancelled run is told in the same issue, and a success closes it', async () => {
    const { code } = await step('upgraded', { inputs, env: env(), state: interrupted, recovery: 'reverted' })
    assert.equal(code, 0)
    assert.match(github.issues[0]?.body ?? '', /how 2 runs in a row/)
    await step('upgraded', { inputs, env: env() })
    assert.deepEqual(
      github.issues.map(({ state }) => state),
      ['closed']
    )
  })

  test('a run that is cancelled leaves the telling to post', async () => {
    const before = github.calls.length
    const { code } = await step('orderly', { inputs, env: env(), signal: 'SIGINT' })
    assert.equal(code, 130)
    assert.equal(github.calls.length, before)
  })

  test('a GitHub that refuses is a warning, and the outcome is the same', async () => {
    github.refuse = { status: 403 }
    const { code, stdout, outputs } = await step('upgraded', { inputs, env: env() })
    github.refuse = undefined
    assert.equal(code, 0)
    assert.equal(outputs.outcome, 'upgraded')
    assert.match(stdout, /^::warning title=notification not sent::.*issues: write/m)
  })

  test('without a token it is bad input', async () => {
    const { code, stdout } = await step('upgraded', { inputs: { notify: 'issue' }, env: env() })
    assert.equal(code, 2)
    assert.match(stdout, /github-token is empty/)
  })
})
