import type { Ports } from '../model/ports.ts'
import type { Settings } from '../model/settings.ts'
import type { NodeGroupPair } from '../plan/node-group-pair.ts'
import type { RecordStore } from '../record/record-store.ts'
import type { Recorder } from '../record/recorder.ts'

/** One run of the program for one node group. */
export interface RunContext {
  settings: Settings
  ports: Ports
  signal: AbortSignal
  recorder: Recorder
  store: RecordStore
  group: string
  /** Undefined where the tags do not lead to a pair, while a record names the groups. */
  pair?: NodeGroupPair
}
