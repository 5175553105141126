import assert from 'node:assert/strict'
import { test } from 'node:test'
import { rules } from '../../src/engine/model/rules.ts'
import { filesLike, read } from './sources.ts'

const facts = Object.entries(rules)

test('every rule has a row in docs/rules.md, which can be linked to by its name', () => {
  const rows = [...read('docs/rules.md').matchAll(/^\| <a id="([a-z-]+)"><\/a>`([a-z-]+)` \|/gm)]
  assert.deepEqual(rows.map(([, anchor]) => anchor).toSorted(), Object.keys(rules).toSorted())
  for (const [, anchor, name] of rows) assert.equal(anchor, name)
})

test('a rule that blocks has an error code, and every rule says in one sentence what it means and what to do', () => {
  for (const [rule, { blocks, code, means, remedy }] of facts) {
    assert.equal(code !== undefined, blocks, rule)
    for (const text of [means, remedy]) assert.match(text, /^[A-Z][^|]*[^.]\.$/, rule)
  }
})

test('every rule is used', () => {
  const sources = filesLike('src/engine/**/*.ts')
    .filter((file) => !file.endsWith('model/rules.ts'))
    .map(read)
    .join('\n')
  assert.deepEqual(
    facts.map(([rule]) => rule).filter((rule) => !sources.includes(`'${rule}'`) && !sources.includes(`  ${rule}:`)),
    []
  )
})
