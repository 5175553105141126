import type { Pair } from './plan/pair.ts'
import type { Ports } from './ports.ts'
import type { RecordStore } from './record.ts'
import type { Recorder } from './recorder.ts'
import type { Settings } from './settings.ts'

/** One run of the program for one node group. */
export interface Context {
  settings: Settings
  ports: Ports
  signal: AbortSignal
  recorder: Recorder
  store: RecordStore
  group: string
  /** Undefined where the tags do not lead to a pair, while a record names the groups. */
  pair?: Pair
}
