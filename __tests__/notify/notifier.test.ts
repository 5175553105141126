import assert from 'node:assert/strict'
import { afterEach, beforeEach, test } from 'node:test'
import { UpgradeError } from '../../src/engine/model/error.ts'
import type { Result } from '../../src/engine/model/report.ts'
import { markerOf } from '../../src/notify/issue.ts'
import { createNotifier, type NotifierOptions, type Publish } from '../../src/notify/notifier.ts'
import type { TopicMessage } from '../../src/notify/topic-message.ts'
import { revertedResult, sampleBlockers, sampleResult } from '../report/sample.ts'
import { read } from '../repository/sources.ts'
import { type FakeGitHub, fakeGitHub } from './fake-github.ts'

let github: FakeGitHub
const warnings: string[] = []

beforeEach(async () => {
  warnings.length = 0
  github = await fakeGitHub('t0ken')
})
afterEach(() => github.close())

/** Tells one ending, and waits until it has been told. */
async function tell(result: Result, over: Partial<NotifierOptions> = {}, publish?: Publish): Promise<void> {
  const notifier = createNotifier({
    targets: [{ kind: 'issue' }],
    github: { token: 't0ken', repository: 'shop/platform', apiUrl: github.url },
    scheduled: false,
    warn: (title, text) => void warnings.push(`${title}: ${text}`),
    ...over
  })
  notifier.tell(result, publish)
  await notifier.settled()
}

const open = () => github.issues.filter(({ state }) => state === 'open')
const refused = (over: Partial<Result> = {}) => sampleResult({ outcome: 'refused', findings: sampleBlockers, ...over })

test('a run that was reverted opens an issue, which says what happened and where', async () => {
  await tell(revertedResult(), { link: 'https://github.example/shop/platform/actions/runs/1' })
  const [issue] = open()
  assert.deepEqual(warnings, [])
  assert.match(issue?.title ?? '', /Node upgrade of workers \(.*\): reverted/)
  assert.match(issue?.body ?? '', /workers was reverted/)
  assert.match(issue?.body ?? '', /actions\/runs\/1\)/)
  assert.deepEqual(issue?.labels, [{ name: 'eks-node-upgrade' }])
})

test('the same ending again changes the issue and comments nothing; another one comments', async () => {
  await tell(revertedResult())
  await tell(revertedResult({ runId: 'run-8' }))
  const [issue] = open()
  assert.equal(github.issues.length, 1)
  assert.equal(issue?.comments.length, 0)
  assert.match(issue?.body ?? '', /how 2 runs in a row have ended/)
  assert.match(issue?.body ?? '', /run-8/)
  await tell(sampleResult({ outcome: 'halted' }))
  assert.equal(github.issues.length, 1)
  assert.equal(issue?.comments.length, 1)
  assert.match(issue?.title ?? '', /halted/)
})

test('the next success closes the issue with a comment, and no other issue', async () => {
  await tell(revertedResult())
  const [mine] = open()
  const others = [
    github.add({ body: 'something else' }),
    github.add({ body: markerOf({ cluster: 'shop', group: 'other' }) })
  ]
  await tell(sampleResult())
  assert.equal(mine?.state, 'closed')
  assert.match(mine?.comments[0] ?? '', /workers was upgraded/)
  for (const { state } of others) assert.equal(state, 'open')
  await tell(revertedResult())
  assert.equal(open().length, 3, 'a closed issue is not opened again')
})

test('a success with no issue writes nothing', async () => {
  await tell(sampleResult())
  assert.deepEqual(github.issues, [])
  assert.ok(github.calls.every((call) => call.startsWith('GET')))
})

test('the issue is found behind hundreds of others, without its label as well', async () => {
  await tell(revertedResult())
  const [mine] = open()
  mine?.labels.splice(0)
  for (let count = 0; count < 250; count++) github.add({ body: 'other', ...(count % 3 ? {} : { pull_request: {} }) })
  await tell(revertedResult())
  assert.equal(github.issues.length, 251)
})

test('an issue that a stranger has made up is left alone', async () => {
  const forged = github.add({
    body: `${markerOf({ cluster: revertedResult().cluster, group: 'workers' })}\nmine`,
    user: { login: 'stranger', type: 'User' }
  })
  await tell(revertedResult())
  assert.match(forged.body, /mine$/)
  assert.equal(github.issues.length, 2)
})

const moves: Record<string, { result: Result; scheduled?: boolean; opens: boolean }> = {
  'held: somebody decides': { result: sampleResult({ outcome: 'held' }), opens: true },
  'refused by hand: the person sees it': { result: refused(), opens: false },
  'refused on a schedule': { result: refused(), scheduled: true, opens: true },
  'a plan that is refused on a schedule': { result: refused({ mode: 'plan' }), scheduled: true, opens: true },
  'a plan that is refused by hand': { result: refused({ mode: 'plan' }), opens: false },
  'a plan that would go, on a schedule': {
    result: sampleResult({ mode: 'plan', outcome: 'planned' }),
    scheduled: true,
    opens: false
  },
  'reverted on request': { result: revertedResult({ mode: 'revert' }), opens: false },
  status: { result: sampleResult({ mode: 'status', outcome: 'status' }), opens: false }
}
for (const [what, { result, scheduled = false, opens }] of Object.entries(moves)) {
  test(`${opens ? 'opens an issue' : 'opens none'}: ${what}`, async () => {
    await tell(result, { scheduled })
    assert.equal(github.issues.length, opens ? 1 : 0)
    assert.deepEqual(warnings, [])
  })
}

test('names and messages of a cluster are no markup and mention nobody', async () => {
  const bad = '@octocat #1 <img src=x> [x](http://evil) --> <!-- `code` | ```'
  const reason = { code: 'unhealthy', message: bad, hint: bad } as const
  await tell(revertedResult({ group: `${bad}-->`, reason }))
  const [{ body = '', title = '' } = {}] = open()
  const prose = body.replace(/<!--[^>]*-->/g, '').replace(/<code>.*?<\/code>/g, '')
  assert.doesNotMatch(prose, /@octocat|#1(?!\d)|<img|-->|[^\\]\[x\]\(/)
  assert.doesNotMatch(title, /@octocat/)
  await tell(sampleResult({ group: `${bad}-->` }))
  assert.deepEqual(open(), [], 'and the marker finds it again')
})

const refusals: Record<string, { refuse: FakeGitHub['refuse']; says: RegExp }> = {
  'a token without the permission': { refuse: { status: 403 }, says: /issues: write/ },
  'a repository that is not shown': { refuse: { status: 404 }, says: /issues: write/ },
  'issues that are disabled': { refuse: { status: 410 }, says: /issues are disabled/ },
  'a rate limit': { refuse: { status: 403, headers: { 'x-ratelimit-remaining': '0' } }, says: /limits the rate/ },
  'an outage': { refuse: { status: 500 }, says: /does not answer \(500\)/ },
  'no answer at all': { refuse: 'never', says: /no answer within 0\.2 s/ }
}
for (const [what, { refuse, says }] of Object.entries(refusals)) {
  test(`${what} is a warning that names what to do`, async () => {
    github.refuse = refuse
    await tell(revertedResult(), { limitMs: 200 })
    assert.equal(warnings.length, 1)
    assert.match(warnings[0] ?? '', says)
    assert.match(warnings[0] ?? '', /outcome of the run is not affected/)
  })
}

test('a token that GitHub does not know, and a GitHub that is not there, are warnings that hold no token', async () => {
  const access = { token: 'wr0ng', repository: 'shop/platform', apiUrl: github.url }
  await tell(revertedResult(), { github: access })
  await tell(revertedResult(), { github: { ...access, apiUrl: 'http://127.0.0.1:1' } })
  assert.match(warnings[0] ?? '', /does not accept the token/)
  assert.match(warnings[1] ?? '', /does not answer/)
  assert.doesNotMatch(warnings.join(), /wr0ng/)
})

const topicArn = 'arn:aws:sns:eu-west-1:111122223333:upgrades'
const sns = { targets: [{ kind: 'sns', topicArn }] } as const

test('a topic is told every ending of an upgrade, with attributes to filter by', async () => {
  const sent: TopicMessage[] = []
  const publish: Publish = async (message) => void sent.push(message)
  for (const outcome of ['upgraded', 'unchanged', 'held', 'refused', 'reverted', 'halted'] as const)
    await tell(sampleResult({ outcome }), sns, publish)
  await tell(sampleResult({ outcome: 'planned', mode: 'plan' }), sns, publish)
  assert.deepEqual(
    sent.map(({ attributes }) => `${attributes.outcome} ${attributes.actionRequired}`),
    ['upgraded false', 'unchanged false', 'held true', 'refused true', 'reverted true', 'halted true']
  )
  assert.deepEqual(warnings, [])
})

test('a topic that refuses, that never answers, or that cannot be reached for lack of AWS, is a warning', async () => {
  const denied = new UpgradeError('AWS denies sns:Publish', { code: 'access-denied', outcome: 'refused', hint: 'x' })
  await tell(sampleResult(), sns, () => Promise.reject(denied))
  await tell(sampleResult(), { ...sns, limitMs: 50 }, () => new Promise(() => {}))
  await tell(sampleResult(), sns)
  assert.match(warnings[0] ?? '', /upgrades: AWS denies sns:Publish\. Allow the role sns:Publish/)
  assert.match(warnings[1] ?? '', /no answer within 0\.05 s/)
  assert.match(warnings[2] ?? '', /no connection to AWS/)
})

interface Schema {
  required: string[]
  properties: Record<string, { enum?: unknown[] }>
}

test('a message has the fields of the published schema and no other, and so has the example on the page', async () => {
  const schema = JSON.parse(read('docs/notification.schema.json')) as Schema
  const sent: TopicMessage[] = []
  for (const result of [revertedResult(), refused(), sampleResult()])
    await tell(result, sns, async (message) => void sent.push(message))
  const example = /```json\n(\{\n {2}"version"[\s\S]*?)```/.exec(read('docs/notifications.md'))?.[1] ?? '{}'
  for (const body of [...sent.map((message) => message.body), example]) {
    const message = JSON.parse(body) as Record<string, unknown>
    assert.deepEqual(Object.keys(message).toSorted(), schema.required.toSorted())
    assert.deepEqual(Object.keys(message).toSorted(), Object.keys(schema.properties).toSorted())
    assert.ok(schema.properties.outcome?.enum?.includes(message.outcome))
    assert.ok(schema.properties.mode?.enum?.includes(message.mode))
  }
  assert.equal(sent.length, 3)
})
