import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { runner, workflowHost } from '../../src/action/runner.ts'
import { createWorkflowLog } from '../../src/action/workflow-log.ts'
import { nasty, samplePlan, sampleResult, startAt, started } from '../report/sample.ts'

function printing(env: Record<string, string> = {}) {
  const lines: string[] = []
  return { lines, runner: runner(env, (text) => lines.push(...text.split('\n').filter(Boolean))) }
}

test('inputs are read as the runner names them, without the blanks around them', () => {
  const { runner: own } = printing({ 'INPUT_SOAK-MINUTES': ' 3\n' })
  assert.equal(own.input('soak-minutes'), '3')
  assert.equal(own.input('absent'), '')
})

test('a secret of several lines is masked line by line, an empty one not at all', () => {
  const { lines, runner: own } = printing()
  own.mask('one\n\n50%\r\n')
  own.mask('')
  assert.deepEqual(lines, ['::add-mask::one', '::add-mask::50%25'])
})

test('the OIDC token is asked for with its audience, masked, and tried again after a passing failure', async () => {
  const asked: (string | undefined)[] = []
  const server = createServer((request, response) => {
    asked.push(request.url, request.headers.authorization)
    response.statusCode = asked.length === 2 ? 503 : 200
    response.end(JSON.stringify({ value: 'the-token' }))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  try {
    const { port } = server.address() as AddressInfo
    const { lines, runner: own } = printing({
      ACTIONS_ID_TOKEN_REQUEST_URL: `http://127.0.0.1:${port}/token?api-version=2`,
      ACTIONS_ID_TOKEN_REQUEST_TOKEN: 'bearer'
    })
    assert.equal(await own.idToken('sts.amazonaws.com'), 'the-token')
    assert.deepEqual(asked.slice(2), ['/token?api-version=2&audience=sts.amazonaws.com', 'Bearer bearer'])
    assert.ok(lines.includes('::add-mask::the-token'))
  } finally {
    server.close()
  }
})

test('a job that may have no token is told which permission is missing', async () => {
  await assert.rejects(printing().runner.idToken('x'), /id-token: write/)
})

test('the host names the repository and links the run', () => {
  const env = {
    GITHUB_REPOSITORY: 'o/r',
    GITHUB_RUN_ID: '7',
    GITHUB_SERVER_URL: 'https://github.example',
    GITHUB_ACTOR: 'ann'
  }
  const link = 'https://github.example/o/r/actions/runs/7'
  assert.deepEqual(workflowHost(env), { name: 'GitHub Actions o/r by ann', link })
  assert.equal(workflowHost({ ...env, GITHUB_RUN_ATTEMPT: '2' }).link, `${link}/attempts/2`)
  assert.deepEqual(workflowHost({}), { name: 'GitHub Actions' })
})

test('no name of anything becomes a workflow command', () => {
  const { lines, runner: own } = printing()
  const log = createWorkflowLog(own)
  const finding = { rule: 'r', object: nasty, reason: nasty, remedies: [nasty] }
  log.report({ kind: 'plan', at: startAt, plan: samplePlan({ group: nasty, warnings: [finding] }) })
  log.report(started({ group: nasty, cluster: nasty }))
  log.report({
    kind: 'stage',
    at: startAt,
    direction: 'forward',
    stage: 'move',
    state: 'began',
    detail: nasty,
    elapsedMs: 0
  })
  log.report({ kind: 'note', at: startAt, level: 'info', title: '::error::', text: nasty })
  log.ending(sampleResult({ group: nasty, next: `upgrade --cluster ${nasty}` }))
  log.close()
  const commands = lines.filter((line) => /^\s*::/.test(line) || line.includes('##['))
  assert.deepEqual(
    commands.map((line) => line.match(/^::([a-z-]+)/)?.[1]),
    ['warning', 'group', 'endgroup']
  )
  for (const line of lines) assert.doesNotMatch(line, /[\p{Cc}\p{Cf}]/u)
})

test('only a few warnings are annotations, the rest is counted, none is shown twice', () => {
  const { lines, runner: own } = printing()
  const log = createWorkflowLog(own)
  for (let index = 0; index < 12; index += 1) {
    const event = { kind: 'note', at: startAt, level: 'warning', title: 't', text: `${index}` } as const
    log.report(event)
    log.report(event)
  }
  log.close()
  const warnings = lines.filter((line) => line.startsWith('::warning'))
  assert.equal(warnings.length, 6)
  assert.match(warnings.at(-1) ?? '', /7 more: see the job summary/)
})
