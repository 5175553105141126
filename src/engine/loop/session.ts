/**
 * What one engine carries from pass to pass: the run as it was last written, its observations, and the parts that read
 * and write. Nothing here decides. All of it may be lost at any time: the next start reads the record and looks again.
 */
import { sessionAssumedMs } from '../model/limits.ts'
import type { Progress } from '../model/report.ts'
import type { OpenRun } from '../record/record.ts'
import { openRun, saveRecord } from '../record/record-store.ts'
import { gatesOf } from '../world/gate-verdict.ts'
import { newObservations, type Observations } from '../world/observations.ts'
import { withClocks } from '../world/run-clocks.ts'
import { type ActionExecutor, createActionExecutor } from './action-executor.ts'
import type { LoopOptions } from './ending.ts'
import { type GateWatch, watchGates } from './gate-watch.ts'
import { createGroupReader, type GroupReader } from './group-reader.ts'
import { createSightings, type Sightings } from './sightings.ts'

export interface Session extends LoopOptions {
  /** As it was last written, with the times that have been booked since. */
  run: OpenRun
  observations: Observations
  readonly reader: GroupReader
  readonly executor: ActionExecutor
  /** When a new look at the groups was asked for, to write to them. */
  groupsAskedAt?: number
  /** When the record was last seen or written. */
  recordAt: number
  /** Asks the gates beside the loop; stopped as soon as the run does not go forward. */
  readonly gates: GateWatch
  /** How each gate was told to be; nothing of one that has not been good yet. */
  readonly gateStates: Map<string, 'good' | 'not good'>
  /** What has been told of nodes and pods. */
  readonly sightings: Sightings
  /** The last picture that was reported. */
  shown?: Progress
  /** Since when the lock has not been ours to write with; since when the groups cannot be read. */
  unheldSince?: number
  blindSince?: number
  /** When the AWS credentials end for good. */
  credentialsEndAt(): number
  /** Writes the record. Rejects as `saveRecord` does. */
  save(run: OpenRun): Promise<void>
}

export function beginSession(options: LoopOptions): Session {
  const { ports, store, lock, recorder, signal } = options
  const { clock } = ports
  // The clocks in the record are taken once: if this engine dies, they are old.
  const { clocks, ...run } = openRun(store)
  const startedAt = clock.now()
  const reader = createGroupReader(ports)
  const session: Session = {
    ...options,
    run,
    observations: clocks ? withClocks(clocks, startedAt) : newObservations(startedAt),
    reader,
    recordAt: startedAt,
    gates: watchGates(gatesOf(run), ports),
    gateStates: new Map(),
    sightings: createSightings(),
    executor: createActionExecutor({
      ...ports,
      observations: () => session.observations,
      mayWrite: () => lock.held() && !signal.aborted,
      wroteGroups() {
        session.observations.wroteGroupsAt = clock.now()
        reader.wrote()
      },
      did: (text) => recorder.did(text),
      trouble: (text) => recorder.note('info', 'trying again', text)
    }),
    // Session credentials that are not renewed live for an hour as a rule; if their end is unknown, that is assumed.
    credentialsEndAt: () =>
      ports.credentialsExpireAt ? (ports.credentialsExpireAt() ?? startedAt + sessionAssumedMs) : Infinity,
    async save(next) {
      await saveRecord(store, { ...store.current(), run: next }, { clock, lock, signal })
      session.run = next
      session.recordAt = clock.now()
      recorder.follow(next)
    }
  }
  return session
}

/** Begins another direction: with no action of the old one under way, and with observations of its own. */
export async function turn(next: OpenRun, session: Session): Promise<void> {
  const { executor, ports, reader, recorder } = session
  await executor.idle()
  await session.save(next)
  session.observations = newObservations(ports.clock.now())
  session.gates.stop()
  reader.wrote()
  const reason = next.reason ?? { code: 'asked', message: '', hint: '' }
  recorder.event({ kind: 'turned', direction: next.direction, reason })
}
