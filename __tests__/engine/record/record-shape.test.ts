import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { UpgradeError } from '../../../src/engine/model/error.ts'
import type { GroupRecord } from '../../../src/engine/record/record.ts'
import { parseRecord, recordKey } from '../../../src/engine/record/record-shape.ts'
import { run } from '../sample.ts'

const key = recordKey('workers')
const record = (over: Partial<GroupRecord> = {}): GroupRecord => ({ version: 1, group: 'workers', ...over })

describe('the record', () => {
  it('is read back as it was written', () => {
    const written = record({ run: run({ direction: 'retiring' }) })
    assert.deepEqual(parseRecord(JSON.stringify(written), key), JSON.parse(JSON.stringify(written)))
  })

  it('of a later version halts, and nothing is touched', () => {
    assert.throws(
      () => parseRecord('{"version":2,"group":"workers"}', key),
      (error) =>
        error instanceof UpgradeError && error.details.code === 'record-newer' && error.details.outcome === 'halted'
    )
  })

  const whole = run()
  const unreadable: Record<string, unknown> = {
    'no JSON': '{',
    'no object': '7',
    null: 'null',
    'no version': '{"group":"workers"}',
    'no group': '{"version":1}',
    'a run without a direction that is known': { ...whole, direction: 'sideways' },
    'a run without the sizes to put back': { ...whole, outgoing: { ...whole.outgoing, capacity: { min: 1 } } },
    'a run without the suspensions to put back': { ...whole, incoming: { ...whole.incoming, suspended: undefined } },
    'a run that is held while it is retiring': { ...whole, direction: 'retiring', held: {} },
    'a run that reverts without a reason': { ...whole, direction: 'reverting', reason: undefined },
    'a run whose time is no number': { ...whole, elapsedMs: null },
    'a run whose baseline is null': { ...whole, baseline: null },
    'a run without its replaced instances': { ...whole, replaced: undefined }
  }
  for (const [what, text] of Object.entries(unreadable)) {
    it(`with ${what} is unreadable and halts`, () => {
      const stored = typeof text === 'string' ? text : JSON.stringify({ version: 1, group: 'workers', run: text })
      assert.throws(
        () => parseRecord(stored, key),
        (error) =>
          error instanceof UpgradeError &&
          error.details.code === 'record-unreadable' &&
          error.details.outcome === 'halted'
      )
    })
  }
})

describe('the key of a record', () => {
  it('has only characters that a ConfigMap allows, whatever the group is called', () => {
    for (const name of ['workers', 'Größe XL', 'a/b\nc', '', '.', '..', 'x'.repeat(1000)]) {
      assert.match(recordKey(name), /^[-._a-zA-Z0-9]{1,253}$/)
      assert.ok(!['.', '..'].includes(recordKey(name)))
    }
  })

  it('differs for groups whose readable part is the same', () => {
    assert.notEqual(recordKey('a b'), recordKey('a/b'))
    assert.notEqual(recordKey(`${'x'.repeat(200)}1`), recordKey(`${'x'.repeat(200)}2`))
  })
})

describe('a record with one field less', () => {
  const reason = { code: 'asked', message: 'The run was cancelled.', hint: '' } as const
  const last = { outcome: 'reverted', at: 1, runId: 'run-0', changeFingerprint: 'f', reason }
  const retired = { group: 'shop-green', at: 1, runId: 'run-0', configuration: { image: 'ami-1' } }
  const full = record({
    run: run({
      direction: 'reverting',
      reason: { ...reason, stage: 'drain', at: 1 },
      changes: [{ field: 'image', from: 'a', to: 'b', lines: ['-a'] }],
      baseline: { 'a/deployment/b': { replicas: 1, ready: 1, templateHash: 'h' } },
      spentMs: { 'forward/drain': 1 },
      returned: { uid: 1 },
      templateWrites: [
        {
          template: 'lt-1',
          name: 'shop-green',
          follows: '$Latest',
          image: 'ami-2',
          source: { template: 'lt-2', version: 3 },
          renamed: { from: { name: 'shop-blue', color: 'blue' }, to: { name: 'shop-green', color: 'green' } },
          description: 'eks-node-upgrade run r: ami-2',
          latestBefore: 1,
          defaultBefore: 1
        }
      ]
    }),
    retired,
    last
  })
  /** Left out by those who have nothing to say; and keys of maps, which may be any. */
  const optional = new Set(['run', 'retired', 'last', 'run.settings.group', 'run.changes.0.lines', 'run.reason.stage'])
  // Records of the versions before these could be asked for have none of them.
  const added = [
    'last.reason',
    'run.settings.ami',
    'run.settings.expectPlan',
    'run.templateWrites',
    'run.templateWrites.0.renamed'
  ]
  for (const later of added) optional.add(later)
  const maps = [
    'run.baseline.',
    'run.spentMs.',
    'run.returned.',
    'run.outgoingConfiguration.',
    'retired.configuration.'
  ]

  const paths = (value: unknown, path = ''): readonly string[] =>
    typeof value !== 'object' || value === null
      ? []
      : Object.entries(value).flatMap(([name, inner]) => {
          const here = path === '' ? name : `${path}.${name}`
          return [here, ...paths(inner, here)]
        })

  const without = (path: string): unknown => {
    const copy = JSON.parse(JSON.stringify(full))
    const names = path.split('.')
    const last = names.pop() ?? ''
    // Names of baseline entries and stages hold no point; those of lists are their indexes.
    delete names.reduce((value, name) => value[name], copy)[last]
    return copy
  }

  const needed = paths(JSON.parse(JSON.stringify(full))).filter((path) => {
    const parent = path.split('.').slice(0, -1).join('.')
    const inList = /^\d+$/.test(path.split('.').at(-1) ?? '')
    return !optional.has(path) && !inList && !maps.includes(`${parent}.`)
  })

  it('is unreadable and names the field, whichever it is', () => {
    assert.ok(needed.length > 60, `only ${needed.length} fields`)
    assert.deepEqual(parseRecord(JSON.stringify(full), key), JSON.parse(JSON.stringify(full)))
    for (const path of needed) {
      const name = path.split('.').at(-1) ?? ''
      assert.throws(
        () => parseRecord(JSON.stringify(without(path)), key),
        (error) =>
          error instanceof UpgradeError &&
          error.details.code === 'record-unreadable' &&
          (error.message.includes(name) || ['version', 'group', 'direction'].includes(name)),
        path
      )
    }
  })

  it('is read if the field is one that may be left out', () => {
    for (const path of optional) assert.ok(parseRecord(JSON.stringify(without(path)), key), path)
  })
})
