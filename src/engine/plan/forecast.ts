/**
 * How long an upgrade will take, roughly: shown in the plan, and compared with credentials and deadlines. Not a promise. What can be
 * known is taken from what runs (how long its pods and nodes took to become ready) and from the inputs; the rest is assumed.
 */
import type { Node, Pod } from '../model/cluster.ts'
import {
  assumedBootMs,
  assumedPodStartMs,
  assumedTerminationMs,
  assumedTurnoverMs,
  assumedVolumeMs,
  longestStartMs,
  waveNodes,
  waveShare
} from '../model/limits.ts'
import type { PlannedMove } from '../model/report.ts'
import type { Settings } from '../model/settings.ts'

export interface Forecast {
  estimateMs: number
  /** The workload that takes longest, with its pace. */
  longest?: string
}

/** From the eviction of one of these pods until its replacement is available. */
export function replacementMs(pods: readonly Pod[], minReadySeconds = 0): number {
  const startMs = usualStartMs(pods.filter(({ ready }) => ready)) ?? assumedPodStartMs
  const volumeMs = pods.some(({ claims }) => claims.length > 0) ? assumedVolumeMs : 0
  return assumedTurnoverMs + volumeMs + startMs + minReadySeconds * 1000
}

/** Workloads are drained side by side, so the longest one decides. */
export function forecast(
  moves: readonly PlannedMove[],
  nodes: readonly Node[],
  count: number,
  settings: Pick<Settings, 'canaryNodes' | 'stableMs' | 'soakMs'>
): Forecast {
  const moving = moves.filter(({ how }) => how === 'evict' || how === 'restart')
  const longest = moving.reduce<PlannedMove | undefined>(
    (best, move) => (best && best.estimateMs >= move.estimateMs ? best : move),
    undefined
  )
  const joinMs = usualStartMs(nodes.filter(({ ready }) => ready === 'True')) ?? 0
  const launchMs = launchWaves(count, settings.canaryNodes) * (assumedBootMs + joinMs + settings.stableMs)
  return {
    estimateMs: launchMs + (longest?.estimateMs ?? 0) + settings.soakMs + assumedTerminationMs,
    longest: longest && `${longest.workload} (${longest.how === 'restart' ? 'rolling restart' : longest.pace})`
  }
}

/** The canary first, if it is not all of them, then at most a wave at a time. */
function launchWaves(count: number, canaryNodes: number): number {
  const wave = Math.max(waveNodes, Math.ceil(count * waveShare))
  const isCanaryFirst = canaryNodes > 0 && canaryNodes < count
  return (isCanaryFirst ? 1 : 0) + Math.ceil((isCanaryFirst ? count - canaryNodes : count) / wave)
}

/**
 * The median of how long these took from their creation until they were ready. One that has been unready since then looks as if it
 * had taken that long: a time that no start takes is left out.
 */
function usualStartMs(ones: readonly { createdAt: number; readySinceAt: number }[]): number | undefined {
  const times = ones
    .map(({ createdAt, readySinceAt }) => readySinceAt - createdAt)
    .filter((ms) => ms >= 0 && ms <= longestStartMs)
    .sort((a, b) => a - b)
  return times[Math.floor(times.length / 2)]
}
