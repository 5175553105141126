/** What is launched must be a change that was made since the last upgrade, or be confirmed. */
import { newestOf } from '../comparison.ts'
import { changesOf } from '../difference.ts'
import { type Blocker, finding, type Warning } from '../finding.ts'
import type { PlanFacts } from '../plan-facts.ts'
import { configurationFingerprint } from '../retired-configuration.ts'
import { type Findings, nothing } from './check.ts'

type Compared = Pick<PlanFacts, 'pair' | 'inactive' | 'runs' | 'launches' | 'compared' | 'lastOutcome'>

const confirm = 'Confirm with `--when-unchanged swap-back` that this is intended.'

export function comparison(facts: Compared): Findings {
  const { compared } = facts
  if (!compared) return nothing
  if (compared.verdict === 'refused') {
    return { blockers: [compared.comparison === 'older' ? older(facts) : takesBack(facts)], warnings: [] }
  }
  const isChange = compared.verdict === 'upgrade' && compared.comparison !== 'equal'
  return { blockers: [], warnings: isChange ? revertedBefore(facts) : [] }
}

function takesBack({ pair, inactive, runs, launches, compared }: Compared): Blocker {
  const fields = (compared?.takenBack ?? []).map((field) => {
    const [change] = changesOf([field], runs[0]?.written ?? {}, launches?.written ?? {})
    return change && !change.lines ? `${field} (runs ${change.from || 'none'}, would be ${change.to || 'none'})` : field
  })
  const reason = `it was changed since it was retired, but would take back ${fields.join(', ')} to what it had before the last upgrade of ${pair.name}`
  return finding(
    'takes-back',
    inactive.group.name,
    reason,
    'Copy these settings from the active group, then run again.',
    confirm
  )
}

function older({ inactive, runs, launches }: Compared): Blocker {
  const reason = `its template version was created at ${instant(launches?.createdAt ?? 0)}, before the one that runs (${instant(newestOf(runs))}), and nothing confirms that this is intended`
  return finding('older', inactive.group.name, reason, confirm)
}

function revertedBefore({ pair, launches, lastOutcome }: Compared): readonly Warning[] {
  if (!launches || lastOutcome?.outcome !== 'reverted') return []
  if (lastOutcome.change !== configurationFingerprint(launches.fields)) return []
  const why = lastOutcome.reason ? `: ${lastOutcome.reason}` : ''
  return [finding('reverted-before', pair.name, `the same change was reverted at ${instant(lastOutcome.at)}${why}`)]
}

function instant(at: number): string {
  return `${new Date(at).toISOString().slice(0, 16).replace('T', ' ')} UTC`
}
