/** The picture of a run at one moment, from what was just decided. */

import type { Progress, StageProgress, WorkloadProgress } from '../model/report.ts'
import type { Step } from '../stages/stage.ts'
import { timeInStage } from '../world/time-in-stage.ts'
import { elapsed, stagesOf } from './decide.ts'
import type { Pass } from './pass.ts'

export function progressOf({ world, run, verdict }: Pass): Progress {
  const { decision, looked, survey } = verdict
  const current = decision.kind === 'go' ? decision.stage : undefined
  const stages = stagesOf[run.direction].map(({ name }): StageProgress => {
    const step = looked.find((one) => one.stage === name)?.step
    const detail = step && step.kind !== 'failed' ? step.detail : ''
    return { stage: name, state: stateOf(step, name === current), detail, elapsedMs: timeInStage(name, world, run) }
  })
  const step = decision.kind === 'go' ? decision.step : undefined
  return {
    at: world.now,
    elapsedMs: elapsed(world, run),
    group: run.settings.group ?? '',
    outgoing: run.outgoing.name,
    incoming: run.incoming.name,
    direction: run.direction,
    revertPossible: run.direction === 'forward',
    stages,
    workloads: (step?.workloads ?? []).filter(isWorthShowing),
    podsMoved: survey.gone,
    podsTotal: survey.total,
    waiting: step?.waiting ?? []
  }
}

function stateOf(step: Step | undefined, current: boolean): StageProgress['state'] {
  if (step?.kind === 'failed' || step?.kind === 'done') return step.kind
  return current ? 'active' : 'todo'
}

function isWorthShowing(workload: WorkloadProgress): boolean {
  return workload.total > 0
}

/** Two pictures show the same when only time has passed. */
export function sameProgress(a: Progress, b: Progress): boolean {
  const still = (progress: Progress) =>
    JSON.stringify({
      ...progress,
      at: 0,
      elapsedMs: 0,
      stages: progress.stages.map((stage) => ({ ...stage, elapsedMs: 0 }))
    })
  return still(a) === still(b)
}
