import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as harmless from '../../src/report/escape.ts'
import { nasty } from './sample.ts'

test('a terminal gets no control character, no escape sequence and no reordering, and still all letters', () => {
  const shown = harmless.plainText(nasty)
  assert.doesNotMatch(shown, /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u)
  assert.match(shown, /\\n::set-output name=x::y\\r\\x1b\[31mred/)
  assert.match(shown, /\\u202e/)
  assert.equal(harmless.plainText('größe 日本 ✔ a b'), 'größe 日本 ✔ a b')
})

test('what was made harmless once stays as it is', () => {
  assert.equal(harmless.plainText(harmless.plainText(nasty)), harmless.plainText(nasty))
})

test('every text inside an event is made harmless, and nothing else is changed', () => {
  const value = { at: 5, list: ['a\nb', { deep: 'c\u001b[1m' }], none: undefined, yes: true }
  assert.deepEqual(harmless.plainValue(value), {
    at: 5,
    list: ['a\\nb', { deep: 'c\\x1b[1m' }],
    none: undefined,
    yes: true
  })
})

test('an ordinary line is no workflow command, in the new form nor in the old', () => {
  for (const line of [
    '::error::x',
    '  ::set-env name=a::b',
    '\t::add-mask::x',
    'text ##[error]x',
    nasty,
    `x\n${nasty}`
  ]) {
    const shown = harmless.workflowLine(line)
    assert.doesNotMatch(shown.trimStart(), /^::/, line)
    assert.doesNotMatch(shown, /##\[/, line)
    assert.doesNotMatch(shown, /[\r\n]/, line)
  }
  assert.equal(harmless.workflowLine('node a::b is cordoned'), 'node a::b is cordoned')
})

test('prose in a Markdown table stays in its cell and is no markup', () => {
  const shown = harmless.markdownText(nasty)
  assert.doesNotMatch(shown, /[|<>\n\r]/)
  assert.doesNotMatch(shown, /(^|[^\\])[`*_[\]]/)
  assert.equal(
    harmless.markdownText('ip-10-0-1-1.eu-central-1.compute.internal'),
    'ip-10-0-1-1.eu-central-1.compute.internal'
  )
  assert.equal(harmless.markdownText('a|b'), 'a&#124;b')
  assert.equal(harmless.markdownText('- no list'), '\\- no list')
  assert.equal(harmless.markdownText('1. no list'), '1\\. no list')
  assert.equal(harmless.markdownText('# no heading'), '\\# no heading')
})

test('code in Markdown is a plain span where it can be, and entities where a cell would end', () => {
  assert.equal(harmless.markdownCode('ip-10-0-1-1'), '`ip-10-0-1-1`')
  assert.doesNotMatch(harmless.markdownCode(nasty), /[|`\n\r]|<script/)
  assert.equal(harmless.markdownCode(''), '')
})

test('a fenced block cannot be ended by its content', () => {
  const block = harmless.markdownBlock(['a', '````', 'b'], 'sh').split('\n')
  assert.equal(block[0], '`````sh')
  assert.equal(block.at(-1), '`````')
})

test('a name in a chart has nothing that the chart would read', () => {
  assert.equal(harmless.mermaidText('a:b;c#d,e\nf%%g'), 'a b c d e f g')
  assert.equal(harmless.mermaidText(':::'), 'unnamed')
})
