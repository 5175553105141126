import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { callsSince, isEviction } from '../audit.ts'
import { check } from '../expect.ts'
import { setTag, until } from '../ground.ts'
import { checkNoWrites, type EndToEndScenario, mark, onGround, type ScenarioRun } from '../run.ts'
import { checkCalm, checkNothingLeft, checkRestored, checkSwapped, readSettings } from '../snapshot.ts'
import type { Testbed } from '../testbed.ts'
import { checkExit, runCli, startCli, tail } from '../tool.ts'
import { shop } from '../workloads.ts'

const alarm = 'shop-errors'

/** Gates of every kind, and who is told of the end: by HTTP on loopback, by the emulator's CloudWatch and SNS. */
export const gates: EndToEndScenario = {
  name: 'gates',
  what: 'a gate that is bad, silent, or turns bad while pods move; and who is told how it ended',
  async run(testbed, keep) {
    const group = 'gates'
    const endpoint = await serve()
    try {
      await onGround(testbed, keep, { group, nodes: 3, workloads: shop(`shop-${group}`, '2s') }, async (stage) => {
        await refusals(stage, endpoint)
        await gateThatStaysBad(stage, endpoint)
        await gateThatRecovers(stage, endpoint)
      })
    } finally {
      endpoint.server.closeAllConnections()
      endpoint.server.close()
    }
  }
}

async function refusals({ testbed }: ScenarioRun, endpoint: Endpoint): Promise<void> {
  const since = await mark(testbed)
  const gate = (value: string) => ({ options: { gate: value } })
  await aws(testbed, 'monitoring', 'PutMetricAlarm', alarmInput)
  await setAlarm(testbed, 'OK')
  checkExit('plan while all gates are good', await runCli(testbed, 'plan', gate(`alarm:${alarm}`)), 0)
  endpoint.answer = 503
  checkExit('a gate that answers 503', await runCli(testbed, 'upgrade', gate(endpoint.url)), 3, 'http status 503')
  endpoint.answer = 'elsewhere'
  checkExit('a redirect to another host', await runCli(testbed, 'upgrade', gate(endpoint.url)), 3, 'not followed')
  endpoint.answer = 'never'
  checkExit('a gate that never answers', await runCli(testbed, 'upgrade', gate(endpoint.url)), 3, 'no answer within')
  endpoint.answer = 200
  await setAlarm(testbed, 'ALARM')
  checkExit('an alarm', await runCli(testbed, 'upgrade', gate(`alarm:${alarm}`)), 3, 'the alarm is alarm')
  await setAlarm(testbed, 'INSUFFICIENT_DATA')
  checkExit('an alarm without data', await runCli(testbed, 'upgrade', gate(`alarm:${alarm}`)), 3, 'insufficient_data')
  const lenient = { options: { gate: `alarm:${alarm}`, 'gate-insufficient-data': 'good' } }
  checkExit('the same, declared good', await runCli(testbed, 'plan', lenient), 0)
  checkExit('an alarm that does not exist', await runCli(testbed, 'upgrade', gate('alarm:none')), 3, 'no such alarm')
  checkExit('a command that fails', await runCli(testbed, 'upgrade', gate('command:exit 7')), 3, 'exit code 7')
  await checkNoWrites(testbed, since)
  await setAlarm(testbed, 'OK')
}

/** It turns bad while pods move and stays so: the run reverts; the topic is told, and a denied one changes nothing. */
async function gateThatStaysBad(stage: ScenarioRun, endpoint: Endpoint): Promise<void> {
  const { testbed, observer } = stage
  const topic = await subscribedTopic(testbed)
  const settled = await readSettings(testbed, stage.ground)
  observer.start()
  const since = await mark(testbed)
  const github = {
    GITHUB_API_URL: endpoint.api,
    GITHUB_REPOSITORY: 'octo/platform',
    GITHUB_TOKEN: 'ghs_end_to_end_token_000000000000000000'
  }
  const options = { gate: endpoint.url, 'gate-patience-minutes': '0.2', notify: `sns:${topic.arn}\nissue` }
  const running = startCli(testbed, 'upgrade', { options, env: github })
  await evictionsOf(stage, since, 1)
  endpoint.answer = 500
  const ended = await running.ended
  checkExit('a gate that stays bad for its patience', ended, 4, 'reverted')
  check('the gate is what is named', /HTTP status 500/.test(ended.output), tail(ended.output, 10))
  checkCalm(observer)
  checkRestored(settled, await readSettings(testbed, stage.ground))
  await checkNothingLeft(testbed)
  const told = await topic.next()
  check('the topic is told that it was reverted', told?.outcome === 'reverted' && told.actionRequired === true, told)
  check('an issue that may not be written is a warning', /issues: write/.test(ended.output), tail(ended.output, 8))
  check('GitHub was asked with the token', endpoint.authorizations.has(`token ${github.GITHUB_TOKEN}`))
  check('the token is not shown', !ended.output.includes(github.GITHUB_TOKEN))
  endpoint.answer = 200
}

/** It turns bad while pods move and is good again: nothing moves in between, and the upgrade ends. */
async function gateThatRecovers(stage: ScenarioRun, endpoint: Endpoint): Promise<void> {
  const { testbed, observer, ground, before } = stage
  await setTag(testbed, ground.green, 'gates', 'again')
  observer.start()
  const since = await mark(testbed)
  const missing = 'arn:aws:sns:eu-west-1:123456789012:no-such-topic'
  const options = { gate: `${endpoint.url}\nalarm:${alarm}`, notify: `sns:${missing}` }
  const running = startCli(testbed, 'upgrade', { options })
  await evictionsOf(stage, since, 1)
  await setAlarm(testbed, 'ALARM')
  await until('the run says that the alarm is not good', 40, () => /the alarm is ALARM/.test(running.output()))
  const paused = evictions(stage, since)
  await new Promise((resume) => setTimeout(resume, 8_000))
  const during = evictions(stage, since) - paused
  await setAlarm(testbed, 'OK')
  const ended = await running.ended
  checkExit('a gate that is good again', ended, 0, 'upgraded')
  check('no pod was asked to go while it was bad', during === 0, during)
  checkCalm(observer)
  checkSwapped(before, await readSettings(testbed, ground))
  check('a topic that does not exist is a warning', /no-such-topic/.test(ended.output), tail(ended.output, 8))
}

function evictions({ testbed }: ScenarioRun, since: Awaited<ReturnType<typeof mark>>): number {
  return callsSince(testbed, since.audit)?.filter(isEviction).length ?? 0
}

function evictionsOf(stage: ScenarioRun, since: Awaited<ReturnType<typeof mark>>, count: number): Promise<void> {
  return until('pods move', 120, () => evictions(stage, since) >= count)
}

interface Endpoint {
  server: Server
  url: string
  /** A GitHub that lets nobody write. */
  api: string
  authorizations: Set<string>
  answer: number | 'never' | 'elsewhere'
}

async function serve(): Promise<Endpoint> {
  const server = createServer((request: IncomingMessage, response) => {
    if (request.url?.startsWith('/api')) {
      endpoint.authorizations.add(request.headers.authorization ?? '')
      const reading = request.method === 'GET'
      response.writeHead(reading ? 200 : 403, { 'content-type': 'application/json' })
      response.end(reading ? '[]' : '{"message":"Resource not accessible by integration"}')
    } else if (endpoint.answer === 'never') return
    else if (endpoint.answer === 'elsewhere') response.writeHead(302, { location: 'http://localhost:9/' }).end()
    else response.writeHead(endpoint.answer).end()
  })
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  const { port } = server.address() as AddressInfo
  const at = `http://127.0.0.1:${port}`
  const authorizations = new Set<string>()
  const endpoint: Endpoint = { server, url: `${at}/healthz`, api: `${at}/api`, authorizations, answer: 200 }
  return endpoint
}

const alarmInput = {
  AlarmName: alarm,
  ComparisonOperator: 'GreaterThanThreshold',
  EvaluationPeriods: '1',
  MetricName: 'Errors',
  Namespace: 'shop',
  Period: '60',
  Statistic: 'Sum',
  Threshold: '1'
}

async function setAlarm(testbed: Testbed, StateValue: string): Promise<void> {
  await aws(testbed, 'monitoring', 'SetAlarmState', { AlarmName: alarm, StateValue, StateReason: 'the suite says so' })
}

/** A topic with a queue behind it, from which the messages are read. */
async function subscribedTopic(testbed: Testbed) {
  const created = await aws(testbed, 'sns', 'CreateTopic', { Name: 'node-upgrades' })
  const arn = /<TopicArn>(.*?)<\/TopicArn>/.exec(created)?.[1] ?? ''
  const queued = await aws(testbed, 'sqs', 'CreateQueue', { QueueName: 'node-upgrades' })
  const queue = /<QueueUrl>(.*?)<\/QueueUrl>/.exec(queued)?.[1] ?? ''
  const Endpoint = `arn:aws:sqs:${testbed.aws.region}:123456789012:node-upgrades`
  await aws(testbed, 'sns', 'Subscribe', { TopicArn: arn, Protocol: 'sqs', Endpoint })
  return {
    arn,
    async next(): Promise<Record<string, unknown> | undefined> {
      const answer = await aws(testbed, 'sqs', 'ReceiveMessage', { QueueUrl: queue })
      const body = /<Body>(.*?)<\/Body>/s.exec(answer)?.[1]
      if (body === undefined) return undefined
      const envelope = JSON.parse(body.replaceAll('&quot;', '"').replaceAll('&lt;', '<').replaceAll('&amp;', '&'))
      return JSON.parse(envelope.Message)
    }
  }
}

/** A call of the query protocol; the emulator reads the service from the credential and checks no signature of the suite's own. */
async function aws(
  { aws: { endpoint, region } }: Testbed,
  service: string,
  action: string,
  input: Readonly<Record<string, string>>
): Promise<string> {
  const versions: Record<string, string> = { monitoring: '2010-08-01', sns: '2010-03-31', sqs: '2012-11-05' }
  const credential = `AKIAEXAMPLE/20260101/${region}/${service}/aws4_request`
  const response = await fetch(endpoint, {
    method: 'POST',
    headers: {
      authorization: `AWS4-HMAC-SHA256 Credential=${credential}, SignedHeaders=host, Signature=0`,
      'content-type': 'application/x-www-form-urlencoded',
      'user-agent': 'node-follower'
    },
    body: new URLSearchParams({ Action: action, Version: versions[service] ?? '', ...input })
  })
  const text = await response.text()
  if (!response.ok) throw new Error(`${action}: ${response.status} ${text.slice(0, 300)}`)
  return text
}
