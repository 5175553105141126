/** When each stage ran, as a Mermaid chart for those who look and as a list for those who read. */
import type { Result, StageTime } from '../../engine/model/report.ts'
import { clockTime } from '../duration.ts'
import { markdownText, mermaidText } from '../escape.ts'
import { directionWords } from '../sentences.ts'

/** GitHub draws no larger chart than 50,000 characters. */
const mostStages = 200

/** undefined where there is nothing to draw, or too much. */
export function ganttChart(stages: readonly StageTime[]): string | undefined {
  if (stages.length === 0 || stages.length > mostStages) return undefined
  const lines = ['```mermaid', 'gantt', '  dateFormat x', '  axisFormat %H:%M:%S']
  let section = ''
  for (const { direction, stage, startedAt, endedAt, failed } of stages) {
    // Retiring is the last part of the way forward; for a reader it is no third way.
    const way = direction === 'reverting' ? directionWords(direction) : 'forward'
    if (way !== section) lines.push(`  section ${way}`)
    section = way
    const name = `${mermaidText(stage)} ${clockTime(endedAt - startedAt).replaceAll(':', 'm')}s`
    // A bar of no length is not drawn at all.
    const end = Math.max(Math.round(endedAt), Math.round(startedAt) + 1000)
    lines.push(`  ${name} :${failed ? 'crit, ' : ''}${Math.round(startedAt)}, ${end}`)
  }
  return [...lines, '```'].join('\n')
}

/** Everything that was done, in order; the first and the last of it where it is long. */
export function timelineList(result: Result, most: number): string[] {
  const entries = result.timeline.map(
    ({ at, text }) => `- ${clockTime(at - result.startedAt)} ${markdownText(text.slice(0, 500))}`
  )
  if (entries.length <= most) return entries
  const head = Math.ceil(most / 2)
  const tail = Math.floor(most / 2)
  return [
    ...entries.slice(0, head),
    `- … ${entries.length - head - tail} more …`,
    ...(tail === 0 ? [] : entries.slice(-tail))
  ]
}
