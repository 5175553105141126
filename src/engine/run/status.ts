/** How things stand: the mode `status`, and `plan` while a run is open. */
import { nextCommand } from '../model/next-command.ts'
import type { Group } from '../model/node-group.ts'
import type { Reason, Result } from '../model/report.ts'
import type { Settings } from '../model/settings.ts'
import type { LastOutcome, OpenRun } from '../record/record.ts'
import { openRun } from '../record/record-store.ts'
import type { Recorder } from '../record/recorder.ts'
import { marksWithoutRecord } from './marks.ts'
import type { RunContext } from './run-context.ts'
import { servingSides, sidesOf } from './sides.ts'

export function planOfOpenRun({ recorder, store, settings, group }: RunContext): Result {
  const open = openRun(store)
  recorder.follow(open)
  recorder.note('info', 'a run is open', statusText(open))
  announceUncompared(recorder, open, settings)
  const next = nextCommand(continuingMode(open), settings, group)
  return recorder.result('planned', { group, ...servingSides(open), next })
}

export async function status(context: RunContext): Promise<Result> {
  const { recorder, store, group, settings } = context
  const { run: open, last } = store.current()
  if (open) {
    recorder.follow(open)
    recorder.note('info', group, statusText(open))
    const next = nextCommand(continuingMode(open), settings, group)
    return recorder.result('status', { group, ...servingSides(open), reason: open.reason, next })
  }
  const { names, active, stray } = await atRest(context)
  const size = active?.instances.length ?? 0
  recorder.note('info', group, `No run is open. ${names?.activeGroup ?? 'No group'} is active with ${size} nodes.`)
  if (last) recorder.note('info', 'last run', lastText(last))
  if (stray) recorder.note('info', 'marks without a record', stray.message)
  return recorder.result('status', { group, ...names, reason: stray })
}

/** What was reviewed is no longer a plan but a run: stopping it halfway would help no one. */
export function announceUncompared(recorder: Recorder, open: OpenRun, { expectPlan = [] }: Settings): void {
  if (expectPlan.length === 0) return
  const text = `Run ${open.id} is open already, so its plan is not compared with expect-plan.`
  recorder.note('info', 'expect-plan', text)
}

interface AtRest {
  names?: Pick<Result, 'activeGroup' | 'inactiveGroup'>
  active?: Group
  stray?: Reason
}

async function atRest(context: RunContext): Promise<AtRest> {
  const { pair, ports } = context
  const groups = pair ? await ports.nodeGroups.describe([pair.blue.name, pair.green.name]) : []
  const blue = groups.find((one) => one.name === pair?.blue.name)
  const green = groups.find((one) => one.name === pair?.green.name)
  if (!pair || !blue || !green) return {}
  const names = sidesOf(blue, green)
  const active = groups.find((one) => one.name === names.activeGroup)
  return { names, active, stray: marksWithoutRecord(context, { ...pair, blue, green }) }
}

function lastText({ runId, at, outcome, reason }: LastOutcome): string {
  const ended = `${runId} ended ${new Date(at).toISOString()}: ${outcome}`
  return reason ? `${ended}. ${reason.message}` : ended
}

/** The mode that continues an open run. */
export function continuingMode(open: OpenRun): 'finalize' | 'revert' | 'upgrade' {
  if (open.held) return 'finalize'
  return open.direction === 'reverting' ? 'revert' : 'upgrade'
}

/** One sentence on where an open run stands. */
function statusText(run: OpenRun): string {
  const begun = `Run ${run.id}, begun ${new Date(run.startedAt).toISOString()} by ${run.by},`
  const { outgoing, incoming } = run
  if (run.held) {
    const why = run.held.because === undefined ? '' : ` because ${run.held.because}`
    return `${begun} is held${why}: ${incoming.name} serves, ${outgoing.name} is kept. Finalize or revert it.`
  }
  switch (run.direction) {
    case 'forward':
      return `${begun} upgrades from ${outgoing.name} to ${incoming.name}; ${run.podsMoved} of ${run.podsTotal} pods had moved when the record was last written.`
    case 'retiring':
      return `${begun} is retiring ${outgoing.name}. It is past the point of no return.`
    case 'reverting':
      return `${begun} is reverting to ${outgoing.name}: ${run.reason.message}`
  }
}
