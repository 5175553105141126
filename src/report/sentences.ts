/**
 * All wording. A fact is told in the same words in the terminal, in a log, in an annotation, in the summary and in the
 * JSON; each medium only lays it out. Values are shown as they are: whatever prints them makes them harmless (`escape.ts`).
 */
import { unreachable } from '../engine/model/error.ts'
import type {
  Comparison,
  Direction,
  Event,
  Finding,
  Guarded,
  Plan,
  Progress,
  Result,
  StageName,
  Waiting
} from '../engine/model/report.ts'
import { clockTime, roughly, span } from './duration.ts'

/** `1 pod`, `2 pods`. */
export function count(amount: number, one: string, many = `${one}s`): string {
  return `${amount} ${amount === 1 ? one : many}`
}

/** `a, b and c`; from the sixth on only a number. */
function list(names: readonly string[], most = 5): string {
  const shown = names.slice(0, most)
  const left = names.length - shown.length
  if (left > 0) return `${shown.join(', ')} and ${left} more`
  return shown.length < 2 ? shown.join('') : `${shown.slice(0, -1).join(', ')} and ${shown.at(-1)}`
}

export const marks = { done: '✔', active: '●', todo: '○', failed: '✖', back: '↩', warning: '⚠', asked: '→' } as const

export function outcomeMark(outcome: Result['outcome']): string {
  switch (outcome) {
    case 'upgraded':
    case 'unchanged':
    case 'planned':
    case 'status':
      return marks.done
    case 'held':
      return '⏸'
    case 'reverted':
      return marks.back
    case 'refused':
    case 'halted':
      return marks.failed
    case 'cancelled':
      return '■'
    default:
      return unreachable(outcome)
  }
}

export const stagePurpose: Readonly<Record<StageName, string>> = {
  freeze: 'record and pin the settings of both groups',
  launch: 'start the new nodes',
  cordon: 'cordon the nodes that are being emptied',
  drain: 'move the pods to the other nodes',
  verify: 'check that everything stays as healthy as before',
  retire: 'scale the emptied group to zero',
  release: 'restore the settings',
  uncordon: 'uncordon the old nodes'
}

export function directionWords(direction: Direction): string {
  switch (direction) {
    case 'forward':
      return 'forward'
    case 'retiring':
      return 'retiring'
    case 'reverting':
      return 'back'
    default:
      return unreachable(direction)
  }
}

export function revertWords(progress: Pick<Progress, 'direction' | 'revertPossible'>): string {
  if (progress.direction === 'reverting') return 'reverting'
  return progress.revertPossible ? 'revert is possible' : 'past the point of no return'
}

export function turnedSentence(event: Extract<Event, { kind: 'turned' }>): string {
  switch (event.direction) {
    case 'reverting':
      return 'Reverting.'
    case 'retiring':
      return 'Everything is verified on the new nodes. Point of no return: the old group is retired.'
    case 'forward':
      return 'Going forward.'
    default:
      return unreachable(event.direction)
  }
}

/** What is waited for, since when, and how long patience lasts. */
export function waitingSentence(waiting: Waiting, at: number): string {
  const since = waiting.sinceAt === undefined ? '' : ` (${span(at - waiting.sinceAt)})`
  const left = waiting.untilAt === undefined ? undefined : waiting.untilAt - at
  // The deadline is news only when it is near.
  const patience = left !== undefined && left < 300_000 ? `, ${left > 0 ? `${span(left)} left` : 'time is over'}` : ''
  return `${waiting.what}: ${waiting.seen}${since}${patience}`
}

export function startedSentence(event: Extract<Event, { kind: 'started' }>): string {
  const way =
    event.direction === 'reverting'
      ? `reverting from ${event.incoming} to ${event.outgoing}`
      : `${event.outgoing} → ${event.incoming}`
  const verb = event.resumed ? 'resumes a run that was begun earlier' : `${event.mode} begins`
  return `${event.group} on cluster ${event.cluster}: ${verb}, ${way} (run ${event.runId})`
}

/** An action that a guard stopped: never expected, so the sentence says what to do with it. */
export function guardedSentence({
  invariant,
  object,
  action
}: Pick<Guarded, 'invariant' | 'object' | 'action'>): string {
  return `A guard (invariant ${invariant}) stopped ${action} of ${object}. ${guardsSentence}`
}

export const guardsSentence = 'Nothing was harmed. Please report it as a bug, with the log of this run.'

export function stageSentence(event: Extract<Event, { kind: 'stage' }>): string {
  if (event.state === 'began') return stagePurpose[event.stage]
  return event.detail || 'done'
}

/** The heading of a plan. */
export function planHeading(plan: Plan): string {
  return `${plan.group}: ${plan.active.name} (active, ${count(plan.active.nodes, 'node')}) → ${plan.inactive.name} (inactive)`
}

export function comparisonSentence(comparison: Comparison, meant = false): string | undefined {
  if (meant) return meantSentence(comparison)
  switch (comparison) {
    case 'change':
      return undefined
    case 'equal':
      return 'Nothing to do: the inactive group is configured exactly as the active nodes run. Use --when-unchanged renew to replace the nodes anyway.'
    case 'retired':
      return 'Nothing to do: the inactive group still has the configuration that it had when it was retired. Use --when-unchanged swap-back to return to it.'
    case 'takes-back':
      return 'The inactive group would undo single settings that have changed on the active nodes since. Use --when-unchanged swap-back to confirm.'
    case 'older':
      return 'The inactive group has an older configuration than the active nodes. Use --when-unchanged swap-back to confirm.'
    default:
      return unreachable(comparison)
  }
}

/** The same if `when-unchanged` confirms it. */
function meantSentence(comparison: Comparison): string | undefined {
  switch (comparison) {
    case 'change':
      return undefined
    case 'equal':
      return 'The inactive group is configured exactly as the active nodes run. The nodes are replaced anyway (--when-unchanged renew).'
    case 'retired':
      return 'The inactive group has the configuration that it had when it was retired. Returning to it is confirmed (--when-unchanged swap-back).'
    case 'takes-back':
      return 'The inactive group undoes single settings that have changed on the active nodes since. That is confirmed (--when-unchanged swap-back).'
    case 'older':
      return 'The inactive group has an older configuration than the active nodes. Returning to it is confirmed (--when-unchanged swap-back).'
    default:
      return unreachable(comparison)
  }
}

/** What an upgrade would change in the template. */
export function templateChange(plan: Plan): string {
  const from = plan.active.template
  const to = plan.inactive.template
  if (from === to) return `template ${from}, unchanged`
  const name = from.slice(0, from.lastIndexOf(' '))
  if (name !== '' && name === to.slice(0, to.lastIndexOf(' '))) return `template ${from} → ${to.slice(name.length + 1)}`
  return `template ${from} → ${to}`
}

export function movesSentence(plan: Plan): string {
  const stay = plan.daemonSetPods > 0 ? `; ${count(plan.daemonSetPods, 'DaemonSet pod')} stay` : ''
  return `${count(plan.podsToMove, 'pod')} of ${count(plan.workloadsToMove, 'workload')}${stay}`
}

export function durationSentence(plan: Plan): string {
  const longest = plan.longest === undefined ? '' : `: ${plan.longest} takes longest`
  return `${roughly(plan.estimateMs)}${longest}`
}

export function capacitySentence(plan: Plan): string {
  const types = plan.active.instanceTypes
  return `${plan.active.nodes} × ${types.length === 0 ? 'instances' : list(types, 3)} until the old nodes are gone`
}

export function blockedSentence(group: string, blockers: readonly Finding[]): string {
  const things = blockers.length === 1 ? '1 problem blocks' : `${blockers.length} problems block`
  return `${group}: ${things} the upgrade. Nothing was changed.`
}

/** Everything that blocked a refused run, whether or not there was a plan. */
export function blockersOf(result: Result): readonly Finding[] {
  if (result.outcome !== 'refused') return []
  return result.findings ?? result.plan?.blockers ?? []
}

export const nothingBlocks = 'Nothing blocks the upgrade.'

/** With the blank before it; empty if the nodes were not counted. */
function nodesWords(result: Result): string {
  return result.nodes.length === 0 ? '' : ` with ${count(result.nodes.length, 'node')}`
}

/** The reason, ready to be followed by a full stop. */
function because(result: Result): string {
  const message = result.reason?.message.trim().replace(/\.$/, '') ?? ''
  return message === '' ? '' : `: ${message}`
}

/** The first line of every ending: what is so now. */
export function outcomeSentence(result: Result): string {
  const group = result.group || result.cluster
  switch (result.outcome) {
    case 'upgraded':
      return `${group} was upgraded: ${result.activeGroup} is active${nodesWords(result)}, ${count(result.podsMoved, 'pod')} moved in ${clockTime(result.endedAt - result.startedAt)}.`
    case 'unchanged':
      return because(result) === ''
        ? `${group} is up to date. Nothing was changed.`
        : `${group}${because(result)}. Nothing was changed.`
    case 'planned':
      return result.plan === undefined
        ? `${group} has an open run${because(result)}. Nothing was changed.`
        : `${group} can be upgraded. Nothing was changed.`
    case 'held':
      return `${group} is held${because(result) || ': everything runs on the new nodes and is verified; the old nodes are kept'}.`
    case 'refused':
      return `${group} was refused${because(result)}. Nothing was changed.`
    case 'reverted':
      return `${group} was reverted${result.mode === 'revert' && result.reason?.code === 'asked' ? ', as requested' : because(result)}.`
    case 'halted':
      return `${group} is halted${because(result)}.`
    case 'cancelled':
      return `${group} was stopped before completion${because(result)}. Everything is in a safe state.`
    case 'status':
      return `${group}: ${result.activeGroup} is active${nodesWords(result)}, ${result.inactiveGroup} is inactive.`
    default:
      return unreachable(result.outcome)
  }
}

/** The second line: the current state, and whether action is needed. */
export function standingSentence(result: Result): string {
  switch (result.outcome) {
    case 'upgraded':
      return `${result.inactiveGroup} has no instances. No action needed.`
    case 'unchanged':
    case 'planned':
    case 'status':
      return ''
    case 'held':
      return 'Your decision: finalize retires the old group, revert returns to it.'
    case 'refused':
      return blockersOf(result).length > 0 ? 'Resolve what blocks it, then start again.' : ''
    case 'reverted':
      return result.mode === 'revert'
        ? `${result.activeGroup} is active${nodesWords(result)}, as before the upgrade.`
        : `Nothing was lost: ${result.activeGroup} is active${nodesWords(result)}, as before. The change is not applied.`
    case 'halted':
      return 'Manual action required. Nothing more happens until you run the next command.'
    case 'cancelled':
      return 'Every pod has a schedulable node to go to. Nothing more happens until you run the next command.'
    default:
      return unreachable(result.outcome)
  }
}

/** A title of a few words, for annotations. */
export function outcomeTitle(result: Result): string {
  return `${result.group || result.cluster}: ${result.outcome}`
}

export function findingSentence(finding: Finding): string {
  return `${finding.object}: ${finding.reason}`
}

/** Where the report is, at the end of a run. */
export function reportSentence(path: string): string {
  return `Report: ${path}`
}

/** The process was stopped before the engine could answer. `next`: the command that resumes, as it is typed here. */
export function stoppedSentence(next: string): string {
  return `Stopped before completion. Progress is recorded in the cluster. To resume:   ${next}`
}

export function heartbeat(progress: Progress, at: number): string {
  const stage = progress.stages.find(({ state }) => state === 'active')
  const first = progress.waiting[0]
  const more = progress.waiting.length > 1 ? `, and ${progress.waiting.length - 1} more` : ''
  const wait = first === undefined ? '' : `waiting for ${waitingSentence(first, at)}${more}`
  return [stage?.detail, wait].filter(Boolean).join('; ') || 'working'
}
