import assert from 'node:assert/strict'
import { test } from 'node:test'
import { shellWord } from '../../../src/engine/model/shell-word.ts'

test('a name in a command is one word of the shell', () => {
  assert.equal(shellWord('shop-1'), 'shop-1')
  assert.equal(shellWord("it's $(rm)"), "'it'\\''s $(rm)'")
})
