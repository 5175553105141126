/** How long an upgrade will take, roughly: said in the plan, and held against credentials and deadlines. Not a promise. */
import type { PlannedMove } from '../model/report.ts'
import type { Settings } from '../model/settings.ts'

/** A pod stops, its replacement is scheduled, starts and becomes ready: assumed for want of anything better. */
export const assumedPodMs = 30_000
/** An instance is launched and its node joins; Linux nodes take one to three minutes. */
const assumedLaunchMs = 120_000
/** Instances terminate and the last settings are written. */
const assumedRetireMs = 60_000

export interface Forecast {
  estimateMs: number
  /** The workload that takes longest, with its pace. */
  longest?: string
}

/** For `pods` pods of one workload, `pace` at a time. */
export function moveEstimateMs(pods: number, pace: number): number {
  return Math.ceil(pods / Math.max(1, pace)) * assumedPodMs
}

/** Workloads go side by side, so the longest one decides. */
export function forecast(
  moves: readonly PlannedMove[],
  nodes: number,
  settings: Pick<Settings, 'canaryNodes' | 'stableMs' | 'soakMs'>
): Forecast {
  const moving = moves.filter(({ how }) => how === 'evict' || how === 'restart')
  const longest = moving.reduce<PlannedMove | undefined>(
    (best, move) => (best && best.estimateMs >= move.estimateMs ? best : move),
    undefined
  )
  const waves = settings.canaryNodes > 0 && settings.canaryNodes < nodes ? 2 : 1
  const launchMs = waves * (assumedLaunchMs + settings.stableMs)
  const estimateMs = launchMs + (longest?.estimateMs ?? 0) + settings.soakMs + assumedRetireMs
  return {
    estimateMs,
    longest: longest && `${longest.workload} (${longest.how === 'restart' ? 'rolling restart' : longest.pace})`
  }
}
