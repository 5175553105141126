/**
 * The job summary: from results to Markdown, the outcome first, details folded. Written by hand, because HTML headings
 * swallow the table that follows them. GitHub drops a summary above 1 MiB whole, so it trims itself.
 */
import type { Finding, Plan, Result, StageTime } from '../../engine/model/report.ts'
import { clockTime } from '../duration.ts'
import { htmlText, markdownBlock, markdownCode, markdownText } from '../escape.ts'
import * as say from '../sentences.ts'
import { ganttChart, timelineList } from './timeline.ts'

/** GitHub's limit for one step, less room for what others of the same step append. */
export const summaryBytes = 1024 * 1024 - 16 * 1024

/** How many entries a list may have, and characters a text; tried from the top until the whole fits. */
const measures = [
  { entries: 500, characters: 4000 },
  { entries: 100, characters: 1000 },
  { entries: 20, characters: 300 },
  { entries: 3, characters: 120 }
] as const

/** A heading longer than this is none. */
const headingCharacters = 400

/** A comment has at most 65,536 characters, and a workflow adds words of its own. */
export const outputBytes = 60_000

type Measure = (typeof measures)[number]

/** A report that was written: its file, and the page of this workflow run. */
export interface SummaryReport {
  path: string
  link?: string
}

export interface SummaryOptions {
  /** The most that it may have. */
  bytes?: number
  report?: SummaryReport
}

export function summary(results: readonly Result[], { bytes = summaryBytes, report }: SummaryOptions = {}): string {
  const last = report === undefined ? '' : `\n${reportLine(report)}\n`
  for (const measure of measures) {
    const text = `${results.map((result) => section(result, measure)).join('\n\n---\n\n')}\n${last}`
    if (Buffer.byteLength(text) <= bytes) return text
  }
  // Hundreds of groups, then: one line each.
  const lines = results.map((result) => `- ${heading(result, 120)}`)
  return `${lines.slice(0, 2000).join('\n')}\n`
}

/** An artifact has no address before a later step has uploaded it; the page of the run lists it. */
function reportLine({ path, link }: SummaryReport): string {
  const artifacts =
    link === undefined
      ? 'upload it with actions/upload-artifact'
      : `once a later step has uploaded it, it is among the [artifacts of this run](${htmlText(encodeURI(link))}#artifacts)`
  return `**Report:** ${markdownCode(path)}; ${artifacts}.`
}

/** What bad input leaves behind. */
export function problemsSummary(problems: readonly string[]): string {
  const items = problems.slice(0, 100).map((problem) => `- ${markdownText(cut(problem, 1000))}`)
  return `## ${say.marks.failed} Invalid input: nothing was changed\n\n${items.join('\n')}\n`
}

function cut(text: string, most: number): string {
  return text.length > most ? `${text.slice(0, most)}…` : text
}

function shown<T>(entries: readonly T[], most: number, render: (entry: T) => string, more: (left: number) => string) {
  const lines = entries.slice(0, most).map(render)
  return entries.length > most ? [...lines, more(entries.length - most)] : lines
}

function folded(title: string, body: string): string {
  return `<details><summary>${htmlText(title)}</summary>\n\n${body}\n\n</details>`
}

function heading(result: Result, characters: number): string {
  const blockers = say.blockersOf(result)
  const sentence =
    blockers.length > 0 ? say.blockedSentence(result.group || result.cluster, blockers) : say.outcomeSentence(result)
  return `${say.outcomeMark(result.outcome)} ${markdownText(cut(sentence, characters))}`
}

function section(result: Result, measure: Measure): string {
  const standing = say.standingSentence(result)
  const parts = [
    `## ${heading(result, Math.min(measure.characters, headingCharacters))}`,
    standing === '' ? '' : markdownText(cut(standing, measure.characters)),
    whySection(result, measure),
    blockersSection(result, measure),
    nextSection(result),
    result.plan === undefined ? '' : planSection(result.plan, measure),
    stagesSection(result.stages, measure),
    chartSection(result),
    timelineSection(result, measure),
    nodesSection(result, measure),
    restoredSection(result, measure),
    guardsSection(result, measure),
    warningsSection(result.warnings, measure),
    footer(result)
  ]
  return parts.filter((part) => part !== '').join('\n\n')
}

function whySection(result: Result, { characters }: Measure): string {
  const { reason, outcome } = result
  // Blockers have a section of their own, with all their remedies.
  if (reason === undefined || outcome === 'upgraded' || say.blockersOf(result).length > 0) return ''
  // The heading has the reason already, unless it had to be cut.
  const cutThere = say.outcomeSentence(result).length > Math.min(characters, headingCharacters)
  const why = cutThere ? `> **Why:** ${markdownText(cut(reason.message, characters))}\n>\n` : ''
  const hint = reason.hint === '' ? '' : `**Do:** ${markdownText(cut(reason.hint, characters))} `
  return `${why}> ${hint}(${markdownCode(reason.code)})`
}

function findingItems(findings: readonly Finding[], { entries, characters }: Measure): string {
  return shown(
    findings,
    entries,
    ({ object, reason, remedies }) => {
      const commands = remedies.slice(0, 10).map((remedy) => cut(remedy, characters))
      const block = commands.length === 0 ? '' : `\n\n${indent(markdownBlock(commands))}\n`
      return `- **${markdownText(cut(object, characters))}**: ${markdownText(cut(reason, characters))}${block}`
    },
    (left) => `- and ${left} more`
  ).join('\n')
}

function indent(text: string): string {
  return text
    .split('\n')
    .map((line) => `  ${line}`)
    .join('\n')
}

function blockersSection(result: Result, measure: Measure): string {
  const blockers = say.blockersOf(result)
  if (blockers.length === 0) return ''
  return findingItems(blockers, measure)
}

function nextSection(result: Result): string {
  return result.next === undefined ? '' : `**Next:** ${markdownText(result.next)}`
}

function planSection(plan: Plan, { entries, characters }: Measure): string {
  const rows = shown(
    plan.changes,
    entries,
    ({ field, from, to, lines }) => {
      const long = lines !== undefined && lines.length > 0
      const values = long ? `| ${say.count(lines.length, 'line')} of difference | |` : `| ${code(from)} | ${code(to)} |`
      return `| ${markdownText(cut(field, characters))} ${values}`
    },
    (left) => `| and ${left} more | | |`
  )
  const table = `| what changes | from | to |\n| --- | --- | --- |\n| template | ${code(plan.active.template)} | ${code(plan.inactive.template)} |`
  const diffs = plan.changes
    .filter(({ lines }) => lines !== undefined && lines.length > 0)
    .slice(0, entries)
    .map(({ field, lines }) =>
      folded(
        `${field}: differing lines`,
        markdownBlock(
          (lines ?? []).slice(0, entries).map((line) => cut(line, characters)),
          'diff'
        )
      )
    )
  const numbers = `${say.movesSentence(plan)}.`
  const image = plan.image === undefined ? '' : markdownText(`New image: ${cut(plan.image, characters)}`)
  const digest = plan.digest ? `Digest of this plan, for \`expect-plan\`: ${markdownCode(plan.digest)}` : ''
  const texts = [[table, ...rows].join('\n'), image, markdownText(numbers), ...diffs, digest]
  return texts.filter((text) => text !== '').join('\n\n')

  function code(text: string): string {
    return markdownCode(cut(text, characters)) || 'none'
  }
}

function stagesSection(stages: readonly StageTime[], { entries, characters }: Measure): string {
  if (stages.length === 0) return ''
  const rows = shown(
    stages,
    entries,
    ({ direction, stage, detail, failed, startedAt, endedAt }) => {
      const way = direction === 'reverting' ? `${say.marks.back} ` : ''
      const mark = failed ? say.marks.failed : say.marks.done
      return `| ${way}${markdownText(stage)} | ${mark} ${markdownText(cut(detail, characters))} | ${clockTime(endedAt - startedAt)} |`
    },
    (left) => `| and ${left} more | | |`
  )
  return `| stage | result | time |\n| --- | --- | ---: |\n${rows.join('\n')}`
}

function chartSection(result: Result): string {
  const chart = ganttChart(result.stages)
  return chart ?? ''
}

function timelineSection(result: Result, { entries }: Measure): string {
  if (result.timeline.length === 0) return ''
  return folded(
    `Timeline: ${say.count(result.timeline.length, 'entry', 'entries')}`,
    timelineList(result, entries).join('\n')
  )
}

function nodesSection(result: Result, { entries, characters }: Measure): string {
  if (result.nodes.length === 0) return ''
  const names = shown(
    result.nodes,
    entries,
    (node) => `- ${markdownCode(cut(node, characters))}`,
    (left) => `- and ${left} more`
  )
  return folded(`${say.count(result.nodes.length, 'node')} of ${result.activeGroup}`, names.join('\n'))
}

function restoredSection(result: Result, { entries, characters }: Measure): string {
  if (result.restored.length === 0) return ''
  const items = shown(
    result.restored,
    entries,
    (setting) => `- ${markdownText(cut(setting, characters))}`,
    (left) => `- and ${left} more`
  )
  return folded(`${say.count(result.restored.length, 'setting')} restored as found`, items.join('\n'))
}

/** Not folded: a guard that stops something has met a bug, or a race with another actor. */
function guardsSection({ guarded }: Result, { entries, characters }: Measure): string {
  if (guarded.length === 0) return ''
  const rows = shown(
    guarded,
    entries,
    ({ invariant, action, object, count }) =>
      `| ${invariant} | ${action} | ${markdownCode(cut(object, characters))} | ${count} |`,
    (left) => `| and ${left} more | | | |`
  )
  const head = `**${say.marks.warning} Stopped by a guard.** ${markdownText(say.guardsSentence)}`
  return [head, ['| invariant | action | object | times |', '| --- | --- | --- | --- |', ...rows].join('\n')].join(
    '\n\n'
  )
}

function warningsSection(warnings: readonly Finding[], measure: Measure): string {
  if (warnings.length === 0) return ''
  return folded(`${say.marks.warning} ${say.count(warnings.length, 'warning')}`, findingItems(warnings, measure))
}

function footer(result: Result): string {
  const run = result.runId === '' ? '' : `Run ${markdownCode(result.runId)} · `
  return `<sub>${run}cluster ${markdownText(cut(result.cluster, 100))} · ${clockTime(result.endedAt - result.startedAt)}</sub>`
}
