/** When the drain gives up, and with which explanation. */

import { namesShown } from '../../model/limits.ts'
import { ownerLabel } from '../../policy/workloads.ts'
import type { OpenRun } from '../../record/record.ts'
import { timeInStage } from '../../world/time-in-stage.ts'
import { podTrouble } from '../../world/workload-health.ts'
import type { World } from '../../world/world.ts'
import { gateFailure } from '../gates.ts'
import { failed, type Step } from '../stage.ts'
import type { DrainSurvey } from './survey.ts'
import type { PlannedWorkload } from './workload.ts'

export function drainFailure(
  world: World,
  run: OpenRun,
  survey: DrainSurvey,
  planned: readonly PlannedWorkload[]
): Step | undefined {
  const fatal = survey.fatal && failed(survey.fatal.code, survey.fatal.message, survey.fatal.hint)
  const never = refusedByTwoBudgets(planned) ?? fatal
  // During a revert a pod that does not become ready is named, and the others continue.
  if (never || run.direction === 'reverting') return never
  return gateFailure(world, run) ?? stuckFailure(world, run, survey, planned) ?? timeOver(world, run, survey)
}

/** Two budgets for one pod are a mistake that no waiting fixes; a budget that allows nothing may be a pause. */
function refusedByTwoBudgets(planned: readonly PlannedWorkload[]): Step | undefined {
  const refused = planned.find(({ step }) => step.refused?.rule === 'two-budgets')
  if (!refused) return undefined
  const { label, owner } = refused.workload
  return failed(
    'two-budgets',
    `${label} cannot be moved: ${refused.step.refused?.why}.`,
    `kubectl -n ${owner.namespace} get poddisruptionbudgets`
  )
}

function stuckFailure(
  world: World,
  run: OpenRun,
  survey: DrainSurvey,
  planned: readonly PlannedWorkload[]
): Step | undefined {
  const stuck = survey.stuck[0]
  if (!stuck) return undefined
  const noProgress = `made no progress for ${run.settings.podTimeoutMs / 60_000} min`
  const unplaced = survey.unplacedPods[0]
  if (unplaced) {
    // Evictions pause while a pod has no place, so the stuck workload waits for that pod.
    const { namespace, name } = unplaced
    const label = ownerLabel(world.index.ownerOf(unplaced))
    return failed(
      'unschedulable',
      `${label} ${noProgress}: ${podTrouble(unplaced)}`,
      `kubectl -n ${namespace} describe pod ${name}`
    )
  }
  const refused = planned.find(({ workload, step }) => workload.label === stuck.label && step.refused)
  if (refused) {
    const hint = `kubectl -n ${refused.workload.owner.namespace} get poddisruptionbudgets`
    return failed('budget-never-allows', `${stuck.label} ${noProgress}: ${refused.step.refused?.why}`, hint)
  }
  return failed(stuck.code, `${stuck.label} ${noProgress}: ${stuck.text}`, stuck.hint)
}

function timeOver(world: World, run: OpenRun, survey: DrainSurvey): Step | undefined {
  const left = survey.workloads.filter((one) => one.onFrom.length > 0)
  if (left.length === 0 || timeInStage('drain', world, run) < run.settings.drainTimeoutMs) return undefined
  const minutes = run.settings.drainTimeoutMs / 60_000
  const labels = left.slice(0, namesShown).map((one) => one.label)
  return failed(
    'drain-timeout',
    `${left.length} workloads still have pods on ${world.from.group.name} after ${minutes} min: ${labels.join(', ')}`,
    'Give it more time (--drain-timeout-minutes), or find out what blocks these workloads.'
  )
}
