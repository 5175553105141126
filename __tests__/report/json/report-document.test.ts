import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'
import { scenarios } from '../../../src/lab/scenarios/all.ts'
import { jsonReport, reportSchema } from '../../../src/report/json/report-document.ts'
import { chronicleOf } from '../played.ts'

const schema = JSON.parse(readFileSync(new URL('../../../docs/report.schema.json', import.meta.url), 'utf8'))
const valid: ValidateFunction<unknown> = new Ajv2020({ strict: true, strictRequired: false, allErrors: true }).compile(
  schema
)

const chosen = ['calm-upgrade', 'broken-image', 'plan-only', 'second-run', 'killed-forward']

for (const name of chosen)
  test(`the JSON report of ${name} is as its schema says`, async () => {
    assert.ok(scenarios.some((scenario) => scenario.name === name))
    const chapters = (await chronicleOf(name)).chapters().filter(({ result }) => result)
    const document = JSON.parse(jsonReport(chapters, { outcome: 'upgraded', exitCode: 0 }, '1.2.3'))
    assert.equal(valid(document), true, JSON.stringify(valid.errors?.slice(0, 3), undefined, 1))
    assert.equal(document.$schema, reportSchema)
    assert.equal(schema.$id, reportSchema)
  })

test('the schema refuses a report without its history, and one with an outcome that there is not', async () => {
  const document = JSON.parse(
    jsonReport((await chronicleOf('calm-upgrade')).chapters(), { outcome: 'upgraded', exitCode: 0 }, '1.2.3')
  )
  assert.equal(valid({ ...document, outcome: 'rolled-back' }), false)
  const [{ history: _, ...run }] = document.runs
  assert.equal(valid({ ...document, runs: [run] }), false)
})
