/** What becomes of a run after a slice: pure decisions. */
import type { Result } from '../engine/model/report.ts'
import type { Settings } from '../engine/model/settings.ts'
import type { SliceInputs } from '../inputs/validate-inputs.ts'
import type { SliceEvent } from './answer.ts'
import { sliceLimits } from './limits.ts'

/** The event for the next slice. Once a run is known, slices continue that one and begin none. */
export function nextEvent(
  event: SliceEvent,
  result: Result,
  { now, leaseSeen }: { now: number; leaseSeen?: SliceInputs['leaseSeen'] }
): SliceEvent {
  const { 'failing-since': since, 'lease-seen': _lease, ...others } = event
  const seen = leaseSeen && `${leaseSeen.version}@${new Date(leaseSeen.at).toISOString()}`
  const rest: SliceEvent = { ...others, ...(seen && { 'lease-seen': seen }) }
  const runId = result.outcome === 'refused' ? rest['run-id'] : result.runId || rest['run-id']
  const failing = result.outcome === 'refused' ? { 'failing-since': since ?? new Date(now).toISOString() } : {}
  if (!runId) return { ...rest, ...failing }
  const { 'new-run-id': _, ...known } = rest
  return { ...known, 'run-id': runId, ...failing }
}

/** The lock went to another process: it works on the run, and the next slice sees how far it has come. */
export function isElsewhere({ outcome, reason }: Result): boolean {
  return outcome === 'halted' && reason?.code === 'lock-lost'
}

/** A slice of an open run that was refused, because AWS or the cluster could not be reached, is tried again for a while. */
export function failsForAWhile({ outcome, reason }: Result, slice: SliceInputs, now: number): boolean {
  if (outcome !== 'refused' || slice.runId === undefined || reason?.code === 'run-over') return false
  return slice.failingSince === undefined || now - slice.failingSince < sliceLimits.failingMs
}

/**
 * How long a slice waits for the lock. To continue a run, to finalize or to revert, as long as it lasts: those that hold the lock
 * release it in turn. To begin one, as long as was requested in total, and long enough for a Lease that nobody renews.
 */
export function lockPatienceMs(
  { mode, lockTimeoutMs }: Pick<Settings, 'mode' | 'lockTimeoutMs'>,
  { runId }: SliceInputs,
  { startedAt, now, leftMs }: { startedAt: number; now: number; leftMs: number }
): number {
  const endless = leftMs + sliceLimits.reserveMs
  if (runId !== undefined || mode === 'finalize' || mode === 'revert') return endless
  const inAll = Math.max(lockTimeoutMs, sliceLimits.lockPatienceMs)
  return Math.max(0, Math.min(endless, startedAt + inAll - now))
}
