/** How two configurations differ, for people to read. */
import { longestInline, mostDifferenceCells } from '../model/limits.ts'
import type { Change } from '../model/report.ts'
import { type Configuration, groupFields } from './configuration.ts'

const firstFields = ['image', 'instance type', 'user data']

/**
 * What changes for each of `fields`. Values that look like secrets are masked: user data often contains some, and a plan is printed,
 * logged and kept.
 */
export function changesOf(fields: readonly string[], from: Configuration, to: Configuration): readonly Change[] {
  const rank = (field: string) => (firstFields.includes(field) ? firstFields.indexOf(field) : firstFields.length)
  const ordered = [...fields].sort((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1))
  return ordered.map((field) => changeOf(field, from[field] ?? '', to[field] ?? ''))
}

function changeOf(field: string, from: string, to: string): Change {
  const isLong = (text: string) => text.length > longestInline || text.includes('\n')
  if (field !== 'user data' && !isLong(from) && !isLong(to)) return { field, from: mask(from), to: mask(to) }
  const before = linesOf(field, from)
  const after = linesOf(field, to)
  const lines = differingLines(before, after).map(mask)
  return { field, from: lineCount(before), to: lineCount(after), lines }
}

function linesOf(field: string, text: string): readonly string[] {
  if (text === '') return []
  if (field === 'user data') return text.split('\n')
  return pretty(field, text).split('\n')
}

function pretty(field: string, text: string): string {
  try {
    const value = JSON.parse(text)
    if (field === groupFields.overrides) {
      return Object.values(value)
        .map((one) => JSON.stringify(one))
        .join('\n')
    }
    return JSON.stringify(value, undefined, 1)
  } catch {
    return text
  }
}

function lineCount(lines: readonly string[]): string {
  return lines.length === 0 ? '' : `${lines.length} line${lines.length === 1 ? '' : 's'}`
}

/** The lines that differ, in order, each with `-` or `+` in front. */
export function differingLines(before: readonly string[], after: readonly string[]): readonly string[] {
  let start = 0
  while (start < before.length && start < after.length && before[start] === after[start]) start++
  let end = 0
  while (
    end < before.length - start &&
    end < after.length - start &&
    before[before.length - 1 - end] === after[after.length - 1 - end]
  ) {
    end++
  }
  const a = before.slice(start, before.length - end)
  const b = after.slice(start, after.length - end)
  if (a.length * b.length > mostDifferenceCells) return [...a.map((line) => `-${line}`), ...b.map((line) => `+${line}`)]
  return walk(a, b, commonLengths(a, b))
}

/** Longest common subsequence: `table[i][j]` is its length for what follows line i of a and line j of b. */
function commonLengths(a: readonly string[], b: readonly string[]): readonly Uint32Array[] {
  const table = Array.from({ length: a.length + 1 }, () => new Uint32Array(b.length + 1))
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) {
      const same = a[i] === b[j]
      const value = same ? cell(table, i + 1, j + 1) + 1 : Math.max(cell(table, i + 1, j), cell(table, i, j + 1))
      const row = table[i]
      if (row) row[j] = value
    }
  }
  return table
}

function walk(a: readonly string[], b: readonly string[], table: readonly Uint32Array[]): readonly string[] {
  const lines: string[] = []
  let i = 0
  let j = 0
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) {
      i++
      j++
    } else if (j >= b.length || (i < a.length && cell(table, i + 1, j) >= cell(table, i, j + 1))) {
      lines.push(`-${a[i++]}`)
    } else {
      lines.push(`+${b[j++]}`)
    }
  }
  return lines
}

function cell(table: readonly Uint32Array[], i: number, j: number): number {
  return table[i]?.[j] ?? 0
}

const secret =
  /((?:passw(?:or)?d|passphrase|secret|token|api[-_]?key|private[-_]?key|access[-_]?key)[\w.-]*["']?\s*[=:]\s*)(["']?)[^\s"',;]+\2/gi

/** A line whose masked text is the same on both sides is still shown as a difference: lines are compared before they are masked. */
function mask(text: string): string {
  return text.replace(secret, '$1***')
}
