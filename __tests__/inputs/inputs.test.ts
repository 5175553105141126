import assert from 'node:assert/strict'
import { test } from 'node:test'
import { defaultSettings } from '../../src/engine/model/settings.ts'
import { parseArguments } from '../../src/inputs/arguments.ts'
import { nearestWord } from '../../src/inputs/did-you-mean.ts'
import { wrongGates } from '../../src/inputs/gate-inputs.ts'
import { helpText } from '../../src/inputs/help.ts'
import { inputsOf } from '../../src/inputs/inputs.ts'
import { validateInputs, withoutValue } from '../../src/inputs/validate-inputs.ts'

function problemsOf(given: Record<string, string>): readonly string[] {
  return validateInputs({ mode: 'upgrade', cluster: 'shop', ...given }, 'cli').problems ?? []
}

function inputsFrom(given: Record<string, string>, environment = {}) {
  const { inputs } = validateInputs({ mode: 'upgrade', cluster: 'shop', ...given }, 'cli', environment)
  assert.ok(inputs, problemsOf(given).join('\n'))
  return inputs
}

test('what is not given has the default that the engine has; a command line, which has no post step, leaves what it is stopped at', () => {
  assert.deepEqual(inputsFrom({}).settings, { ...defaultSettings, cluster: 'shop', onCancel: 'leave' })
  const fromAction = validateInputs({ cluster: 'shop' }, 'action').inputs
  assert.deepEqual(fromAction?.settings, { ...defaultSettings, cluster: 'shop' })
})

test('every problem is told at once, each with its value and with what would be right', () => {
  const problems = problemsOf({
    cluster: ' ',
    mode: 'upgrad',
    'drain-timeout-minutes': 'soon',
    'pod-timeout-minutes': '-3',
    'soak-minutes': '-1',
    'timeout-minutes': '0',
    hold: 'yes',
    jobs: 'evit',
    'allow-downtime': 'team-a/ledger',
    'canary-nodes': '1.5',
    'expect-plan': 'p1-short'
  })
  assert.deepEqual(problems, [
    'command "upgrad" is unknown (did you mean upgrade?)',
    'cluster is empty: name the EKS cluster',
    'expect-plan is "p1-short": it must be the digest that plan gives, such as p1-mq3k7xw2ta5bd6cnf4hj',
    'hold is "yes": it must be true or false',
    'canary-nodes is "1.5": it must be a whole number from 0 to 1000',
    'soak-minutes is "-1": it must be a number of minutes, 0 or more',
    'drain-timeout-minutes is "soon": it must be a number of minutes, greater than 0',
    'pod-timeout-minutes is "-3": it must be a number of minutes, greater than 0',
    'timeout-minutes is "0": a deadline must be greater than 0 minutes',
    'jobs is "evit": it must be wait or evict (did you mean evict?)',
    'allow-downtime is "team-a/ledger": "team-a/ledger" must be namespace/kind/name such as team-a/deployment/ledger'
  ])
})

test('times may be decimals, and none where none is allowed', () => {
  const { settings } = inputsFrom({
    'soak-minutes': '0',
    'stable-seconds': '0.5',
    'timeout-minutes': '1.5',
    'lock-timeout-minutes': '0'
  })
  assert.deepEqual(
    [settings.soakMs, settings.stableMs, settings.timeoutMs, settings.lockTimeoutMs],
    [0, 500, 90_000, 0]
  )
})

for (const value of ['NaN', 'Infinity', '1e3', '0x10', '5m', '', ' ', '1,5', '99999999']) {
  test(`a deadline of ${JSON.stringify(value)} is ${value.trim() === '' ? 'not given' : 'wrong'}`, () => {
    assert.equal(problemsOf({ 'launch-timeout-minutes': value }).length, value.trim() === '' ? 0 : 1)
  })
}

test('groups are a list by commas or lines, * is all of them, and not both', () => {
  assert.deepEqual(inputsFrom({ group: 'a, b\nc,,a' }).groups, ['a', 'b', 'c'])
  assert.equal(inputsFrom({ group: '*' }).groups, 'all')
  assert.deepEqual(inputsFrom({}).groups, [])
  assert.match(problemsOf({ group: 'a,*' })[0] ?? '', /^group is "a,\*": \* already means all/)
})

test('digests of reviewed plans are a list, and are not repeated in the next command', () => {
  const [one, two] = [`p1-${'a'.repeat(20)}`, `p1-${'b'.repeat(20)}`]
  const { settings, typed } = inputsFrom({ 'expect-plan': `${one},${two}` })
  assert.deepEqual(settings.expectPlan, [one, two])
  assert.deepEqual([...typed.always, ...typed.upgrade], [])
  assert.equal(problemsOf({ 'expect-plan': `${one},x` }).length, 1)
})

test('globs have three parts of letters that names can have', () => {
  assert.deepEqual(inputsFrom({ 'allow-downtime': 'Team-A/Deployment/*\nb/statefulset/db-?' }).settings.allowDowntime, [
    'team-a/deployment/*',
    'b/statefulset/db-?'
  ])
  for (const bad of ['a/b', 'a/b/c/d', 'a//c', 'a/b/[c]', 'a/b/{c', 'a b/c/d', '/']) {
    assert.match(problemsOf({ 'allow-downtime': bad })[0] ?? '', /must be namespace\/kind\/name/, bad)
  }
})

test('what needs something else says so', () => {
  assert.match(problemsOf({ 'role-session-name': 'me' })[0] ?? '', /no role-to-assume is given/)
  assert.match(problemsOf({ 'kube-context': 'c' })[0] ?? '', /no kubeconfig is given/)
  assert.match(problemsOf({ 'color-tag-key': 'eks-node-upgrade/group' })[0] ?? '', /must be different tags/)
  assert.match(problemsOf({ 'role-to-assume': 'admin' })[0] ?? '', /it must be arn:aws:iam::123456789012:role\/NAME/)
})

test('a value that holds anything is quoted on one line and not whole', () => {
  const [problem = ''] = problemsOf({ jobs: `x\n::error::${'y'.repeat(1_000_000)}` })
  assert.doesNotMatch(problem, /\n/)
  assert.ok(problem.length < 200)
})

test('the region comes from the input, else from the environment', () => {
  assert.equal(inputsFrom({}, { AWS_REGION: 'eu-west-1' }).connection.region, 'eu-west-1')
  assert.equal(
    inputsFrom({ 'aws-region': 'us-gov-west-1' }, { AWS_REGION: 'eu-west-1' }).connection.region,
    'us-gov-west-1'
  )
})

test('options stand as --name value and --name=value, lists may be repeated, switches need no value', () => {
  const { values, problems, command } = parseArguments([
    'plan',
    '--cluster=shop',
    '--group',
    'a',
    '--group',
    'b',
    '--hold',
    '--diff',
    'false',
    '--soak-minutes',
    '-1'
  ])
  assert.equal(command, 'plan')
  assert.deepEqual(problems, [])
  assert.deepEqual(values, { cluster: 'shop', group: 'a\nb', hold: 'true', diff: 'false', 'soak-minutes': '-1' })
})

test('a kubeconfig without a value means the one that kubectl would read, and only then', () => {
  const { values } = parseArguments(['plan', '--kubeconfig', '--cluster', 'shop'])
  assert.equal(values.kubeconfig, withoutValue)
  assert.deepEqual(inputsFrom(values).connection.kubeconfig, { path: undefined, context: undefined })
  assert.equal(inputsFrom({}, { KUBECONFIG: '/x' }).connection.kubeconfig, undefined)
  assert.deepEqual(inputsFrom({ kubeconfig: '/y', 'kube-context': 'c' }).connection.kubeconfig, {
    path: '/y',
    context: 'c'
  })
})

test('mistakes in the shape of a command line are told with what was meant', () => {
  const { problems } = parseArguments([
    'plan',
    '--clutser',
    'shop',
    '--jobs',
    '--soak-minutes',
    '1',
    '--soak-minutes',
    '2',
    'now'
  ])
  assert.deepEqual(problems, [
    'option "--clutser" is unknown (did you mean --cluster?)',
    '--jobs needs a value',
    '"now" is not an option: options begin with --'
  ])
})

test('an option that is given twice counts as it was given last; lists add up', () => {
  const { values, problems } = parseArguments(
    'plan --cluster a --soak-minutes 1 --cluster=b --soak-minutes 2 --hold false --hold --group x --group=y,z'.split(
      ' '
    )
  )
  assert.deepEqual(problems, [])
  assert.deepEqual(values, { cluster: 'b', 'soak-minutes': '2', hold: 'true', group: 'x\ny,z' })
})

test('what comes after -- is no option', () => {
  assert.deepEqual(parseArguments(['plan', '--', '--cluster', 'shop']).problems, [
    '"--cluster" is not an option: options begin with --',
    '"shop" is not an option: options begin with --'
  ])
})

test('a value that looks like an option of letters is a bad value, and no plea for help', () => {
  const { help, values } = parseArguments(['plan', '--timeout-minutes', '-1h'])
  assert.deepEqual([help, values['timeout-minutes']], [false, '-1h'])
})

test('one dash is taken for two, and words of the language are options like any other', () => {
  assert.deepEqual(parseArguments(['plan', '-cluster', 'shop', '-hold']).values, { cluster: 'shop', hold: 'true' })
  assert.deepEqual(parseArguments(['plan', '--constructor', 'x']).problems, ['option "--constructor" is unknown'])
})

test('help and version are found wherever they stand, long or short', () => {
  assert.equal(parseArguments(['upgrade', '--cluster', 'shop', '-h']).help, true)
  assert.equal(parseArguments(['--version']).version, true)
  assert.equal(parseArguments(['-V']).version, true)
  assert.deepEqual(parseArguments(['plan', '-x', 'y']).problems, ['option "--x" is unknown'])
})

test('a suggestion is made only for what is near', () => {
  assert.equal(nearestWord('finalise', ['plan', 'finalize']), 'finalize')
  assert.equal(nearestWord('paln', ['plan', 'finalize']), 'plan')
  assert.equal(nearestWord('xyz', ['plan', 'finalize']), undefined)
})

test('the help names every option and fits the terminal', () => {
  const text = helpText(80)
  for (const { name } of inputsOf('cli')) assert.ok(text.includes(`--${name}`), name)
  const options = text.slice(text.indexOf('\nWhat\n'), text.indexOf('\nExit codes\n')).split('\n')
  for (const line of options) assert.ok(line.length <= 80, line)
})

test('gates are kept by name in the settings and as typed in the connection, and none leaves nothing', () => {
  const gate = 'https://shop.example/x?token=hunter2\nalarm:errors'
  const { settings, connection, typed } = inputsFrom({ gate, 'gate-patience-minutes': '2' })
  assert.deepEqual(connection.gates, gate.split('\n'))
  assert.equal(settings.gates?.length, 2)
  assert.equal(settings.gatePatienceMs, 120_000)
  assert.equal(settings.gateInsufficientData, 'bad')
  assert.doesNotMatch(JSON.stringify([settings, typed]), /hunter2/)
  assert.match(typed.upgrade.join(' '), /--gate 'https:.*,alarm:errors'/)
  assert.equal(inputsFrom({ 'gate-patience-minutes': '2' }).settings.gates, undefined)
})

test('a gate that is wrong is named without its secrets; a command is wrong where there is no shell', () => {
  const [problem = ''] = problemsOf({ gate: 'ftp://me:hunter2@x/?a=hunter2\nhttp://shop.example\nalarm:ok' })
  assert.match(problem, /^gate has "ftp:.*": it must be https:.*; "http:\/\/shop.example": http:\/\/ is only allowed/)
  assert.doesNotMatch(problem, /hunter2/)
  assert.equal(wrongGates('gate', 'command:./smoke.sh', 'cli'), undefined)
  assert.match(wrongGates('gate', 'command:./smoke.sh', 'lambda' as never) ?? '', /a command cannot be run here/)
})

test('who is notified is an issue or a topic of any partition', () => {
  const sns = 'sns:arn:aws-us-gov:sns:us-gov-west-1:111122223333:upgrades.fifo'
  const { notify } = inputsFrom({ notify: `issue, ${sns}` }, { GITHUB_TOKEN: 'x', GITHUB_REPOSITORY: 'a/b' })
  assert.deepEqual(notify, [{ kind: 'issue' }, { kind: 'sns', topicArn: sns.slice(4) }])
  for (const bad of [
    'issues',
    'sns:',
    'sns:arn:aws:sqs:eu-west-1:111122223333:queue',
    'arn:aws:sns:eu-west-1:111122223333:t'
  ])
    assert.match(problemsOf({ notify: bad })[0] ?? '', /^notify is ".*": it must be issue or sns:arn/, bad)
})

test('an issue needs a token: the input in a workflow, the environment elsewhere; it is never repeated', () => {
  assert.deepEqual(problemsOf({ notify: 'issue' }), [
    'notify is "issue", but GITHUB_TOKEN and GITHUB_REPOSITORY are missing in the environment'
  ])
  const inAction = (token: string) =>
    validateInputs({ cluster: 'shop', notify: 'issue', 'github-token': token }, 'action')
  assert.equal(inAction('hunter2').problems, undefined)
  assert.doesNotMatch(JSON.stringify(inAction('hunter2').inputs), /hunter2/)
})
