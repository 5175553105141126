/**
 * The report as files: an HTML page and the JSON beside it. A path that cannot be written is bad input if that shows before the
 * start; a disk that fills later is a warning, because a report that is missing does not change what the run has done.
 */
import { accessSync, constants, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname, extname } from 'node:path'
import type { Reporter, Result } from '../engine/model/report.ts'
import { quoted } from '../inputs/quoted.ts'
import type { Problem } from '../inputs/validate-inputs.ts'
import { createChronicle } from '../report/chronicle/chronicle.ts'
import { htmlReport } from '../report/html/page.ts'
import { jsonReport } from '../report/json/report-document.ts'
import { exitCode, worst } from './exit-code.ts'
import { version } from './version.ts'

/** `given` holds what was typed, by input name. Looks at the file system and writes nothing. */
export function reportProblems(given: Readonly<Record<string, string>>): readonly Problem[] {
  const path = given.report?.trim()
  if (!path) return []
  const is = (right: string) => [`report is ${quoted(path)}: ${right}`]
  if (extname(path).toLowerCase() === '.json') {
    return is('it names the HTML file, such as report.html; the JSON report is written beside it')
  }
  const folder = dirname(path)
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory())
    return is(`the directory ${quoted(folder)} does not exist`)
  for (const file of [path, jsonPath(path)]) {
    const found = statSync(file, { throwIfNoEntry: false })
    if (found && !found.isFile()) return is(`${quoted(file)} is not a file`)
    if (found && !mayWrite(file)) return is(`the file ${quoted(file)} is there and cannot be written`)
  }
  return mayWrite(folder) ? [] : is(`the directory ${quoted(folder)} cannot be written`)
}

function mayWrite(path: string): boolean {
  try {
    accessSync(path, constants.W_OK)
    return true
  } catch {
    return false
  }
}

/** `report.html` and `report` lead to `report.json`. */
function jsonPath(path: string): string {
  return `${path.slice(0, path.length - extname(path).length)}.json`
}

export interface WrittenReport {
  /** As it was given; undefined if it could not be written. */
  path?: string
  /** Why not, as a sentence. */
  problem?: string
}

export interface ReportBook extends Reporter {
  ended(result: Result): void
  /** Never throws. */
  write(): WrittenReport
}

/** Collects what is told and writes it at the end. Without a path it does neither. */
export function openReport(path: string | undefined): ReportBook {
  if (path === undefined) return { report() {}, ended() {}, write: () => ({}) }
  const chronicle = createChronicle()
  return {
    report: chronicle.report,
    ended: chronicle.ended,
    write() {
      try {
        const chapters = chronicle.chapters()
        const result = worst(chapters.flatMap((chapter) => (chapter.result ? [chapter.result] : [])))
        const ending = { outcome: result.outcome, exitCode: exitCode(result) }
        replaceFile(path, htmlReport(chapters, { version }))
        replaceFile(jsonPath(path), jsonReport(chapters, ending, version))
        return { path }
      } catch (error) {
        const why = error instanceof Error ? error.message : String(error)
        return { problem: `The report could not be written to ${path}: ${why}. The outcome of the run is not changed.` }
      }
    }
  }
}

/** Whole or not at all: what reads it meanwhile never finds half a page. */
function replaceFile(path: string, text: string): void {
  const draft = `${path}.${process.pid}.tmp`
  try {
    writeFileSync(draft, text)
    renameSync(draft, path)
  } catch (error) {
    rmSync(draft, { force: true })
    throw error
  }
}
