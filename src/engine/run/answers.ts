/** What a run answers that changes nothing: refused, nothing open, how things stand. */

import { openRun } from '../loop/loop.ts'
import { cordonedByMark, originalsTag, runTag } from '../model/names.ts'
import { nextCommand } from '../model/next-command.ts'
import type { Group } from '../model/node-group.ts'
import type { Finding, Result } from '../model/report.ts'
import { rules } from '../model/rules.ts'
import type { Settings } from '../model/settings.ts'
import { shellWord } from '../model/shell-word.ts'
import { untagCommand } from '../plan/finding.ts'
import type { OpenRun, RecordStore } from '../record/record.ts'
import { type Recorder, reasonOf } from '../record/recorder.ts'
import { statusText } from './finish-run.ts'
import type { PreparedPlan } from './plan-input.ts'
import type { RunContext } from './run-context.ts'

/** Budgets that nobody wrote down cannot be shared between two upgrades; a held one moves nothing. */
export function otherRuns(store: RecordStore, settings: Settings): readonly Finding[] {
  return store.others().flatMap((other): Finding[] =>
    other.run && !other.run.held
      ? [
          {
            rule: 'other-run-open',
            object: other.group,
            reason: `the upgrade ${other.run.id} of this node group is open (${other.run.direction})`,
            remedies: [
              `eks-node-upgrade ${nextCommand('upgrade', settings, other.group)}`,
              `eks-node-upgrade ${nextCommand('revert', settings, other.group)}`
            ]
          }
        ]
      : []
  )
}

/** Our marks, and no record that explains them: somebody removed it. Nobody knows the way back but the tags. */
export function markedWithoutRecord(
  { ports, group, settings }: RunContext,
  { pair }: Pick<PreparedPlan, 'pair'>
): Result['reason'] {
  const tagged = [pair.blue, pair.green].filter((one) => one.tags[runTag] !== undefined)
  const ids = new Set([pair.blue, pair.green].flatMap((one) => one.instances.map((instance) => instance.id)))
  const cordoned = ports.cluster
    .view()
    .nodes.filter((node) => node.cordonedBy !== undefined && node.instanceId !== undefined && ids.has(node.instanceId))
  if (tagged.length === 0 && cordoned.length === 0) return undefined
  const seen = [
    ...tagged.map(
      (one) => `${one.name} has the tag ${runTag}=${one.tags[runTag]} (${one.tags[originalsTag] ?? 'no originals'})`
    ),
    ...cordoned.slice(0, 3).map((node) => `${node.name} is cordoned by run ${node.cordonedBy}`)
  ]
  const removals = [
    ...tagged.flatMap((one) => [untagCommand(one.name, runTag), untagCommand(one.name, originalsTag)]),
    ...(cordoned.length === 0
      ? []
      : [
          `kubectl uncordon ${cordoned.map((node) => shellWord(node.name)).join(' ')}`,
          `kubectl annotate node ${cordoned.map((node) => shellWord(node.name)).join(' ')} ${cordonedByMark}-`
        ])
  ]
  return reasonOf(
    'record-missing',
    `There are marks of a run of ${group}, and no record of it: ${seen.join('; ')}. Nothing was touched.`,
    `Restore the record from a backup of ConfigMap kube-system/eks-node-upgrade, or put the named settings back by hand and remove the marks (${removals.join(' && ')}); then: eks-node-upgrade ${nextCommand('plan', settings, group)}`
  )
}

export function refused(
  recorder: Recorder,
  findings: readonly Finding[],
  settings: Settings,
  group: string,
  facts: Partial<Result> = {}
): Result {
  const first = findings[0]
  const others = findings.length > 1 ? ` (and ${findings.length - 1} more)` : ''
  const message = first ? `${first.object}: ${first.reason}${others}` : 'nothing was found to upgrade'
  const code = (first && rules[first.rule].code) ?? 'plan-blocked'
  const hint = first?.remedies[0] ?? `eks-node-upgrade ${nextCommand('plan', settings, group)}`
  return recorder.result('refused', { group, ...facts, reason: reasonOf(code, message, hint), findings })
}

export function nothingOpen({ recorder, settings, group, pair }: RunContext): Result {
  const names: Partial<Result> = pair ? sidesOf(pair.blue, pair.green) : {}
  return recorder.result('unchanged', {
    group,
    ...names,
    reason: reasonOf(
      'nothing-open',
      `No run of ${group} is open: there is nothing to ${settings.mode}.`,
      `eks-node-upgrade ${nextCommand('status', settings, group)}`
    )
  })
}

export function planOfOpenRun({ recorder, store, settings, group }: RunContext): Result {
  const open = openRun(store)
  recorder.follow(open)
  recorder.note('info', 'a run is open', statusText(open))
  return recorder.result('planned', {
    group,
    ...activeSides(open),
    next: nextCommand(goingOn(open), settings, group)
  })
}

export async function status(context: RunContext): Promise<Result> {
  const { recorder, store, group, pair, ports } = context
  const { run: open, last } = store.current()
  if (open) {
    recorder.follow(open)
    recorder.note('info', group, statusText(open))
    return recorder.result('status', {
      group,
      ...activeSides(open),
      reason: open.reason,
      next: nextCommand(goingOn(open), context.settings, group)
    })
  }
  const groups = pair ? await ports.nodeGroups.describe([pair.blue.name, pair.green.name]) : []
  const [first, second] = groups
  const names = first && second ? sidesOf(first, second) : {}
  const active = groups.find((one) => one.name === names.activeGroup)
  const stray =
    first && second && pair && markedWithoutRecord(context, { pair: { ...pair, blue: first, green: second } })
  recorder.note(
    'info',
    group,
    `no run is open; ${names.activeGroup ?? 'no group'} is active with ${active?.instances.length ?? 0} nodes`
  )
  if (last)
    recorder.note(
      'info',
      'last run',
      `${last.runId} ended ${new Date(last.at).toISOString()}: ${last.outcome}${last.reason ? ` (${last.reason.message})` : ''}`
    )
  if (stray) recorder.note('info', 'marks without a record', stray.message)
  return recorder.result('status', { group, ...names, reason: stray })
}

/** The command that goes on with an open run. */
function goingOn(open: OpenRun): 'finalize' | 'revert' | 'upgrade' {
  if (open.held) return 'finalize'
  return open.direction === 'reverting' ? 'revert' : 'upgrade'
}

export function sides(prepared: PreparedPlan): Partial<Result> {
  return {
    group: prepared.plan.group,
    activeGroup: prepared.plan.active.name,
    inactiveGroup: prepared.plan.inactive.name
  }
}

function sidesOf(blue: Group, green: Group): Partial<Result> {
  const [active, inactive] = blue.instances.length > 0 || blue.capacity.desired > 0 ? [blue, green] : [green, blue]
  return { activeGroup: active.name, inactiveGroup: inactive.name }
}

export function activeSides(open: OpenRun): Partial<Result> {
  return { activeGroup: open.outgoing.name, inactiveGroup: open.incoming.name }
}
