/** Outcomes as processes tell them: exit codes, and which of several is the worst. */
import { type ErrorCode, type Outcome, UpgradeError } from '../engine/model/error.ts'
import type { Result } from '../engine/model/report.ts'
import type { Settings } from '../engine/model/settings.ts'

export const exitCodes = { good: 0, badInput: 2, refused: 3, reverted: 4, halted: 5, cancelled: 130 } as const

export function exitCode({ outcome, mode }: Pick<Result, 'outcome' | 'mode'>): number {
  switch (outcome) {
    case 'refused':
      return exitCodes.refused
    case 'reverted':
      return mode === 'revert' ? exitCodes.good : exitCodes.reverted
    case 'halted':
      return exitCodes.halted
    case 'cancelled':
      return exitCodes.cancelled
    // What was requested did not happen: manual action is required.
    case 'held':
      return mode === 'finalize' ? exitCodes.halted : exitCodes.good
    // A revert that came too late and finished forward.
    case 'upgraded':
      return mode === 'revert' ? exitCodes.halted : exitCodes.good
    default:
      return exitCodes.good
  }
}

const goodFromBest: readonly Result['outcome'][] = ['status', 'unchanged', 'planned', 'upgraded', 'reverted', 'held']

/** The result that speaks for all: the highest exit code, and among good ones what changed most. */
export function worst(results: readonly Result[]): Result {
  const [first, ...rest] = results
  if (first === undefined) throw new Error('a run has at least one result')
  const rank = (result: Result) => exitCode(result) * 10 + goodFromBest.indexOf(result.outcome)
  return rest.reduce((a, b) => (rank(b) > rank(a) ? b : a), first)
}

/** A result for a run that ended before, or outside of, what the engine tells: the connection failed, or a bug. */
export function resultOfError(settings: Settings, error: unknown, startedAt: number, endedAt: number): Result {
  return {
    ...reasonOf(error),
    mode: settings.mode,
    cluster: settings.cluster,
    group: settings.group ?? '',
    runId: '',
    startedAt,
    endedAt,
    activeGroup: '',
    inactiveGroup: '',
    nodes: [],
    podsMoved: 0,
    stages: [],
    timeline: [],
    guarded: [],
    restored: [],
    differences: [],
    warnings: []
  }
}

function reasonOf(error: unknown): Pick<Result, 'outcome' | 'reason'> {
  if (error instanceof UpgradeError) {
    const { code, outcome, hint } = error.details
    return { outcome, reason: { code, message: error.message, hint } }
  }
  const code: ErrorCode = 'internal'
  const outcome: Outcome = 'halted'
  const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error)
  return {
    outcome,
    reason: {
      code,
      message,
      hint: 'This is a bug in eks-node-upgrade. Start it again to continue, and report the bug with the trace in the log.'
    }
  }
}
