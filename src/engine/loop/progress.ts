/** The picture of a run at one moment, from what was just decided. */

import type { Progress, StageProgress, WorkloadProgress } from '../model/report.ts'
import type { OpenRun } from '../record/record.ts'
import type { World } from '../world/world.ts'
import type { Verdict } from './decide.ts'
import { elapsed, spent, stagesOf } from './decide.ts'

export function progressOf(world: World, run: OpenRun, { decision, looked, survey }: Verdict): Progress {
  const current = decision.kind === 'go' ? decision.stage : undefined
  const stages = stagesOf[run.direction].map(({ name }): StageProgress => {
    const step = looked.find((one) => one.stage === name)?.step
    const detail = step && step.kind !== 'failed' ? step.detail : ''
    const state =
      step?.kind === 'failed' ? 'failed' : step?.kind === 'done' ? 'done' : name === current ? 'active' : 'todo'
    return { stage: name, state, detail, elapsedMs: spent(name, world, run) }
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
