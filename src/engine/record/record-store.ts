/** The record of one group in its ConfigMap: read whole, written by compare-and-swap, and only under the lock. */
import type { Clock } from '../model/clock.ts'
import type { Records } from '../model/cluster.ts'
import { UpgradeError } from '../model/error.ts'
import { retryDelayMs, saveAttempts, writeAttempts } from '../model/limits.ts'
import type { Lock } from './lock.ts'
import { type GroupRecord, type OpenRun, recordVersion } from './record.ts'
import { parseRecord, recordKey } from './record-shape.ts'

/** The record of one group in its ConfigMap, with the version that the next write must meet. */
export interface RecordStore {
  current(): GroupRecord
  /** Whether there is a record of this group at all. */
  exists(): boolean
  /**
   * Writes a new record by compare-and-swap. A lost reply is answered by reading again: the new record is there, or it
   * is not. Rejects with lock-lost if another engine has written it.
   */
  save(next: GroupRecord): Promise<void>
  /**
   * Looks whether the record is still there, and writes it again if others have deleted it; true if it did. Rejects as `save` does.
   */
  keep(): Promise<boolean>
  /** Reads again; true when the stored record is not the one that this engine wrote or read last. */
  reload(): Promise<boolean>
  /** Other groups' records, but for those that cannot be read. */
  others(): readonly GroupRecord[]
}

export async function openRecordStore(records: Records, group: string): Promise<RecordStore> {
  const key = recordKey(group)
  let version: string | undefined
  let text: string | undefined
  let record: GroupRecord = { version: recordVersion, group }
  let others: readonly GroupRecord[] = []

  async function load(): Promise<void> {
    const read = await records.read()
    version = read.version
    text = read.entries[key]
    record = text === undefined ? { version: recordVersion, group } : parseRecord(text, key)
    others = Object.entries(read.entries)
      .filter(([other]) => other !== key)
      .flatMap(([other, content]) => readable(content, other))
  }
  await load()

  async function attempt(next: string): Promise<boolean> {
    try {
      const written = await records.write(key, next, version)
      if (written === undefined) return false
      version = written
      return true
    } catch (error) {
      if (!(error instanceof UpgradeError) || error.details.code !== 'kubernetes') throw error
      return false
    }
  }

  async function save(next: GroupRecord): Promise<void> {
    const wanted = JSON.stringify(next)
    const before = text
    for (let tries = 0; tries < writeAttempts; tries++) {
      if (await attempt(wanted)) {
        text = wanted
        record = next
        return
      }
      // The reply was lost, or another group's key was written: look, and continue only from what this engine knows.
      await load()
      if (text === wanted) return
      if (text !== before && text !== undefined) throw writtenByOthers(group)
    }
    throw new UpgradeError(`The record of ${group} could not be written in ${writeAttempts} attempts.`, {
      code: 'kubernetes',
      outcome: 'halted',
      hint: 'Look at ConfigMap kube-system/eks-node-upgrade and the health of the API server, then run the same command again.'
    })
  }

  return {
    save,
    async keep() {
      const [mine, before] = [record, text]
      await load()
      if (text === before) return false
      if (text !== undefined) throw writtenByOthers(group)
      try {
        await save(mine)
      } catch (error) {
        // The next look tries again.
        text = before
        record = mine
        throw error
      }
      return true
    },
    exists: () => text !== undefined,
    current: () => record,
    others: () => others,
    async reload() {
      const before = text
      await load()
      return text !== before
    }
  }
}

function writtenByOthers(group: string): UpgradeError {
  return new UpgradeError(`Another run has written the record of ${group}.`, {
    code: 'lock-lost',
    outcome: 'halted',
    hint: 'Another run acts on this node group. Look at it with the mode status.'
  })
}

/** A record of another group that is broken, or newer, is that group's trouble: its own next run says so. */
function readable(text: string, key: string): readonly GroupRecord[] {
  try {
    return [parseRecord(text, key)]
  } catch (error) {
    if (error instanceof UpgradeError) return []
    throw error
  }
}

/** The run that the store has open; a mistake of the caller if there is none. */
export function openRun(store: RecordStore): OpenRun {
  const { run } = store.current()
  if (!run) throw new Error('no run is open')
  return run
}

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
      // The current lock holder owns the record. A run that stops leaves it as it is: it can be resumed from there.
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
