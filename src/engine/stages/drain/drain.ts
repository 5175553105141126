/**
 * Moves pods by evicting them within their budgets, all workloads side by side. The next pods of a workload go when the
 * replacements of the last ones are available on nodes that are not drained. A pod counts as moved when its replacement
 * serves, not when it is gone.
 */

import { evictionsAtOnce } from '../../model/limits.ts'
import type { WorkloadProgress } from '../../model/report.ts'
import type { OpenRun } from '../../record/record.ts'
import { type Action, isPodAction } from '../../world/action.ts'
import { gateTroubles } from '../../world/gate-verdict.ts'
import { timeInStage } from '../../world/time-in-stage.ts'
import { isStale, type World } from '../../world/world.ts'
import { done, type Stage } from '../stage.ts'
import { drainFailure } from './failure.ts'
import type { DrainSurvey } from './survey.ts'
import { drainWaits } from './waits.ts'
import { nextForWorkload, type PlannedWorkload } from './workload.ts'

export const drain: Stage = {
  name: 'drain',
  next(world, run, survey) {
    const planned = survey.workloads.map((workload) => ({
      workload,
      step: nextForWorkload(workload, world, run, survey)
    }))
    const failure = drainFailure(world, run, survey, planned)
    if (failure) return failure
    const detail = `${survey.gone} of ${survey.total} pods${run.direction === 'reverting' ? ' back on old nodes' : ''}`
    const paused = isPaused(world, run, survey)
    const wanted = paused ? [] : planned.flatMap(({ step }) => step.actions)
    const actions = withinLimits(wanted, world)
    if (actions.length === 0 && isOver(world, run, survey)) return done(detail, notes(survey))
    const first = paused ? undefined : planned.find(({ step }) => step.first)?.step.first
    return {
      kind: 'busy',
      detail,
      actions: first ? [] : actions,
      waiting: drainWaits(world, run, survey, planned),
      workloads: planned.map(progressOf),
      ...(first ? { first } : {})
    }
  }
}

/**
 * No pod is asked to go on old news, while flow control asks for a pause, while a moved pod has no place, or while a gate is not
 * good.
 */
function isPaused(world: World, run: OpenRun, survey: DrainSurvey): boolean {
  if (isStale(world) || world.now < world.observations.throttledUntil) return true
  return survey.unplacedPods.length > 0 || gateTroubles(world, run).length > 0
}

/**
 * No movable pod is on *from*, no volume of theirs is attached there, and every replacement serves or, during a revert, is not
 * waited for any longer.
 */
function isOver(world: World, run: OpenRun, survey: DrainSurvey): boolean {
  if (isStale(world) || survey.workloads.some((workload) => workload.onFrom.length > 0)) return false
  if (survey.attachments.length > 0) return false
  if (survey.jobsWaitedFor.length > 0 && !isJobTimeOver(world, run)) return false
  return run.direction === 'retiring' || survey.ailing.length === survey.givenUp.length
}

function isJobTimeOver(world: World, run: OpenRun): boolean {
  return run.direction !== 'forward' || timeInStage('drain', world, run) >= run.settings.drainTimeoutMs
}

/** At most `evictionsAtOnce` requests at once: this many lanes, since each has one under way. */
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

function progressOf({ workload, step }: PlannedWorkload): WorkloadProgress {
  return {
    workload: workload.label,
    moved: workload.total - workload.onFrom.length,
    total: workload.total,
    waiting: step.waiting
  }
}

function notes({ leftovers, givenUp }: DrainSurvey): readonly string[] {
  return [
    ...leftovers.map(({ text }) => text),
    ...givenUp.map(({ text }) => `${text}; it was not waited for any longer`)
  ]
}
