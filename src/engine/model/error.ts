/** How a run ended; the same word on every face. */
export type Outcome = 'upgraded' | 'unchanged' | 'planned' | 'held' | 'refused' | 'reverted' | 'halted'

/** Every way in which a run can end other than well. Each has a row in docs/errors.md. */
export type ErrorCode =
  | 'bad-input'
  | 'access-denied'
  | 'credentials'
  | 'region'
  | 'cluster-not-found'
  | 'cluster-unreachable'
  | 'kubeconfig'
  | 'group-not-found'
  | 'plan-blocked'
  | 'plan-moved'
  | 'lock-held'
  | 'lock-lost'
  | 'other-run-open'
  | 'record-unreadable'
  | 'record-newer'
  | 'record-missing'
  | 'template-missing'
  | 'launch-failed'
  | 'launch-timeout'
  | 'join-timeout'
  | 'eviction-denied'
  | 'budget-never-allows'
  | 'two-budgets'
  | 'pod-timeout'
  | 'drain-timeout'
  | 'unschedulable'
  | 'version-skew'
  | 'pods-stay'
  | 'unhealthy'
  | 'gate-not-good'
  | 'retire-timeout'
  | 'revert-stuck'
  | 'no-open-node'
  | 'jobs-run'
  | 'time-over'
  | 'asked'
  | 'finalize-failed'
  | 'nothing-open'
  | 'run-over'
  | 'aws'
  | 'kubernetes'
  | 'internal'

export interface ErrorDetails {
  code: ErrorCode
  /** What the run ends as if the error is not handled. */
  outcome: Outcome
  /** What to do about it: a command or a link, never advice in general. */
  hint: string
  cause?: unknown
}

/** The one error that tells people what was seen, where they stand and what to do. */
export class UpgradeError extends Error {
  override readonly name = 'UpgradeError'
  readonly details: ErrorDetails

  constructor(message: string, details: ErrorDetails) {
    super(message, { cause: details.cause })
    this.details = details
  }
}

export function unreachable(value: never): never {
  throw new Error(`unexpected value: ${JSON.stringify(value)}`)
}
