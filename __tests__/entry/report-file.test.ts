import assert from 'node:assert/strict'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { openReport, reportProblems } from '../../src/entry/report-file.ts'
import { sampleResult, started } from '../report/sample.ts'

const folder = mkdtempSync(join(tmpdir(), 'report-'))
after(() => rmSync(folder, { recursive: true, force: true }))

test('a path that cannot be written is bad input before anything begins', () => {
  mkdirSync(join(folder, 'taken.html'))
  mkdirSync(join(folder, 'beside.json'))
  const problem = (path: string) => reportProblems({ report: join(folder, path) }).join()
  assert.match(problem('missing/report.html'), /report is ".*": the directory ".*missing" does not exist/)
  assert.match(problem('taken.html'), /"[^"]*taken\.html" is not a file/)
  assert.match(problem('beside.html'), /"[^"]*beside\.json" is not a file/)
  assert.match(problem('report.json'), /it names the HTML file/)
  assert.deepEqual(reportProblems({ report: join(folder, 'good.html') }), [])
  assert.deepEqual(reportProblems({}), [])
})

test('the page and its JSON are written side by side, and nothing else', () => {
  const inside = join(folder, 'whole')
  mkdirSync(inside)
  const book = openReport(join(inside, 'report.html'))
  book.report(started())
  book.ended(sampleResult())
  assert.deepEqual(book.write(), { path: join(inside, 'report.html') })
  assert.deepEqual(readdirSync(inside).sort(), ['report.html', 'report.json'])
  assert.equal(JSON.parse(readFileSync(join(inside, 'report.json'), 'utf8')).runs[0].outcome, 'upgraded')
})

test('a report that can no longer be written at the end is a sentence, not an error', () => {
  const gone = join(folder, 'gone')
  mkdirSync(gone)
  const book = openReport(join(gone, 'report.html'))
  book.ended(sampleResult())
  rmSync(gone, { recursive: true })
  const { path, problem } = book.write()
  assert.equal(path, undefined)
  assert.match(problem ?? '', /could not be written to .*report\.html: ENOENT.*The outcome of the run is not changed\./)
})

test('without a path nothing is written', () => {
  const book = openReport(undefined)
  book.ended(sampleResult())
  assert.deepEqual(book.write(), {})
  assert.ok(!existsSync('report.html'))
})
