/**
 * Moves pods by evicting them within their budgets, workload by workload side by side; the next ones of a workload go when
 * the replacements of the last are available on nodes that are not being emptied. A pod is moved when its replacement
 * serves, not when it is gone.
 */

import { evictionsAtOnce } from '../../model/limits.ts'
import type { Waiting, WorkloadProgress } from '../../model/report.ts'
import { ownerLabel } from '../../policy/workloads.ts'
import type { OpenRun } from '../../record/record.ts'
import { type Action, isPodAction } from '../../world/action.ts'
import { podTrouble } from '../../world/workload-health.ts'
import { isStale, type World } from '../../world/world.ts'
import { done, failed, type Stage, type Step } from '../stage.ts'
import type { DrainingWorkload, DrainSurvey } from './survey.ts'
import { nextForWorkload, type WorkloadStep } from './workload.ts'

interface Planned {
  workload: DrainingWorkload
  plan: WorkloadStep
}

export const drain: Stage = {
  name: 'drain',
  next(world, run, survey) {
    const detail = `${survey.gone} of ${survey.total} pods${run.direction === 'reverting' ? ' back on old nodes' : ''}`
    const stale = isStale(world)
    const plans = survey.workloads.map((workload) => ({
      workload,
      plan: nextForWorkload(workload, world, run, survey)
    }))
    const failure = refusedMeanwhile(plans) ?? failureOf(world, run, survey, plans)
    if (failure) return failure
    const free = stale || world.now < world.observations.throttledUntil || survey.unplaced.length > 0
    const actions = free
      ? []
      : withinLimits(
          plans.flatMap(({ plan }) => plan.actions),
          world
        )
    const workloads = plans.map(
      ({ workload, plan }): WorkloadProgress => ({
        workload: workload.label,
        moved: workload.total - workload.onFrom.length,
        total: workload.total,
        waiting: plan.waiting
      })
    )
    const waiting = waits(
      world,
      run,
      survey,
      stale,
      plans.map(({ workload, plan }) => ({ what: workload.label, seen: plan.waiting }))
    )
    if (!stale && actions.length === 0 && isOver(world, run, survey)) {
      const named = survey.givenUp.map(({ text }) => `${text}; it was not waited for any longer`)
      return done(detail, [...survey.leftovers.map(({ text }) => text), ...named])
    }
    const change = plans.map(({ plan }) => plan.first).find((first) => first !== undefined)
    if (change && !free) return { kind: 'busy', detail, actions: [], waiting, workloads, first: change }
    return { kind: 'busy', detail, actions, waiting, workloads }
  }
}

/** No movable pod on *from*, no volume of theirs attached there, and every replacement serves, or (back) was given up. */
function isOver(world: World, run: OpenRun, survey: DrainSurvey): boolean {
  if (survey.workloads.some((workload) => workload.onFrom.length > 0)) return false
  if (survey.attachments.length > 0) return false
  if (survey.jobsWaitedFor.length > 0 && !jobsTimeOver(world, run)) return false
  return run.direction === 'retiring' || survey.ailing.length === survey.givenUp.length
}

export function jobsTimeOver(world: World, run: OpenRun): boolean {
  return run.direction !== 'forward' || timeInDrain(world, run) >= run.settings.drainTimeoutMs
}

/** Time spent in this stage with an engine, in ms. */
export function timeInDrain(world: World, run: OpenRun): number {
  const key = `${run.direction}/drain`
  const now = world.observations.stage?.key === key ? world.now - world.observations.stage.at : 0
  return (run.spentMs[key] ?? 0) + now
}

/** At most so many requests at once: as many lanes, since each has one under way. */
function withinLimits(actions: readonly Action[], world: World): readonly Action[] {
  const lanes = new Set<string>()
  for (const entry of world.observations.evictions.values()) if (entry.answeredAt === undefined) lanes.add(entry.lane)
  return actions.filter((action) => {
    if (!isPodAction(action)) return true
    if (!lanes.has(action.lane) && lanes.size >= evictionsAtOnce) return false
    lanes.add(action.lane)
    return true
  })
}

/** Two budgets on a pod are a mistake that nobody waits out; a budget that allows nothing may be somebody's pause. */
function refusedMeanwhile(plans: readonly Planned[]): Step | undefined {
  for (const { workload, plan } of plans) {
    if (plan.refused?.rule !== 'two-budgets') continue
    const hint = `kubectl -n ${workload.owner.namespace} get poddisruptionbudgets`
    return failed('two-budgets', `${workload.label} cannot be moved: ${plan.refused.why}.`, hint)
  }
  return undefined
}

function failureOf(world: World, run: OpenRun, survey: DrainSurvey, plans: readonly Planned[]): Step | undefined {
  if (survey.fatal) return failed(survey.fatal.code, survey.fatal.message, survey.fatal.hint)
  // On the way back a pod that does not become ready is named, and the rest goes on.
  if (run.direction === 'reverting') return undefined
  const stuck = survey.stuck[0]
  const minutes = run.settings.podTimeoutMs / 60_000
  const unplaced = survey.unplaced[0]
  if (stuck && unplaced) {
    // Evictions pause while a pod has no place, so whoever is stuck waits for that pod.
    const { namespace, name } = unplaced
    const message = `${ownerLabel(world.index.ownerOf(unplaced))} made no progress for ${minutes} min: ${podTrouble(unplaced)}`
    return failed('unschedulable', message, `kubectl -n ${namespace} describe pod ${name}`)
  }
  const planned = plans.find(({ workload }) => workload.label === stuck?.label)
  if (stuck && planned?.plan.refused) {
    const hint = `kubectl -n ${planned.workload.owner.namespace} get poddisruptionbudgets`
    const message = `${stuck.label} made no progress for ${minutes} min: ${planned.plan.refused.why}`
    return failed('budget-never-allows', message, hint)
  }
  if (stuck) {
    return failed(stuck.code, `${stuck.label} made no progress for ${minutes} min: ${stuck.text}`, stuck.hint)
  }
  if (timeInDrain(world, run) < run.settings.drainTimeoutMs || survey.workloads.every((one) => one.onFrom.length === 0))
    return undefined
  const left = survey.workloads.filter((one) => one.onFrom.length > 0)
  return failed(
    'drain-timeout',
    `${left.length} workloads still have pods on ${world.from.group.name} after ${run.settings.drainTimeoutMs / 60_000} min: ${left
      .slice(0, 3)
      .map((one) => one.label)
      .join(', ')}`,
    'Give it more time (--drain-timeout-minutes), or look at what holds these workloads back.'
  )
}

function waits(
  world: World,
  run: OpenRun,
  survey: DrainSurvey,
  stale: boolean,
  plans: readonly { what: string; seen: string }[]
): readonly Waiting[] {
  const list: Waiting[] = []
  if (stale)
    list.push({
      what: 'the API server',
      seen: `no news for ${Math.round((world.now - world.view.freshAt) / 1000)} s`,
      sinceAt: world.view.freshAt
    })
  for (const pod of survey.unplaced) {
    list.push({
      what: `${pod.namespace}/${pod.name}`,
      seen: `the scheduler cannot place it: ${pod.unschedulable?.message ?? ''}`,
      sinceAt: pod.unschedulable?.sinceAt,
      untilAt: (pod.unschedulable?.sinceAt ?? world.now) + run.settings.podTimeoutMs
    })
  }
  for (const { what, seen } of plans) if (seen !== '') list.push({ what, seen })
  for (const job of survey.jobsWaitedFor)
    list.push({ what: job, seen: 'the Job is waited for (--jobs evict would not wait)' })
  for (const attachment of survey.attachments)
    list.push({ what: attachment.volumeName, seen: `is still attached to ${attachment.nodeName}` })
  return [...list, ...survey.ailing.map((ailment) => ({ what: ailment.label, seen: ailment.text }))].slice(0, 10)
}
