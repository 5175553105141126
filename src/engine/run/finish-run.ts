/** Turns the end of the loop into the run's one outcome: the record is closed and the result made. */
import type { Ending } from '../loop/ending.ts'
import { nextCommand } from '../model/next-command.ts'
import type { Result } from '../model/report.ts'
import type { Lock } from '../record/lock.ts'
import type { GroupRecord, OpenRun } from '../record/record.ts'
import { saveRecord } from '../record/record-store.ts'
import { reasonOf } from '../record/recorder.ts'
import { compareSettings } from '../stages/restored-settings.ts'
import type { Side } from '../world/world.ts'
import type { RunContext } from './run-context.ts'
import { servingSides, sideNames } from './sides.ts'
import { continuingMode } from './status.ts'

export interface EndedRun extends Pick<RunContext, 'settings' | 'store' | 'recorder' | 'group' | 'ports'> {
  lock: Lock
  /** What is known of the run besides its end. */
  facts: Partial<Result>
}

/** Releasing the lock is the caller's; here it is only abandoned if a write may still land later. */
export async function endingResult(ended: EndedRun, ending: Ending): Promise<Result> {
  const { settings, lock, recorder, group, facts } = ended
  const { run } = ending
  recorder.follow(run)
  const next = nextCommand(continuingMode(run), settings, group)
  const common = { ...facts, group, ...servingSides(run), next }
  switch (ending.kind) {
    case 'finish':
      return finished(ended, ending)
    case 'hold':
      return recorder.result('held', { ...common, nodes: nodeNames(ending.world.incoming), reason: ending.reason })
    case 'halt':
      return recorder.result('halted', { ...common, reason: ending.reason })
    case 'stopped':
      if (ending.outstanding) lock.abandon()
      return recorder.result('cancelled', common)
    case 'broken-off': {
      const { message, details } = ending.error
      if (ending.outstanding || details.code === 'lock-lost') lock.abandon()
      return recorder.result('halted', { ...common, reason: reasonOf(details.code, message, details.hint) })
    }
  }
}

async function finished(ended: EndedRun, ending: Extract<Ending, { kind: 'finish' }>): Promise<Result> {
  const { store, lock, recorder, settings, group, ports, facts } = ended
  const { run, outcome, world } = ending
  const upgraded = outcome === 'upgraded'
  const reason = upgraded || !run.reason ? undefined : reasonOf(run.reason.code, run.reason.message, run.reason.hint)
  const closed = closedRecord(store.current(), ending, ports.clock.now())
  await saveRecord(store, closed, { clock: ports.clock, lock })
  for (const note of ending.notes) recorder.note('warning', 'at the end', note)
  return recorder.result(outcome, {
    ...facts,
    group,
    ...sideNames(run, upgraded),
    nodes: nodeNames(world.to),
    podsMoved: run.podsMoved,
    reason,
    restored: compareSettings(world, run).asFound,
    differences: ending.notes,
    next: upgraded ? undefined : nextCommand('upgrade', settings, group)
  })
}

/** What outlives a run: how it ended, and how the retired group was configured. */
function closedRecord(
  before: GroupRecord,
  { run, outcome }: { run: OpenRun; outcome: 'upgraded' | 'reverted' },
  at: number
): GroupRecord {
  const { version, group } = before
  const last = { outcome, at, runId: run.id, changeFingerprint: run.changeFingerprint }
  if (outcome === 'upgraded') {
    const retired = { group: run.outgoing.name, at, runId: run.id, configuration: run.outgoingConfiguration }
    return { version, group, retired, last }
  }
  const reason = run.reason && reasonOf(run.reason.code, run.reason.message, run.reason.hint)
  return { version, group, retired: before.retired, last: { ...last, reason } }
}

function nodeNames(side: Side): readonly string[] {
  return side.nodes.map((node) => node.name).sort()
}
