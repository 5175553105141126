/** A plan, a refusal and an ending, laid out for a terminal or a log. The words come from `sentences.ts`. */
import type { Change, Finding, Plan, Result } from '../../engine/model/report.ts'
import { clockTime } from '../duration.ts'
import * as say from '../sentences.ts'
import { type Line, piece } from './style.ts'
import { hang, padEnd, textWidth } from './text-width.ts'

export interface TextOptions {
  /** Columns of the terminal; lines are broken to fit. */
  width: number
  /** Show the differing lines of long texts. */
  diff: boolean
}

const labelWidth = 18

function row(label: string, text: string, width: number): Line[] {
  const head = `  ${padEnd(label, labelWidth)}`
  return hang(head, text, width).map((line, index) =>
    index === 0 ? [piece(line.slice(0, head.length), 'dim'), piece(line.slice(head.length))] : [piece(line)]
  )
}

function changeText(change: Change, diff: boolean): string {
  if (change.lines === undefined || change.lines.length === 0)
    return `${change.from || 'none'} → ${change.to || 'none'}`
  return `${say.count(change.lines.length, 'line')} differ${change.lines.length === 1 ? 's' : ''}${diff ? '' : ' (--diff shows them)'}`
}

function changeRows(plan: Plan, { width, diff }: TextOptions): Line[] {
  const fieldWidth = Math.max(9, ...plan.changes.map(({ field }) => textWidth(field))) + 2
  const rows = row('What changes', say.templateChange(plan), width)
  for (const change of plan.changes) {
    rows.push(...row('', `${padEnd(change.field, fieldWidth)}${changeText(change, diff)}`, width))
    if (!diff) continue
    for (const line of change.lines ?? []) {
      const tone = line.startsWith('+') ? 'good' : line.startsWith('-') ? 'bad' : 'dim'
      rows.push([piece(`${' '.repeat(labelWidth + 4)}${line}`, tone)])
    }
  }
  return rows
}

/** Findings side by side with their objects, each with the remedies below it. */
function findingLines(findings: readonly Finding[], width: number): Line[] {
  const objectWidth = Math.min(28, Math.max(16, ...findings.map(({ object }) => textWidth(object))) + 2)
  return findings.flatMap((finding): Line[] => {
    const head = `  ${padEnd(finding.object, objectWidth)} `
    const reason: Line[] = hang(head, finding.reason, width).map((line, index) =>
      index === 0 ? [piece(line.slice(0, head.length), 'strong'), piece(line.slice(head.length))] : [piece(line)]
    )
    // A remedy is there to be pasted, so it is never broken.
    const remedies = finding.remedies.map(
      (remedy): Line => [piece(`${' '.repeat(Math.min(objectWidth + 3, 8))}→ `, 'dim'), piece(remedy, 'busy')]
    )
    return [...reason, ...remedies]
  })
}

export function planLines(plan: Plan, options: TextOptions): Line[] {
  const heading: Line[] = hang('', say.planHeading(plan), options.width).map((line) => [piece(line, 'strong')])
  if (plan.blockers.length > 0) return [...heading, [], ...refusalLines(plan.group, plan.blockers, options.width)]
  const comparison = say.comparisonSentence(plan.comparison, plan.meant)
  const goes = plan.comparison === 'change' || plan.meant === true
  const lines: Line[] = [...heading, []]
  if (plan.changes.length > 0 || plan.comparison === 'change') lines.push(...changeRows(plan, options))
  if (plan.image !== undefined) lines.push(...row('New image', plan.image, options.width))
  if (comparison !== undefined) lines.push(...row('Compared', comparison, options.width))
  if (goes) {
    lines.push(...row('What moves', say.movesSentence(plan), options.width))
    lines.push(...row('How long', say.durationSentence(plan), options.width))
    lines.push(...row('Double capacity', say.capacitySentence(plan), options.width))
    if (plan.emptyDirPods > 0) {
      const pods = `${say.count(plan.emptyDirPods, 'pod')} lose what they keep in emptyDir volumes`
      lines.push(...row('Scratch data', pods, options.width))
    }
    if (plan.digest) lines.push(...row('Digest', plan.digest, options.width))
  }
  if (plan.warnings.length > 0) {
    lines.push([], [piece(`  ${marksWarning} Worth knowing`, 'warn')], ...findingLines(plan.warnings, options.width))
  }
  if (goes) lines.push([], [piece(`  ${say.nothingBlocks}`, 'good')])
  return lines
}

const marksWarning = say.marks.warning

function refusalLines(group: string, blockers: readonly Finding[], width: number): Line[] {
  return [[piece(say.blockedSentence(group, blockers), 'bad')], [], ...findingLines(blockers, width)]
}

function endingRow(label: string, text: string, width: number): Line[] {
  return hang(`  ${padEnd(label, 8)}`, text, width).map((line) => [piece(line)])
}

function outcomeTone(result: Result): 'good' | 'bad' | 'warn' {
  if (result.outcome === 'refused' || result.outcome === 'halted') return 'bad'
  if (result.outcome === 'reverted' && result.mode !== 'revert') return 'warn'
  return result.outcome === 'held' || result.outcome === 'cancelled' ? 'warn' : 'good'
}

/** How a run ended: what is so now, whether anybody must act, why, and the exact next command. */
export function endingLines(result: Result, options: TextOptions): Line[] {
  const { width } = options
  const blockers = say.blockersOf(result)
  if (blockers.length > 0) {
    return [...refusalLines(result.group || result.cluster, blockers, width), [], ...nextLines(result)]
  }
  // The plan has said already that nothing blocks it.
  if (result.outcome === 'planned' && result.plan !== undefined) return nextLines(result)
  const head = `${say.outcomeMark(result.outcome)} `
  const lines: Line[] = hang(head, say.outcomeSentence(result), width).map((line) => [piece(line, outcomeTone(result))])
  const standing = say.standingSentence(result)
  if (standing !== '') lines.push(...hang('  ', standing, width).map((line) => [piece(line)]))
  if (result.outcome === 'status') lines.push(...statusLines(result, width))
  if (result.restored.length > 0) {
    lines.push(...endingRow('Back:', `${say.count(result.restored.length, 'setting')} restored as found`, width))
  }
  if (result.reason?.hint) lines.push(...endingRow('Do:', result.reason.hint, width))
  return [...lines, ...nextLines(result)]
}

/** Never broken: it is there to be pasted. */
function nextLines(result: Result): Line[] {
  const { next } = result
  return next === undefined ? [] : [[piece(`  ${padEnd('Next:', 8)}`), piece(next, 'busy')]]
}

function statusLines(result: Result, width: number): Line[] {
  const stages = result.stages.map(({ stage, detail, startedAt, endedAt }) =>
    endingRow(stage, `${detail}   ${clockTime(endedAt - startedAt)}`, width)
  )
  return [...stages.flat(), ...findingLines(result.warnings, width)]
}
