/**
 * Would the inactive group launch something else than the active group's instances run, and was it put there since the group was
 * retired? After an upgrade the inactive group still has the old configuration, and a second run must not mistake that for a change.
 */
import { olderByMs } from '../model/limits.ts'
import type { Change, Comparison } from '../model/report.ts'
import type { WhenUnchanged } from '../model/settings.ts'
import type { ActiveRun, Configuration } from './configuration.ts'
import { changesOf } from './difference.ts'
import { differing, differingFields, fieldsTakenBack, isComparable, type RetiredCopy } from './retired-configuration.ts'

/** What the inactive group would launch. */
export interface Launches {
  fields: Configuration
  /** As written, without placeholders. */
  written: Configuration
  /** When its template version was made. */
  createdAt: number
}

/** How the last run of this node group ended, from the record. */
export interface EarlierOutcome {
  outcome: string
  at: number
  /** Why it was reverted, in words. */
  reason?: string
  /** `configurationFingerprint` of what it wanted to launch. */
  change?: string
}

export interface ComparisonInput {
  launches: Launches
  /** At least one. */
  runs: readonly ActiveRun[]
  /** Copies of the inactive group's configuration when it was retired; from the record, the tag, or both. */
  retired: readonly RetiredCopy[]
  whenUnchanged: WhenUnchanged
}

export interface Compared {
  comparison: Comparison
  verdict: 'upgrade' | 'unchanged' | 'refused'
  /** With `takes-back`: the fields that would return to what they were before the last upgrade. */
  takenBack: readonly string[]
  changes: readonly Change[]
}

/** The first that applies, in this order. */
export function compare({ launches, runs, retired, whenUnchanged }: ComparisonInput): Compared {
  const differences = runs.map((run) => runDiffers(run, launches))
  const shown = differences.findIndex((fields) => fields.length > 0)
  const run = runs[Math.max(0, shown)]
  const changes = run ? changesOf(differences[Math.max(0, shown)] ?? [], run.written, launches.written) : []
  const answer = (comparison: Comparison, verdict: Compared['verdict'], takenBack: readonly string[] = []) => ({
    comparison,
    verdict,
    takenBack,
    changes
  })
  if (runs.length > 0 && shown === -1) return answer('equal', whenUnchanged === 'renew' ? 'upgrade' : 'unchanged')

  const isMeant = whenUnchanged === 'swap-back'
  const copies = retired.filter(isComparable)
  if (copies.some((copy) => differingFields(copy, launches.fields).length === 0)) {
    return answer('retired', isMeant ? 'upgrade' : 'unchanged')
  }
  const taken = takenBack(copies, launches, runs)
  if (taken.length > 0) return answer('takes-back', isMeant ? 'upgrade' : 'refused', taken)
  if (copies.length === 0 && newestOf(runs) - launches.createdAt > olderByMs) {
    return answer('older', isMeant ? 'upgrade' : 'refused')
  }
  return answer('change', 'upgrade')
}

/** When the newest template version that runs was made. */
export function newestOf(runs: readonly ActiveRun[]): number {
  return Math.max(...runs.map((one) => one.createdAt))
}

/** Fields in which what would be launched differs from what these instances run; exactly the same text is never a difference. */
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
