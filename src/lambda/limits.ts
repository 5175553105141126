/** Every number of the Lambda function, each with its reason. */
import { lookPatienceMs, sliceStopMs } from '../engine/model/limits.ts'

export const sliceLimits = {
  /** A slice begins to stop with this much of the invocation left: 20 s are promised, and most stops take less than 2 s. */
  reserveMs: 25_000,
  /** How long the engine may take to stop: for what is under way, the record, and a Lease whose release is slow. */
  graceMs: 22_000,
  stopMs: sliceStopMs,
  /** A slice shorter than this would only connect and stop. */
  leastMs: 10_000,
  /** After a halt a write may be under way: Lambda freezes the process with the answer, and must not freeze that. */
  settleMs: sliceStopMs.actions,
  /** A Lease that a killed slice left is free within a minute; a slice waits longer than that for it. */
  lockPatienceMs: 90_000,
  /** Between two slices: long enough for a waiting revert, which looks every second, to take the lock first. */
  betweenSeconds: 3,
  /** While another process works on the run, or nothing can be reached. */
  elsewhereSeconds: 15,
  /** An open run that cannot be reached: as long as the engine itself would wait. */
  failingMs: lookPatienceMs
} as const
