/**
 * What is told when a run has ended, as a structured message. Its schema is docs/notification.schema.json: fields are added to it
 * and never change their meaning within a version.
 */
import type { Result } from '../engine/model/report.ts'
import { plainText } from '../report/escape.ts'
import { blockersOf, outcomeSentence } from '../report/sentences.ts'

export interface Notification {
  version: 1
  cluster: string
  group: string
  mode: string
  outcome: string
  /** Whether somebody has to do something. */
  actionRequired: boolean
  /** One sentence: what is so now. */
  summary: string
  reason: { code: string; message: string; hint: string } | null
  /** What blocked a run that was refused; at most 20. */
  findings: readonly { rule: string; object: string; reason: string }[]
  runId: string
  startedAt: string
  endedAt: string
  durationSeconds: number
  activeGroup: string
  inactiveGroup: string
  podsMoved: number
  /** What to run next; null if there is nothing. */
  next: string | null
  /** The workflow run; null elsewhere. */
  link: string | null
}

const mostFindings = 20
/** A text of a cluster or of AWS may be of any length; 20 findings and the rest stay far below the 256 KiB of a message. */
const longestText = 2_000

export function notificationOf(result: Result, link?: string): Notification {
  const { reason, next } = result
  return {
    version: 1,
    cluster: shown(result.cluster),
    group: shown(result.group),
    mode: result.mode,
    outcome: result.outcome,
    actionRequired: needsAction(result),
    summary: shown(outcomeSentence(result)),
    reason: reason ? { code: reason.code, message: shown(reason.message), hint: shown(reason.hint) } : null,
    findings: blockersOf(result)
      .slice(0, mostFindings)
      .map((finding) => ({ rule: finding.rule, object: shown(finding.object), reason: shown(finding.reason) })),
    runId: result.runId,
    startedAt: new Date(result.startedAt).toISOString(),
    endedAt: new Date(result.endedAt).toISOString(),
    durationSeconds: Math.round((result.endedAt - result.startedAt) / 1000),
    activeGroup: shown(result.activeGroup),
    inactiveGroup: shown(result.inactiveGroup),
    podsMoved: result.podsMoved,
    next: next === undefined ? null : shown(next),
    link: link ?? null
  }
}

/** A success needs none, and neither does what was requested. */
function needsAction({ outcome, mode }: Pick<Result, 'outcome' | 'mode'>): boolean {
  switch (outcome) {
    case 'unchanged':
    case 'planned':
    case 'status':
      return false
    case 'upgraded':
      // A revert that came too late: the upgrade was finished instead.
      return mode === 'revert'
    case 'reverted':
      return mode !== 'revert'
    default:
      return true
  }
}

/** A look is not told of, unless nobody was there to see that it was refused. */
export function isWorthTelling({ outcome, mode }: Pick<Result, 'outcome' | 'mode'>, scheduled: boolean): boolean {
  if (mode === 'status') return false
  return mode !== 'plan' || (scheduled && outcome === 'refused')
}

function shown(text: string): string {
  const line = plainText(text)
  return line.length > longestText ? `${line.slice(0, longestText)}…` : line
}
