import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import type { Runner } from '../../src/action/runner.ts'
import { createWorkflowLog } from '../../src/action/workflow-log.ts'
import { nasty, startAt } from '../report/sample.ts'
import { speaking } from './speaking.ts'

test('inputs are read as the runner names them, without the blanks around them', async () => {
  const program = `console.log(JSON.stringify([runner.input('soak-minutes'), runner.input('absent')]))`
  assert.deepEqual(await speaking(program, { 'INPUT_SOAK-MINUTES': ' 3\n' }), ['["3",""]'])
})

test('a secret of several lines is masked line by line, an empty one not at all', async () => {
  const lines = await speaking(String.raw`runner.mask('one\n\n50%\r\n'); runner.mask('')`)
  assert.deepEqual(lines, ['::add-mask::one', '::add-mask::50%25'])
})

/** Answers each request with the next of these codes, and a token where it is 200. */
async function tokenService(codes: readonly number[]) {
  const asked: string[] = []
  const server = createServer((request, response) => {
    response.statusCode = codes[asked.length] ?? 200
    asked.push(`${request.url} ${request.headers.authorization}`)
    response.end(JSON.stringify({ value: 'the-token' }))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const env = {
    ACTIONS_ID_TOKEN_REQUEST_URL: `http://127.0.0.1:${port}/token?api-version=2`,
    ACTIONS_ID_TOKEN_REQUEST_TOKEN: 'bearer'
  }
  return { asked, env, [Symbol.dispose]: () => server.close() }
}

const askForToken = `
  const answer = await runner.idToken('sts.amazonaws.com').catch((error) => error.message)
  runner.print('answer: ' + answer)
`

test('the OIDC token is asked for with its audience, masked before it is used, and tried again after a passing failure', async () => {
  using service = await tokenService([503])
  const lines = await speaking(askForToken, service.env)
  const request = '/token?api-version=2&audience=sts.amazonaws.com Bearer bearer'
  assert.deepEqual(service.asked, [request, request])
  const told = lines.filter((line) => !line.startsWith('::debug::'))
  assert.deepEqual(told, ['::add-mask::bearer', '::add-mask::the-token', 'answer: the-token'])
})

test('a token service that refuses is not asked for ever, and its answer is told in one line without secrets', async () => {
  using service = await tokenService([403, 403, 403, 403])
  const lines = await speaking(askForToken, service.env)
  assert.ok(service.asked.length <= 3)
  assert.match(lines.at(-1) ?? '', /^answer: .*ID Token.*403/)
  assert.ok(!lines.slice(1).some((line) => line.includes('bearer')))
})

test('a job that may have no token is told which permission is missing', async () => {
  assert.match((await speaking(askForToken)).at(-1) ?? '', /id-token: write/)
})

test('the host names the repository and links the run', async () => {
  const env = {
    GITHUB_REPOSITORY: 'o/r',
    GITHUB_RUN_ID: '7',
    GITHUB_SERVER_URL: 'https://github.example',
    GITHUB_ACTOR: 'ann'
  }
  const host = async (given: Record<string, string>) =>
    JSON.parse((await speaking('console.log(JSON.stringify(await runner.host()))', given)).at(-1) ?? '')
  const link = 'https://github.example/o/r/actions/runs/7'
  assert.deepEqual(await host(env), { name: 'GitHub Actions o/r by ann', link })
  assert.equal((await host({ ...env, GITHUB_RUN_ATTEMPT: '2' })).link, `${link}/attempts/2`)
  assert.deepEqual(await host({}), { name: 'GitHub Actions' })
  const brokenEvent = new URL(import.meta.url).pathname
  assert.deepEqual(await host({ ...env, GITHUB_EVENT_PATH: brokenEvent }), { name: 'GitHub Actions' })
})

test('no name of anything becomes a workflow command', async () => {
  const samples = JSON.stringify(new URL('../report/sample.ts', import.meta.url))
  const lines = await speaking(`
    import { nasty, samplePlan, sampleResult, startAt, started } from ${samples}
    const log = createWorkflowLog(runner)
    const finding = { rule: 'note', object: nasty, reason: nasty, remedies: [nasty] }
    log.report({ kind: 'plan', at: startAt, plan: samplePlan({ group: nasty, warnings: [finding] }) })
    log.report(started({ group: nasty, cluster: nasty }))
    const stage = { direction: 'forward', stage: 'drain', state: 'began', detail: nasty, elapsedMs: 0 }
    log.report({ kind: 'stage', at: startAt, ...stage })
    log.report({ kind: 'note', at: startAt, level: 'info', title: '::error::', text: nasty })
    log.ending(sampleResult({ group: nasty, next: 'upgrade --cluster ' + nasty }))
    log.close()
  `)
  const commands = lines.filter((line) => /^\s*::/.test(line) || line.includes('##['))
  assert.deepEqual(
    commands.map((line) => line.match(/^::([a-z-]+)/)?.[1]),
    ['warning', 'group', 'endgroup']
  )
  for (const line of lines) assert.doesNotMatch(line, /[\p{Cc}\p{Cf}]/u)
})

test('the title and the text of an annotation cannot end early, nor can the title of a group', async () => {
  const given = JSON.stringify(nasty)
  const lines = await speaking(`
    runner.annotate({ level: 'error', title: 'a:b,c::d%', text: ${given} + '\\nsecond' })
    runner.startGroup(${given})
  `)
  assert.equal(lines.length, 2)
  assert.match(lines[0] ?? '', /^::error title=a%3Ab%2Cc%3A%3Ad%25::a.*%0Asecond$/)
  assert.match(lines[1] ?? '', /^::group::a/)
})

test('only a few warnings are annotations, the rest is counted, none is shown twice', () => {
  const warnings: string[] = []
  const silent: Pick<Runner, 'print' | 'debug' | 'annotate' | 'startGroup' | 'endGroup'> = {
    debug() {},
    print() {},
    startGroup() {},
    endGroup() {},
    annotate: ({ level, text }) => warnings.push(`${level} ${text}`)
  }
  const log = createWorkflowLog(silent)
  for (let index = 0; index < 12; index += 1) {
    const event = { kind: 'note', at: startAt, level: 'warning', title: 't', text: `${index}` } as const
    log.report(event)
    log.report(event)
  }
  log.close()
  assert.equal(warnings.length, 6)
  assert.match(warnings.at(-1) ?? '', /^warning 7 more: see the job summary/)
})
