/**
 * Design: what counts as a change. Would the inactive group launch something else than the active group's instances run, and was
 * it put there since the group was retired? The rows of the table in order; the first that applies.
 */
import type { Change, Comparison, Finding } from '../model/report.ts'
import type { WhenUnchanged } from '../model/settings.ts'
import type { ActiveRun, Configuration } from './configuration.ts'
import { changesOf } from './difference.ts'
import { finding } from './finding.ts'
import {
  configurationFingerprint,
  differing,
  differingFields,
  fieldsTakenBack,
  isComparable,
  type RetiredCopy
} from './retired-configuration.ts'

/** A template version that is so much older than the running one was not made to replace it. */
const olderByMs = 60 * 60_000

/** What the inactive group would launch. */
export interface Launches {
  fields: Configuration
  /** As written, without placeholders. */
  written: Configuration
  /** When its template version was made. */
  createdAt: number
}

/** How the last run of this node group ended, from the record. */
export interface LastOutcome {
  outcome: string
  at: number
  /** In words: why it was reverted. */
  reason?: string
  /** `configurationFingerprint` of what it wanted to launch. */
  change?: string
}

export interface ComparisonInput {
  /** Node group, and the inactive Auto Scaling group's name. */
  group: string
  inactive: string
  launches: Launches
  /** At least one. */
  runs: readonly ActiveRun[]
  /** Copies of the inactive group's configuration when it was retired; from the record, the tag, or both. */
  retired: readonly RetiredCopy[]
  whenUnchanged: WhenUnchanged
  lastOutcome?: LastOutcome
}

export interface Compared {
  comparison: Comparison
  verdict: 'upgrade' | 'unchanged' | 'refused'
  /** Reasons of a refusal. */
  blockers: readonly Finding[]
  warnings: readonly Finding[]
  changes: readonly Change[]
}

export function compare(input: ComparisonInput): Compared {
  const { launches, runs, whenUnchanged } = input
  const differences = runs.map((run) => runDiffers(run, launches))
  const shown = differences.findIndex((fields) => fields.length > 0)
  const run = runs[shown] ?? runs[0]
  const changes = run ? changesOf(differences[Math.max(0, shown)] ?? [], run.written, launches.written) : []
  const answer = (comparison: Comparison, verdict: Compared['verdict'], ...blockers: Finding[]): Compared => ({
    comparison,
    verdict,
    blockers,
    warnings: verdict === 'upgrade' && comparison !== 'equal' ? revertedBefore(input) : [],
    changes
  })
  if (runs.length > 0 && shown === -1) return answer('equal', whenUnchanged === 'renew' ? 'upgrade' : 'unchanged')

  const meant = whenUnchanged === 'swap-back'
  const copies = input.retired.filter(isComparable)
  if (copies.some((copy) => differingFields(copy, launches.fields).length === 0)) {
    return answer('retired', meant ? 'upgrade' : 'unchanged')
  }
  const taken = takenBack(copies, launches, runs)
  if (taken.length > 0) {
    return meant ? answer('takes-back', 'upgrade') : answer('takes-back', 'refused', takesBack(input, taken))
  }
  const running = Math.max(...runs.map((one) => one.createdAt))
  if (copies.length === 0 && running - launches.createdAt > olderByMs) {
    return meant ? answer('older', 'upgrade') : answer('older', 'refused', older(input, running))
  }
  return answer('change', 'upgrade')
}

/** Fields in which what would be launched differs from what these instances run; the very same text is never a difference. */
export function runDiffers(
  run: Pick<ActiveRun, 'fields' | 'written'>,
  launches: Pick<Launches, 'fields' | 'written'>
): readonly string[] {
  return differing(run.fields, launches.fields).filter((field) => run.written[field] !== launches.written[field])
}

/** Fields that are still what they were when the group was retired, while the active side runs something else. */
function takenBack(copies: readonly RetiredCopy[], launches: Launches, runs: readonly ActiveRun[]): readonly string[] {
  const sameText = (field: string, run: ActiveRun) =>
    launches.written[field] !== undefined && run.written[field] === launches.written[field]
  const taken = copies.flatMap((copy) =>
    runs.flatMap((run) => fieldsTakenBack(copy, launches.fields, run.fields).filter((field) => !sameText(field, run)))
  )
  return [...new Set(taken)].sort()
}

function takesBack({ group, inactive, launches, runs }: ComparisonInput, fields: readonly string[]): Finding {
  const run = runs[0]
  const told = fields.map((field) => {
    const [change] = changesOf([field], run?.written ?? {}, launches.written)
    return change && !change.lines ? `${field} (runs ${change.from || 'none'}, would be ${change.to || 'none'})` : field
  })
  return finding(
    'takes-back',
    inactive,
    `it was changed since it was retired, but would take back ${told.join(', ')} to what it had before the last upgrade of ${group}`,
    'take over these fields from the active group, then run again',
    '--when-unchanged swap-back   (if going back is meant)'
  )
}

function older({ inactive, launches }: ComparisonInput, runningAt: number): Finding {
  return finding(
    'older',
    inactive,
    `its template version is of ${instant(launches.createdAt)}, older than the one that runs (${instant(runningAt)}), and nothing says that going back is meant`,
    '--when-unchanged swap-back   (if going back is meant)'
  )
}

function revertedBefore({ group, launches, lastOutcome }: ComparisonInput): readonly Finding[] {
  if (lastOutcome?.outcome !== 'reverted' || lastOutcome.change !== configurationFingerprint(launches.fields)) return []
  const why = lastOutcome.reason ? `: ${lastOutcome.reason}` : ''
  return [finding('reverted-before', group, `the very same change was reverted on ${instant(lastOutcome.at)}${why}`)]
}

function instant(at: number): string {
  return `${new Date(at).toISOString().slice(0, 16).replace('T', ' ')} UTC`
}
