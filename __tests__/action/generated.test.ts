import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { generated } from '../../scripts/generate.ts'
import { outputs } from '../../src/inputs/inputs.ts'
import { outputsOf } from '../../src/report/json/document.ts'
import { sampleResult } from '../report/sample.ts'

test('action.yml, the tables of the README and the version say what the table of inputs and package.json say', () => {
  for (const [file, text] of generated()) {
    assert.equal(readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8'), text, `${file}: run npm run generate`)
  }
})

test('every output that is declared is set, and no other', () => {
  const result = sampleResult()
  assert.deepEqual(Object.keys(outputsOf([result], result)).sort(), outputs.map(({ name }) => name).sort())
})
