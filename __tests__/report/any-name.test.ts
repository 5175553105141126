import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as harmless from '../../src/report/escape.ts'
import { annotation } from '../../src/report/github/annotations.ts'
import { textWidth, wrap } from '../../src/report/text/text-width.ts'

const pieces = [
  ...'abz09 .-_/:%#|<>`*~[]()\\$@!&;,\'"={}+',
  '::',
  '##[',
  '%0A',
  '\n',
  '\r',
  '\t',
  '\u0000',
  '\u001b[2J',
  '\u009b31m',
  '\u202e',
  '\u2028',
  '\ud800',
  '\u200b',
  '```',
  '</details>',
  '<!--',
  'é',
  '日本',
  '✔',
  '😀',
  '::error::',
  '::stop-commands::',
  '](javascript:x)'
]

/** The same names on every machine: a small generator with a seed (https://en.wikipedia.org/wiki/Xorshift). */
function names(seed: number, amount: number): string[] {
  let state = seed
  const next = (below: number) => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) % below
  }
  return Array.from({ length: amount }, () =>
    Array.from({ length: next(30) }, () => pieces[next(pieces.length)]).join('')
  )
}

const seed = 20_261_124

test(`2,000 names made of everything that means something somewhere (seed ${seed}) mean nothing anywhere`, () => {
  for (const name of names(seed, 2000)) {
    const told = JSON.stringify(name)
    const line = harmless.workflowLine(name)
    assert.doesNotMatch(line, /^\s*::|##\[|[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u, told)
    const { title, text } = annotation('warning', name, [name])
    assert.doesNotMatch(title + text, /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u, told)
    const prose = harmless.markdownText(name)
    assert.doesNotMatch(prose, /[|<>\r\n]/, told)
    assert.doesNotMatch(prose.replace(/\\[\\`*_~[\]$#.)+=-]/g, ''), /[\\`*_~[\]$]/, told)
    const code = harmless.markdownCode(name)
    assert.doesNotMatch(code, /[|\r\n]/, told)
    assert.match(code, /^$|^`[^`]*`$|^<code>[^<`]*<\/code>$/, told)
    assert.match(harmless.mermaidText(name), /^[\p{L}\p{N} ./_-]+$/u, told)
  }
})

test(`breaking any of them to any width (seed ${seed}) loses no letter and makes no line too wide`, () => {
  for (const [index, name] of names(seed, 2000).entries()) {
    const text = harmless.plainText(name)
    const width = 5 + (index % 60)
    const lines = wrap(text, width)
    for (const line of lines) assert.ok(textWidth(line) <= width, JSON.stringify(name))
    assert.equal(lines.join('').replaceAll(' ', ''), text.replaceAll(' ', ''), JSON.stringify(name))
  }
})
