import assert from 'node:assert/strict'
import { test } from 'node:test'
import { comparison } from '../../../src/engine/plan/checks/comparison.ts'
import { type ComparisonInput, compare, type EarlierOutcome } from '../../../src/engine/plan/comparison.ts'
import { type Configuration, configurationFormat } from '../../../src/engine/plan/configuration.ts'
import {
  configurationFingerprint,
  parseRetiredCopy,
  retiredCopy,
  retiredFromRecord
} from '../../../src/engine/plan/retired-configuration.ts'
import { assertRemedies, companions, group, hour } from './world.ts'

const format = { format: String(configurationFormat) }
const at = (fields: Configuration): Configuration => ({ ...format, ...fields })
const old = at({ image: 'ami-1', 'security groups': 'sg-1' })
const running = at({ image: 'ami-2', 'security groups': 'sg-2' })
const fresh = at({ image: 'ami-3', 'security groups': 'sg-2' })
const mixedUp = at({ image: 'ami-1', 'security groups': 'sg-3' })

interface Row {
  launches?: Configuration
  runs?: readonly Configuration[]
  record?: Configuration
  tag?: Configuration
  madeAt?: number
  runsMadeAt?: number
  when?: ComparisonInput['whenUnchanged']
  last?: EarlierOutcome
}

const content = { id: 'lt', name: '', version: 1, createdAt: 0, data: {} }

function run({
  launches = fresh,
  runs = [running],
  record,
  tag,
  madeAt = 5 * hour,
  runsMadeAt = 4 * hour,
  when = 'stop',
  last
}: Row) {
  const input: ComparisonInput = {
    launches: { fields: launches, written: launches, createdAt: madeAt },
    runs: runs.map((fields, number) => ({
      template: { id: 'lt', name: '', version: String(number) },
      content,
      createdAt: runsMadeAt,
      instanceIds: [`i-${number}`],
      fields,
      written: fields
    })),
    retired: [record && retiredFromRecord(record), tag && parseRetiredCopy(retiredCopy(tag))].filter(
      (copy) => copy !== undefined
    ),
    whenUnchanged: when
  }
  const compared = compare(input)
  const pair = { name: 'workers', blue: group('shop-blue', 'blue'), green: group('shop-green', 'green') }
  const inactive = { group: pair.green, color: 'green' as const, companions: companions() }
  return { ...compared, ...comparison({ ...input, pair, inactive, compared, lastOutcome: last }) }
}

const table: readonly [sentence: string, row: Row, expected: string][] = [
  ['equal to what all run', { launches: running }, 'equal unchanged'],
  ['equal to what all run, and renewed', { launches: running, when: 'renew' }, 'equal upgrade'],
  ['equal to what all run is nothing to swap back', { launches: running, when: 'swap-back' }, 'equal unchanged'],
  ['equal to what some run', { launches: running, runs: [running, old] }, 'change upgrade'],
  ['equal comes before retired', { launches: running, record: running }, 'equal unchanged'],
  ['as it was when retired, by the record', { launches: old, record: old }, 'retired unchanged'],
  ['as it was when retired, by the tag', { launches: old, tag: old }, 'retired unchanged'],
  [
    'as it was when retired, by the tag although the record says otherwise',
    { launches: old, record: fresh, tag: old },
    'retired unchanged'
  ],
  ['as it was when retired is not renewed', { launches: old, record: old, when: 'renew' }, 'retired unchanged'],
  ['as it was when retired, and swapped back', { launches: old, record: old, when: 'swap-back' }, 'retired upgrade'],
  ['takes the image back, by the record', { launches: mixedUp, record: old }, 'takes-back refused'],
  ['takes the image back, by the tag', { launches: mixedUp, tag: old }, 'takes-back refused'],
  ['takes the image back on purpose', { launches: mixedUp, record: old, when: 'swap-back' }, 'takes-back upgrade'],
  [
    'lacks what only the active side got since',
    {
      launches: at({ image: 'ami-3', 'security groups': 'sg-2' }),
      record: old,
      runs: [at({ ...running, 'key name': 'k' })]
    },
    'takes-back refused'
  ],
  [
    'a field that neither side changed is not taken back',
    { launches: at({ image: 'ami-3' }), record: at({ image: 'ami-1' }), runs: [at({ image: 'ami-2' })] },
    'change upgrade'
  ],
  ['every field of the copy was changed', { launches: fresh, record: old }, 'change upgrade'],
  ['no copy, and much older', { launches: old, madeAt: 0, runsMadeAt: hour + 1 }, 'older refused'],
  ['no copy, and older by an hour only', { launches: old, madeAt: 0, runsMadeAt: hour }, 'change upgrade'],
  [
    'no copy, much older and meant',
    { launches: old, madeAt: 0, runsMadeAt: 9 * hour, when: 'swap-back' },
    'older upgrade'
  ],
  ['a copy, and much older', { launches: fresh, record: old, madeAt: 0, runsMadeAt: 9 * hour }, 'change upgrade'],
  [
    'a copy of another format is none',
    { launches: old, record: { ...old, format: '0' }, madeAt: 0, runsMadeAt: 9 * hour },
    'older refused'
  ],
  ['no copy, and newer', { launches: fresh }, 'change upgrade'],
  ['a change is not stopped by renew', { launches: fresh, when: 'renew' }, 'change upgrade']
]
for (const [sentence, row, expected] of table) {
  test(`comparison: ${sentence}`, () => {
    const { comparison: kind, verdict, blockers } = run(row)
    assertRemedies(blockers)
    assert.equal(`${kind} ${verdict}`, expected)
    assert.equal(blockers.length > 0, verdict === 'refused')
  })
}

test('fields that would be taken back are named with both values, and swap-back is offered', () => {
  const [blocker] = run({ launches: mixedUp, record: old }).blockers
  assert.match(blocker?.reason ?? '', /image \(runs ami-2, would be ami-1\)/)
  assert.doesNotMatch(blocker?.reason ?? '', /security groups/)
  assert.ok(blocker?.remedies.some((remedy) => remedy.includes('--when-unchanged swap-back')))
})

test('changes are shown from what most instances run', () => {
  assert.deepEqual(run({}).changes, [{ field: 'image', from: 'ami-2', to: 'ami-3' }])
  assert.deepEqual(run({ launches: running }).changes, [])
  assert.equal(run({ launches: running, runs: [running, old] }).changes.length, 2)
})

test('a change that was reverted before says when and why', () => {
  const last = {
    outcome: 'reverted',
    at: Date.UTC(2026, 10, 20, 9, 30),
    reason: 'payments could not start',
    change: configurationFingerprint(fresh)
  }
  const [warning] = run({ last }).warnings
  assert.match(warning?.reason ?? '', /2026-11-20 09:30 UTC: payments could not start/)
  assert.deepEqual(run({ last: { ...last, outcome: 'upgraded' } }).warnings, [])
  assert.deepEqual(run({ last: { ...last, change: 'other' } }).warnings, [])
})

test('exactly the same text on both sides is no difference, whatever placeholders make of it', () => {
  const compared = compare({
    launches: { fields: at({ 'user data': 'team={color}' }), written: at({ 'user data': 'team=blue' }), createdAt: 0 },
    runs: [
      {
        template: { id: '', name: '', version: '1' },
        content,
        createdAt: 0,
        instanceIds: ['i'],
        fields: at({ 'user data': 'team=blue' }),
        written: at({ 'user data': 'team=blue' })
      }
    ],
    retired: [],
    whenUnchanged: 'stop'
  })
  assert.equal(compared.comparison, 'equal')
})
