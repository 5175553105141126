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
  /** An image was asked for, so a difference in it is meant; and whether it was said whose other settings are. */
  image?: { baseGiven: boolean }
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

export function compare(input: ComparisonInput): Compared {
  const differences = input.runs.map((run) => runDiffers(run, input.launches))
  const shown = differences.findIndex((fields) => fields.length > 0)
  const run = input.runs[Math.max(0, shown)]
  const changes = run ? changesOf(differences[Math.max(0, shown)] ?? [], run.written, input.launches.written) : []
  const judged = input.image && shown !== -1 ? judgeWithImage(input, input.image, differences) : judge(input, shown)
  return { ...judged, changes }
}

type Judged = Omit<Compared, 'changes'>

function answer(comparison: Comparison, verdict: Compared['verdict'], takenBack: readonly string[] = []): Judged {
  return { comparison, verdict, takenBack }
}

/** The first that applies, in this order. */
function judge({ launches, runs, retired, whenUnchanged }: ComparisonInput, shown: number): Judged {
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

/**
 * The image is what was asked for: a difference in it is a change. All other settings are judged as without it. If they are those of
 * the retired group, a new image does not say that they are to return; and without a new image there is nothing to do.
 */
function judgeWithImage(
  input: ComparisonInput,
  { baseGiven }: { baseGiven: boolean },
  differences: readonly (readonly string[])[]
): Judged {
  const others = [...new Set(differences.flat())].filter((field) => field !== imageField).sort()
  if (others.length === 0) return answer('change', 'upgrade')
  const rest = compare({
    ...input,
    image: undefined,
    launches: withoutImage(input.launches),
    runs: input.runs.map(withoutImage),
    retired: input.retired.map(copyWithoutImage)
  })
  const isNewImage = differences.some((fields) => fields.includes(imageField))
  if (rest.verdict === 'upgrade' || (rest.verdict === 'refused' && !baseGiven)) return rest
  if (rest.verdict === 'unchanged' && !isNewImage) return rest
  return baseGiven ? answer('change', 'upgrade') : answer('takes-back', 'refused', others)
}

const imageField = 'image'

function without({ [imageField]: _, ...fields }: Configuration): Configuration {
  return fields
}

function withoutImage<T extends Pick<Launches, 'fields' | 'written'>>(side: T): T {
  return { ...side, fields: without(side.fields), written: without(side.written) }
}

function copyWithoutImage(copy: RetiredCopy): RetiredCopy {
  return 'fields' in copy ? { ...copy, fields: without(copy.fields) } : { ...copy, prints: without(copy.prints) }
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
