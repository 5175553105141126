/** A run's surroundings for tests of one function: a record in memory, a lock that tells what became of it, a clock at rest. */
import type { Ports } from '../../../src/engine/model/ports.ts'
import type { Event } from '../../../src/engine/model/report.ts'
import type { Lock } from '../../../src/engine/record/lock.ts'
import type { GroupRecord, OpenRun } from '../../../src/engine/record/record.ts'
import type { RecordStore } from '../../../src/engine/record/record-store.ts'
import { createRecorder } from '../../../src/engine/record/recorder.ts'
import type { RunContext } from '../../../src/engine/run/run-context.ts'
import { now, settings } from '../sample.ts'

export function fakeStore(run?: OpenRun, others: readonly GroupRecord[] = []): RecordStore {
  let record: GroupRecord = { version: 1, group: 'workers', run }
  return {
    current: () => record,
    others: () => others,
    exists: () => true,
    keep: async () => false,
    reload: async () => false,
    async save(next) {
      record = next
    }
  }
}

export function fakeLock(held = true) {
  const ends: ('released' | 'abandoned')[] = []
  const lock: Lock = {
    held: () => held,
    lostTo: () => undefined,
    release: async () => void ends.push('released'),
    abandon: () => void ends.push('abandoned')
  }
  return { lock, ends }
}

export function fakeContext(over: Partial<RunContext> & { ports?: Partial<Ports> } = {}) {
  const events: Event[] = []
  const clock = { now: () => now, sleep: async () => {} }
  const reporter = { report: (event: Event) => void events.push(event) }
  const ports = { clock, reporter, host: { name: 'host' }, newId: () => 'id', ...over.ports } as unknown as Ports
  const mine = over.settings ?? settings()
  const context: RunContext = {
    signal: new AbortController().signal,
    recorder: createRecorder(mine, ports),
    store: fakeStore(),
    group: 'workers',
    ...over,
    settings: mine,
    ports
  }
  return { context, events }
}
