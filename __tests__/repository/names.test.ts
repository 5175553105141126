import assert from 'node:assert/strict'
import { test } from 'node:test'
import { filesLike, read } from './sources.ts'

test('an exported type has one meaning: no name is exported by two files of the sources', () => {
  const files = new Map<string, string[]>()
  for (const file of filesLike('src/**/*.ts')) {
    for (const [, name = ''] of read(file).matchAll(/^export (?:interface|type|class) (\w+)/gm)) {
      files.set(name, [...(files.get(name) ?? []), file])
    }
  }
  const twice = [...files].filter(([, where]) => where.length > 1)
  assert.deepEqual(Object.fromEntries(twice), {})
})
