import type { StageName } from '../model/report.ts'
import type { OpenRun } from '../record/record.ts'
import type { World } from './world.ts'

/** Time that this direction has spent in a stage while an engine was running, in ms, earlier starts included. */
export function timeInStage(stage: StageName, world: World, run: OpenRun): number {
  const key = `${run.direction}/${stage}`
  const active = world.observations.stage
  return (run.spentMs[key] ?? 0) + (active?.key === key ? world.now - active.at : 0)
}
