/** Credentials and the run's own timeout, if they are likely to end before the upgrade does. */
import { finding, type Warning } from '../finding.ts'
import type { PlanFacts } from '../plan-facts.ts'
import type { Findings } from './check.ts'

type Times = Pick<PlanFacts, 'credentialsExpireAt' | 'settings' | 'now' | 'forecast'>

export function deadlines({ credentialsExpireAt, settings, now, forecast }: Times): Findings {
  const { estimateMs } = forecast
  const warnings: Warning[] = []
  if (credentialsExpireAt !== undefined && credentialsExpireAt < now + estimateMs) {
    const reason = `the AWS credentials expire in ${minutes(credentialsExpireAt - now)}, and the upgrade takes about ${minutes(estimateMs)}: the run would revert before they expire`
    const remedy = 'Use `--role-to-assume ARN`, which is refreshed during the run.'
    warnings.push(finding('credentials-expire', 'credentials', reason, remedy))
  }
  if (settings.timeoutMs < estimateMs) {
    const reason = `the run may take ${minutes(settings.timeoutMs)}, and the upgrade takes about ${minutes(estimateMs)}`
    // Twice the estimate, in minutes: a revert must have room as well.
    const remedy = `Use \`--timeout-minutes ${Math.ceil(estimateMs / 30_000)}\`.`
    warnings.push(finding('timeout-short', 'timeout-minutes', reason, remedy))
  }
  return { blockers: [], warnings }
}

function minutes(ms: number): string {
  return `${Math.max(0, Math.round(ms / 60_000))} min`
}
