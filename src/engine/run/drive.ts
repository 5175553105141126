/** Runs the loop on the open run and turns its end into the result. */
import { loop } from '../loop/loop.ts'
import { UpgradeError } from '../model/error.ts'
import type { Result } from '../model/report.ts'
import type { Lock } from '../record/lock.ts'
import type { OpenRun } from '../record/record.ts'
import { openRun } from '../record/record-store.ts'
import type { Recorder } from '../record/recorder.ts'
import { foundSettings } from '../stages/restored-settings.ts'
import { endingResult } from './finish-run.ts'
import type { RunContext } from './run-context.ts'

/** With an open run nothing ends as refused: whatever happens, the run can be continued. */
export async function drive(context: RunContext, lock: Lock, facts: Partial<Result> = {}): Promise<Result> {
  const { settings, ports, store, recorder, signal, stopMs } = context
  recorder.event({ kind: 'owned', runId: openRun(store).id })
  const ended = { ...context, lock, facts }
  const ending = await loop({ ports, store, lock, recorder, signal, onCancel: settings.onCancel, stopMs })
  try {
    return await endingResult(ended, ending)
  } catch (error) {
    if (!(error instanceof UpgradeError)) throw error
    // The last write of the record failed: the run is still open, as it was written before.
    return endingResult(ended, {
      kind: 'broken-off',
      run: store.current().run ?? ending.run,
      outstanding: false,
      error
    })
  }
}

export function announceStart(recorder: Recorder, open: OpenRun, resumed: boolean): void {
  recorder.follow(open)
  recorder.event({
    kind: 'started',
    runId: open.id,
    mode: open.settings.mode,
    cluster: open.settings.cluster,
    group: open.settings.group ?? '',
    outgoing: open.outgoing.name,
    incoming: open.incoming.name,
    colors: { outgoing: open.outgoing.color, incoming: open.incoming.color },
    direction: open.direction,
    resumed,
    found: foundSettings(open)
  })
}
