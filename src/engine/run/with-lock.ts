/** Everything that writes does it under the lock, and gives the lock back in one place. */
import { UpgradeError } from '../model/error.ts'
import { acquireLock, holderText, type Lock } from '../record/lock.ts'
import type { RunContext } from './run-context.ts'

export interface LockRequest extends Pick<RunContext, 'ports' | 'recorder' | 'signal' | 'seenLease' | 'sawLease'> {
  /** How long to wait for a holder that is alive. */
  patienceMs: number
  /** The run that is to be continued or begun: an engine that finds the lock held is told its id. */
  runId: string
}

/** Rejects as `acquireLock` and `work` do. After a bug or a lost lock it is unknown what is under way: the Lease runs out by itself. */
export async function withLock<T>(request: LockRequest, work: (lock: Lock) => Promise<T>): Promise<T> {
  const lock = await takeLock(request)
  try {
    const result = await work(lock)
    await lock.release()
    return result
  } catch (error) {
    if (error instanceof UpgradeError && error.details.code !== 'lock-lost') await lock.release()
    else lock.abandon()
    throw error
  }
}

function takeLock(request: LockRequest): Promise<Lock> {
  const { ports, recorder, signal, patienceMs, runId, seenLease, sawLease } = request
  let announced = false
  return acquireLock(
    ports.leases,
    ports.clock,
    {
      holder: `${ports.host.name} ${ports.newId()}`,
      holderDetails: [`run ${runId}`, ports.host.link].filter(Boolean).join(', '),
      patienceMs,
      seen: seenLease,
      saw: sawLease,
      waiting(lease) {
        if (announced) return
        announced = true
        const text = `${holderText(lease)} holds the cluster. If it has died, the lock is free within a minute.`
        recorder.note('info', 'waiting for the lock', text)
      }
    },
    signal
  )
}
