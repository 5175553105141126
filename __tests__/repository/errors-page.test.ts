import assert from 'node:assert/strict'
import { test } from 'node:test'
import { read } from './sources.ts'

const union = read('src/engine/model/error.ts').match(/export type ErrorCode =([\s\S]*?)\n\n/)?.[1] ?? ''
const codes = [...union.matchAll(/'([a-z-]+)'/g)].map(([, code]) => code)
const rows = [...read('docs/errors.md').matchAll(/^\| <a id="([a-z-]+)"><\/a>`([a-z-]+)` \|(.*)\|$/gm)]

test('every error code has one row in docs/errors.md, and no row is left over', () => {
  assert.ok(codes.length > 20, 'the codes were found')
  assert.deepEqual(rows.map(([, , code]) => code).toSorted(), codes.toSorted())
})

test('every row can be linked to by its code', () => {
  for (const [, anchor, code] of rows) assert.equal(anchor, code)
})

test('every row says what was seen, what it means and what to do', () => {
  for (const [, , code, rest = ''] of rows) {
    const cells = rest.split('|').map((cell) => cell.trim())
    assert.equal(cells.length, 3, `${code} has ${cells.length} cells after its code`)
    assert.ok(
      cells.every((cell) => cell.length > 10),
      `${code} has an empty cell`
    )
  }
})
