/** Is this the plan that was reviewed? Checked only if `expect-plan` names one. */
import { commandText } from '../../model/next-command.ts'
import { finding } from '../finding.ts'
import { movedParts, planDigest, type Reviewed } from '../plan-digest.ts'
import { type Findings, nothing } from './check.ts'

export function expectedPlan(reviewed: Reviewed): Findings {
  const { settings, pair } = reviewed
  const expected = settings.expectPlan ?? []
  const digest = planDigest(reviewed)
  // Without a digest something cannot be read, and another rule blocks the upgrade.
  if (expected.length === 0 || digest === undefined || expected.includes(digest)) return nothing
  const reason = `the plan has changed since it was reviewed: its digest is ${digest}, ${expectedText(expected, digest)}`
  const again = commandText('plan', settings, pair.name)
  const remedies = [again, 'Review the plan again and pass its digest as expect-plan.']
  return { blockers: [finding('plan-moved', pair.name, reason, ...remedies)], warnings: [] }
}

function expectedText(expected: readonly string[], digest: string): string {
  const [only = '', ...more] = expected
  if (more.length > 0) return `and none of the ${expected.length} digests in expect-plan is this one`
  return `and expect-plan is ${only}; what differs: ${movedParts(only, digest).join('; ')}`
}
