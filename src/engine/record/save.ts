/** Writing the record while the API server has a bad moment: the run waits for it, and never writes without the lock. */
import type { Clock } from '../model/clock.ts'
import { UpgradeError } from '../model/error.ts'
import { retryDelayMs, saveAttempts } from '../model/limits.ts'
import type { Lock } from './lock.ts'
import type { GroupRecord, RecordStore } from './record.ts'

/** Rejects as `store.save` does, once it has failed for a passing reason too often, or the lock is not ours any more. */
export async function saveRecord(
  store: RecordStore,
  next: GroupRecord,
  { clock, lock, signal }: { clock: Clock; lock: Pick<Lock, 'held'>; signal?: AbortSignal }
): Promise<void> {
  for (let failures = 0; ; failures++) {
    try {
      await store.save(next)
      return
    } catch (error) {
      if (!isPassing(error) || failures >= saveAttempts) throw error
      await clock.sleep(retryDelayMs(failures + 1), signal)
      // Whoever has the lock by now owns the record, too; who stops leaves it as it is: it is good to go on from.
      if (!lock.held() || signal?.aborted) throw error
    }
  }
}

function isPassing(error: unknown): boolean {
  return (
    error instanceof UpgradeError &&
    (error.details.code === 'kubernetes' || error.details.code === 'cluster-unreachable')
  )
}
