/** How the loop ends: always with one of these values. Only a bug is thrown. */
import type { UpgradeError } from '../model/error.ts'
import type { Ports } from '../model/ports.ts'
import type { Reason } from '../model/report.ts'
import type { Settings } from '../model/settings.ts'
import type { Lock } from '../record/lock.ts'
import type { OpenRun } from '../record/record.ts'
import type { RecordStore } from '../record/record-store.ts'
import type { Recorder } from '../record/recorder.ts'
import type { World } from '../world/world.ts'

export type Ending =
  | { kind: 'finish'; outcome: 'upgraded' | 'reverted'; run: OpenRun; notes: readonly string[]; world: World }
  | { kind: 'hold'; run: OpenRun; reason?: Reason; world: World }
  /** Manual action is required. */
  | { kind: 'halt'; run: OpenRun; reason: Reason }
  /** Stopped by a signal. `outstanding`: a write was still under way. */
  | { kind: 'stopped'; run: OpenRun; outstanding: boolean }
  /** The run cannot continue: the lock is lost, or AWS or the API server stays out of reach. `outstanding` as above. */
  | { kind: 'broken-off'; run: OpenRun; outstanding: boolean; error: UpgradeError }

/** In ms: for calls under way, and for the last write of the record. */
export interface StopPatience {
  actions: number
  record: number
}

export interface LoopOptions {
  ports: Ports
  store: RecordStore
  lock: Lock
  recorder: Recorder
  signal: AbortSignal
  /** What this process does with an open run when it is stopped, whichever process began the run. */
  onCancel: Settings['onCancel']
  /** How long a clean stop waits for what is under way; otherwise as long as a process has after a signal. */
  stopMs?: StopPatience
}
