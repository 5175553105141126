import assert from 'node:assert/strict'
import { test } from 'node:test'
import { meets, nodeMatches, selects, termsMatch } from '../../../src/engine/policy/selectors.ts'
import { placement } from '../plan/world.ts'

test('an empty selector selects everything', () => {
  assert.equal(selects({ matchLabels: {}, matchExpressions: [] }, {}), true)
})

test('labels and expressions of a selector must all hold', () => {
  const selector = {
    matchLabels: { app: 'a' },
    matchExpressions: [{ key: 'tier', operator: 'In', values: ['x', 'y'] }]
  }
  assert.equal(selects(selector, { app: 'a', tier: 'y' }), true)
  assert.equal(selects(selector, { app: 'a', tier: 'z' }), false)
  assert.equal(selects(selector, { app: 'b', tier: 'y' }), false)
})

const requirements: readonly [operator: string, values: string[], value: string | undefined, expected: boolean][] = [
  ['In', ['a'], 'a', true],
  ['In', ['a'], 'b', false],
  ['In', ['a'], undefined, false],
  ['NotIn', ['a'], 'b', true],
  ['NotIn', ['a'], 'a', false],
  ['NotIn', ['a'], undefined, true],
  ['Exists', [], '', true],
  ['Exists', [], undefined, false],
  ['DoesNotExist', [], undefined, true],
  ['DoesNotExist', [], '', false],
  ['Gt', ['4'], '5', true],
  ['Gt', ['4'], '4', false],
  ['Gt', ['4'], 'many', false],
  ['Gt', ['4'], undefined, false],
  ['Lt', ['4'], '3', true],
  ['Lt', ['4'], '4', false],
  ['Lt', [], '3', false],
  ['Near', ['a'], 'a', false]
]
for (const [operator, values, value, expected] of requirements) {
  test(`${operator} [${values}] is ${expected} for ${value ?? 'a missing label'}`, () => {
    assert.equal(meets({ key: 'k', operator, values }, value), expected)
  })
}

test('no node terms match every node, an empty term none', () => {
  assert.equal(termsMatch([], {}, 'n'), true)
  assert.equal(termsMatch([{ expressions: [], fields: [] }], {}, 'n'), false)
})

test('one of several terms is enough, and a field speaks of the name', () => {
  const terms = [
    { expressions: [{ key: 'zone', operator: 'In', values: ['a'] }], fields: [] },
    { expressions: [], fields: [{ key: 'metadata.name', operator: 'In', values: ['n'] }] }
  ]
  assert.equal(termsMatch(terms, {}, 'n'), true)
  assert.equal(termsMatch(terms, { zone: 'a' }, 'm'), true)
  assert.equal(termsMatch(terms, { zone: 'b' }, 'm'), false)
})

test('a node selector is exact', () => {
  assert.equal(nodeMatches(placement({ nodeSelector: { disk: 'ssd' } }), { disk: 'ssd' }, 'n'), true)
  assert.equal(nodeMatches(placement({ nodeSelector: { disk: 'ssd' } }), { disk: 'hdd' }, 'n'), false)
})
