/** What GitHub shows beside a workflow run: one error or notice, few warnings. Texts above 4,096 characters are cut there. */
import type { Event, Result } from '../../engine/model/report.ts'
import { plainText } from '../escape.ts'
import * as say from '../sentences.ts'

export type Level = 'error' | 'warning' | 'notice'

const mostCharacters = 4000
/** GitHub shows ten of a kind; a reader reads fewer. */
export const mostWarnings = 5

export interface Annotation {
  level: Level
  title: string
  text: string
}

/** Every line of the text is made harmless; the newlines between them stay. */
export function annotation(level: Level, title: string, lines: readonly string[]): Annotation {
  const text = lines.map(plainText).join('\n')
  const shown = text.length > mostCharacters ? `${text.slice(0, mostCharacters)}…` : text
  return { level, title: plainText(title).slice(0, 200), text: shown }
}

/** The one annotation that tells how a run ended. */
export function endingAnnotation(result: Result, failed: boolean): Annotation {
  const { next } = result
  const blockers = say.blockersOf(result)
  const lines = [
    blockers.length > 0 ? say.blockedSentence(result.group || result.cluster, blockers) : say.outcomeSentence(result),
    ...blockers.map(
      (finding) => `${say.findingSentence(finding)} ${finding.remedies.map((one) => `→ ${one}`).join(' ')}`
    ),
    say.standingSentence(result),
    result.reason?.hint ?? '',
    next === undefined ? '' : `Next: ${next}`
  ]
  return annotation(failed ? 'error' : 'notice', say.outcomeTitle(result), lines.filter(Boolean))
}

export interface AnnotatedWarning {
  title: string
  text: string
}

/** What of an event deserves to be seen without opening the log. */
export function warningsOf(event: Event): AnnotatedWarning[] {
  if (event.kind === 'note' && event.level === 'warning') return [{ title: event.title, text: event.text }]
  if (event.kind !== 'plan') return []
  return event.plan.warnings.map((finding) => ({
    title: finding.object,
    text: [finding.reason, ...finding.remedies.map((remedy) => `→ ${remedy}`)].join(' ')
  }))
}
