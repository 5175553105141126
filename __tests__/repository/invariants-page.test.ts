import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { scenarioNamed } from '../../src/lab/scenarios/all.ts'
import { filesLike, read, root } from './sources.ts'

const page = read('docs/invariants.md')
const sources = filesLike('src/**/*.ts')

interface Row {
  id: string
  guard: string
  observer: string
  proof: string
}

const rows = page.split('\n').flatMap((line): Row[] => {
  const [, id = '', , guard = '', observer = '', proof = ''] = line.split('|').map((cell) => cell.trim())
  return /^I\d+$/.test(id) ? [{ id, guard, observer, proof }] : []
})
const ids = rows.map(({ id }) => id)

/** The union of the invariants that the lab's observer checks, whichever of its files it is in. */
function observed(): string[] {
  const texts = filesLike('src/lab/observer/**/*.ts').map(read)
  const unions = texts.flatMap((text) => text.match(/export type Invariant =(?:\s*\|?\s*'I\d+')+/g) ?? [])
  // Or keys of a table, if the type is made from one.
  const tables = texts.flatMap((text) => text.match(/export const invariants\b[\s\S]*?\n[}\]]/g) ?? [])
  return [...new Set([...unions, ...tables].flatMap((text) => text.match(/\bI\d+\b/g) ?? []))]
}

const isUnchecked = (cell: string) => /not (checked|guarded)/.test(cell)
const pathsIn = (cell: string) => [...cell.matchAll(/`((?:src|__tests__)\/[^`]+)`/g)].map(([, path = '']) => path)

describe('the page of invariants', () => {
  it('has rows in order, each number once', () => {
    assert.ok(rows.length > 20, `${rows.length} rows`)
    const numbers = ids.map((id) => Number(id.slice(1)))
    assert.deepEqual(
      numbers,
      [...new Set(numbers)].toSorted((a, b) => a - b)
    )
  })

  it('has a row for every invariant that the sources mention', () => {
    const mentioned = sources.flatMap((file) =>
      [...read(file).matchAll(/\bI\d+\b/g)].map(([id]) => ({ file, id })).filter(({ id }) => !ids.includes(id))
    )
    assert.deepEqual(mentioned, [])
  })

  it('says where the observer checks each of its invariants, and claims no other', () => {
    const checked = rows.filter(({ observer }) => !isUnchecked(observer)).map(({ id }) => id)
    assert.ok(observed().length > 10, 'the union of the observer was not found')
    assert.deepEqual(checked.toSorted(), observed().toSorted())
    for (const { id, observer } of rows) {
      for (const path of pathsIn(observer)) assert.match(read(path), new RegExp(`'${id}'`), `${path} never tells ${id}`)
    }
  })

  it('has no invariant of the observer that no test breaks on purpose', () => {
    const test = read('__tests__/lab/observer/observer.test.ts')
    for (const id of observed()) assert.match(test, new RegExp(`'${id}'`), id)
  })

  it('names files and functions that exist', () => {
    for (const { id, guard } of rows) {
      const named = [...guard.matchAll(/`(src\/[^`]+)` `(\w+)`/g)]
      assert.ok(named.length > 0 || isUnchecked(guard), `${id} has no guard`)
      assert.equal(named.length, pathsIn(guard).length, `${id}: a file without its function`)
      for (const [, path = '', name = ''] of named) {
        assert.ok(existsSync(join(root, path)), `${id}: there is no ${path}`)
        assert.match(read(path), new RegExp(`\\b${name}\\b`), `${id}: ${path} has no ${name}`)
      }
    }
  })

  it('names tests and scenarios that exist', () => {
    for (const { id, proof } of rows) {
      const tests = [...proof.matchAll(/`(__tests__\/[^`]+)`: '([^']+)'/g)]
      const played = [...proof.matchAll(/scenario `([^`]+)`/g)]
      assert.ok(tests.length + played.length > 0 || isUnchecked(proof), `${id} has no test`)
      assert.equal(tests.length, pathsIn(proof).length, `${id}: a file without its test`)
      for (const [, path = '', name = ''] of tests) {
        assert.ok(existsSync(join(root, path)), `${id}: there is no ${path}`)
        assert.ok(read(path).includes(`'${name}'`), `${id}: ${path} has no test '${name}'`)
      }
      for (const [, name = ''] of played) assert.ok(scenarioNamed(name), `${id}: there is no scenario ${name}`)
    }
  })
})
