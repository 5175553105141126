/** Turns the end of the loop into the run's one outcome: the record is closed, the Lease given back, the result told. */

import type { Ending } from '../loop/loop.ts'
import type { Clock } from '../model/clock.ts'
import { nextCommand } from '../model/next-command.ts'
import type { Result } from '../model/report.ts'
import type { Settings } from '../model/settings.ts'
import type { Lock } from '../record/lock.ts'
import type { GroupRecord, OpenRun, RecordStore } from '../record/record.ts'
import type { Recorder } from '../record/recorder.ts'
import { saveRecord } from '../record/save.ts'
import { restoredSettings } from '../stages/release.ts'
import type { Side } from '../world/world.ts'

interface Ended {
  settings: Settings
  store: RecordStore
  lock: Lock
  recorder: Recorder
  group: string
  ports: { clock: Clock }
}

export async function endingResult(ended: Ended, ending: Ending, facts: Partial<Result>): Promise<Result> {
  const { settings, lock, recorder, group } = ended
  recorder.follow(ending.run)
  switch (ending.kind) {
    case 'finish':
      return finished(ended, ending, facts)
    case 'hold': {
      await lock.release()
      return recorder.result('held', {
        ...facts,
        group,
        ...names(ending.run, false),
        nodes: nodeNames(ending.world.incoming),
        reason: ending.reason,
        next: nextCommand('finalize', settings, group)
      })
    }
    case 'halt': {
      await lock.release()
      const mode = ending.run.direction === 'reverting' ? 'revert' : 'upgrade'
      return recorder.result('halted', {
        ...facts,
        group,
        ...names(ending.run, ending.run.direction === 'retiring'),
        reason: ending.reason,
        next: nextCommand(mode, settings, group)
      })
    }
    case 'stopped': {
      // A write that is still under way may land later: the Lease must run out first.
      if (ending.outstanding) lock.abandon()
      else await lock.release()
      const mode = ending.run.direction === 'reverting' ? 'revert' : 'upgrade'
      return recorder.result('cancelled', {
        ...facts,
        group,
        ...names(ending.run, false),
        next: nextCommand(mode, settings, group)
      })
    }
  }
}

async function finished(
  ended: Ended,
  ending: Extract<Ending, { kind: 'finish' }>,
  facts: Partial<Result>
): Promise<Result> {
  const { store, lock, recorder, settings, group, ports } = ended
  const { run, outcome, world } = ending
  const upgraded = outcome === 'upgraded'
  const at = ports.clock.now()
  const reason = run.reason && { code: run.reason.code, message: run.reason.message, hint: run.reason.hint }
  const before = store.current()
  const closed: GroupRecord = {
    version: before.version,
    group: before.group,
    retired: upgraded
      ? { group: run.outgoing.name, at, runId: run.id, configuration: run.outgoingConfiguration }
      : before.retired,
    last: {
      outcome,
      at,
      runId: run.id,
      changeFingerprint: run.changeFingerprint,
      reason: upgraded ? undefined : reason
    }
  }
  await saveRecord(store, closed, { clock: ports.clock, lock })
  await lock.release()
  for (const note of ending.notes) recorder.note('warning', 'at the end', note)
  return recorder.result(outcome, {
    ...facts,
    group,
    ...names(run, upgraded),
    nodes: nodeNames(world.to),
    podsMoved: run.podsMoved,
    reason: upgraded ? undefined : reason,
    restored: restoredSettings(run),
    next: upgraded ? undefined : nextCommand('upgrade', settings, group)
  })
}

function names(run: OpenRun, swapped: boolean): Partial<Result> {
  return swapped
    ? { activeGroup: run.incoming.name, inactiveGroup: run.outgoing.name }
    : { activeGroup: run.outgoing.name, inactiveGroup: run.incoming.name }
}

function nodeNames(side: Side): readonly string[] {
  return side.nodes.map((node) => node.name).sort()
}

/** One sentence on where an open run stands. */
export function statusText(run: OpenRun): string {
  const begun = `run ${run.id} (begun ${new Date(run.startedAt).toISOString()} by ${run.by})`
  if (run.held) {
    const why = run.heldFor ? ` because ${run.heldFor}` : ''
    return `${begun} is held${why}: ${run.incoming.name} serves, ${run.outgoing.name} is kept; finalize or revert`
  }
  switch (run.direction) {
    case 'forward':
      return `${begun} is on its way from ${run.outgoing.name} to ${run.incoming.name}; ${run.podsMoved} of ${run.podsTotal} pods were moved when it was last written`
    case 'retiring':
      return `${begun} is retiring ${run.outgoing.name}; it can only go on`
    case 'reverting':
      return `${begun} is putting everything back to ${run.outgoing.name}${run.reason ? `: ${run.reason.message}` : ''}`
  }
}
