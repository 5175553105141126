import assert from 'node:assert/strict'
import { test } from 'node:test'
import { UpgradeError } from '../../src/engine/model/error.ts'
import type { Group } from '../../src/engine/model/node-group.ts'
import type { Result } from '../../src/engine/model/report.ts'
import type { Settings } from '../../src/engine/model/settings.ts'
import { exitCode, worst } from '../../src/entry/exit-code.ts'
import { type Connected, groupNames, runGroups, withTyped } from '../../src/entry/group-runs.ts'
import { validateInputs } from '../../src/inputs/validate-inputs.ts'
import { typedAs } from '../../src/report/commands.ts'
import { sampleResult } from '../report/sample.ts'

const clock = { now: () => 0, sleep: async () => {} }

function groupTagged(name: string | undefined): Group {
  const tags: Record<string, string> = name === undefined ? {} : { 'eks-node-upgrade/group': name }
  return { name: 'asg', tags } as unknown as Group
}

/** Runs `group` over an engine that answers with the outcomes in order; returns the results and the groups it was asked for. */
async function runs(
  group: string,
  answers: (Partial<Result> | Error)[],
  found: readonly Group[] = [],
  connect?: Error
) {
  const { inputs } = validateInputs({ cluster: 'shop', mode: 'upgrade', group }, 'cli')
  assert.ok(inputs)
  const asked: (string | undefined)[] = []
  const bugs: unknown[] = []
  const told: Result[] = []
  const connected: Connected<string> = { findGroups: async () => found, ports: async () => 'ports' }
  const run = async (settings: Settings) => {
    asked.push(settings.group)
    const answer = answers.shift() ?? {}
    if (answer instanceof Error) throw answer
    return sampleResult({ group: settings.group, ...answer })
  }
  const results = await runGroups<string>({
    inputs,
    program: {
      engine: { run, recover: async () => sampleResult() },
      async connect() {
        if (connect) throw connect
        return connected
      }
    },
    caller: { host: { name: 'test' }, wording: typedAs('eks-node-upgrade') },
    clock,
    signal: new AbortController().signal,
    reporter: { report() {} },
    ended: (result) => told.push(result),
    bug: (error) => bugs.push(error)
  })
  assert.deepEqual(told, results, 'every result is told, in order')
  return { results, asked, bugs }
}

test('every outcome has the exit code of the contract', () => {
  const codes = (mode: Result['mode']) =>
    (['upgraded', 'unchanged', 'planned', 'held', 'refused', 'reverted', 'halted', 'cancelled', 'status'] as const).map(
      (outcome) => exitCode({ outcome, mode })
    )
  assert.deepEqual(codes('upgrade'), [0, 0, 0, 0, 3, 4, 5, 130, 0])
  assert.deepEqual(codes('finalize'), [0, 0, 0, 5, 3, 4, 5, 130, 0])
  assert.deepEqual(codes('revert'), [5, 0, 0, 0, 3, 0, 5, 130, 0])
})

test('the worst of several speaks for all', () => {
  const worstOf = (...outcomes: Result['outcome'][]) =>
    worst(outcomes.map((outcome) => sampleResult({ outcome }))).outcome
  assert.equal(worstOf('upgraded', 'unchanged'), 'upgraded')
  assert.equal(worstOf('unchanged', 'refused', 'upgraded'), 'refused')
  assert.equal(worstOf('halted', 'reverted'), 'halted')
})

test('several groups go one after the other and stop at the first that ends badly', async () => {
  const { results, asked } = await runs('a,b,c', [{}, { outcome: 'reverted' }])
  assert.deepEqual(asked, ['a', 'b'])
  assert.deepEqual(
    results.map(({ outcome }) => outcome),
    ['upgraded', 'reverted']
  )
})

test('* is every group that the tags name, once, in alphabetical order', async () => {
  const found = [groupTagged('b'), groupTagged('a'), groupTagged('b'), groupTagged(undefined)]
  assert.deepEqual(groupNames(found, { groupTagKey: 'eks-node-upgrade/group' }), ['a', 'b'])
  const { asked } = await runs('*', [{}, {}], found)
  assert.deepEqual(asked, ['a', 'b'])
})

test('where no group is named the engine is asked for the only one', async () => {
  assert.deepEqual((await runs('', [{}])).asked, [undefined])
  assert.deepEqual((await runs('*', [{}], [])).asked, [undefined])
})

test('what fails before the run is refused, with its code and remedy, and nothing was changed', async () => {
  const error = new UpgradeError('there is no cluster shop', {
    code: 'cluster-not-found',
    outcome: 'halted',
    hint: 'look'
  })
  const { results, asked, bugs } = await runs('a', [], [], error)
  assert.deepEqual(asked, [])
  assert.equal(results[0]?.outcome, 'refused')
  assert.deepEqual(results[0]?.reason, { code: 'cluster-not-found', message: 'there is no cluster shop', hint: 'look' })
  assert.deepEqual(bugs, [])
})

test('a bug in the run is halted and its trace is kept', async () => {
  const bug = new TypeError('x is not a function')
  const { results, bugs } = await runs('a,b', [bug])
  assert.equal(results.length, 1)
  assert.equal(results[0]?.outcome, 'halted')
  assert.equal(results[0]?.reason?.code, 'internal')
  assert.deepEqual(bugs, [bug])
})

test('the next command has the options of this one, those of an upgrade only where it is one', () => {
  const { inputs } = validateInputs(
    { cluster: 'shop', mode: 'plan', kubeconfig: 'a b', jobs: 'evict', output: 'json', 'soak-minutes': '3' },
    'cli'
  )
  assert.ok(inputs)
  const next = (command: string) => withTyped(sampleResult({ next: command }), inputs.typed).next
  assert.equal(next('upgrade --cluster shop'), "upgrade --cluster shop --kubeconfig 'a b' --jobs evict")
  assert.equal(next('revert --cluster shop'), "revert --cluster shop --kubeconfig 'a b'")
  const fromAction = validateInputs(
    { cluster: 'shop', 'aws-region': 'eu-west-1', 'group-tag-key': 'g' },
    'action'
  ).inputs
  assert.deepEqual(fromAction?.typed, { always: ['--group-tag-key g'], upgrade: [] })
})
