/** What a run answers that begins nothing: refused, or nothing open. */
import { commandText } from '../model/next-command.ts'
import type { Finding, Result } from '../model/report.ts'
import { rules } from '../model/rules.ts'
import type { Settings } from '../model/settings.ts'
import type { RecordStore } from '../record/record-store.ts'
import { type Recorder, reasonOf } from '../record/recorder.ts'
import type { RunContext } from './run-context.ts'
import { sidesOf } from './sides.ts'

/** Budgets that are not written down cannot be shared between two upgrades. A held run moves nothing and blocks nothing. */
export function otherRuns(store: RecordStore, settings: Settings): readonly Finding[] {
  return store.others().flatMap(({ group, run }): Finding[] => {
    if (!run || run.held) return []
    const reason = `the upgrade ${run.id} of this node group is open (${run.direction})`
    const remedies = [commandText('upgrade', settings, group), commandText('revert', settings, group)]
    return [{ rule: 'other-run-open', object: group, reason, remedies }]
  })
}

export function refused(
  { recorder, settings, group }: { recorder: Recorder; settings: Settings; group: string },
  findings: readonly Finding[],
  facts: Partial<Result> = {}
): Result {
  const [first, ...others] = findings
  const more = others.length > 0 ? ` (and ${others.length} more)` : ''
  const message = first ? `${first.object}: ${first.reason}${more}` : 'nothing was found to upgrade'
  const code = (first && rules[first.rule].code) ?? 'plan-blocked'
  const hint = first?.remedies[0] ?? commandText('plan', settings, group)
  return recorder.result('refused', { group, ...facts, reason: reasonOf(code, message, hint), findings })
}

export function nothingOpen({ recorder, settings, group, pair }: RunContext): Result {
  const message = `No run of ${group} is open: there is nothing to ${settings.mode}.`
  const reason = reasonOf('nothing-open', message, commandText('status', settings, group))
  return recorder.result('unchanged', { group, ...(pair && sidesOf(pair.blue, pair.green)), reason })
}
