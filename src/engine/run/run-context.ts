import type { StopPatience } from '../loop/ending.ts'
import type { Ports } from '../model/ports.ts'
import type { Settings } from '../model/settings.ts'
import type { NodeGroupPair } from '../plan/node-group-pair.ts'
import type { SeenLease } from '../record/lock.ts'
import type { RecordStore } from '../record/record-store.ts'
import type { Recorder } from '../record/recorder.ts'

/** Which run this process works on, if its caller knows: of many slices that are delivered late or twice, none begins a second run. */
export interface Assignment {
  runId: string
  /** If nothing is open it may begin a run under this id. Otherwise it continues this run, and no other. */
  begins: boolean
}

/** What a caller may say of one start besides its settings. */
export interface RunOptions {
  assignment?: Assignment
  /** See LoopOptions. */
  stopMs?: StopPatience
  /** See LockOptions. */
  seenLease?: SeenLease
  sawLease?: (seen: SeenLease) => void
}

/** One run of the program for one node group. */
export interface RunContext extends RunOptions {
  settings: Settings
  ports: Ports
  signal: AbortSignal
  recorder: Recorder
  store: RecordStore
  group: string
  /** Undefined where the tags do not lead to a pair, while a record names the groups. */
  pair?: NodeGroupPair
}
