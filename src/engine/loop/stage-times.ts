/** Keeps the times of stages: for the record, so that repeated starts cannot dodge a deadline, and for the report. */

import type { OpenRun } from '../record/record.ts'
import type { Recorder } from '../record/recorder.ts'
import type { DrainSurvey } from '../stages/drain/survey.ts'
import type { Observations } from '../world/observations.ts'
import type { World } from '../world/world.ts'
import type { Decision, Looked } from './decide.ts'

/** Books the time of the stage that was, and tells of the one that is. Returns a new run when the record should know. */
export function bookStage(
  decision: Decision,
  looked: readonly Looked[],
  world: World,
  run: OpenRun,
  observations: Observations,
  recorder: Recorder
): OpenRun {
  if (decision.kind !== 'go') {
    // The last stages of a direction end with the decision that ends it.
    endStages(looked, world, run, recorder)
    if (decision.kind === 'revert' || decision.kind === 'halt') failStage(decision, world, run, recorder)
    return run
  }
  const { direction } = run
  const key = `${direction}/${decision.stage}`
  if (observations.stage?.key === key) return run
  const before = observations.stage
  observations.stage = { key, at: world.now }
  const spentMs = before
    ? { ...run.spentMs, [before.key]: (run.spentMs[before.key] ?? 0) + world.now - before.at }
    : run.spentMs
  const isNew = !recorder.stages.some((stage) => stage.direction === direction && stage.stage === decision.stage)
  endStages(looked, world, run, recorder)
  if (isNew) {
    recorder.stages.push({
      direction,
      stage: decision.stage,
      startedAt: world.now,
      endedAt: world.now,
      detail: '',
      failed: false
    })
    recorder.event({ kind: 'stage', direction, stage: decision.stage, state: 'began', detail: '', elapsedMs: 0 })
  }
  return isNew ? { ...run, spentMs, elapsedMs: booked(run, world, observations) } : run
}

function failStage(
  { stage, reason }: Extract<Decision, { kind: 'revert' | 'halt' }>,
  world: World,
  run: OpenRun,
  recorder: Recorder
): void {
  const told = recorder.stages.find((one) => one.direction === run.direction && one.stage === stage)
  if (told) Object.assign(told, { failed: true, detail: reason.message, endedAt: world.now })
}

/** Stages that are done now and were not told of. */
function endStages(looked: readonly Looked[], world: World, run: OpenRun, recorder: Recorder): void {
  for (const { stage, step } of looked) {
    if (step.kind !== 'done') continue
    let told = recorder.stages.find((one) => one.direction === run.direction && one.stage === stage)
    if (!told) {
      told = { direction: run.direction, stage, startedAt: world.now, endedAt: world.now, detail: '', failed: false }
      recorder.stages.push(told)
    }
    if (told.detail !== '') continue
    told.detail = step.detail
    told.endedAt = world.now
    // What forward has done is asked again while retiring, and is no news as long as it is so.
    if (run.direction === 'retiring' && told.startedAt === world.now) continue
    recorder.event({
      kind: 'stage',
      direction: run.direction,
      stage,
      state: 'done',
      detail: step.detail,
      elapsedMs: told.endedAt - told.startedAt
    })
  }
}

function booked(run: OpenRun, world: World, observations: Observations): number {
  const total = run.elapsedMs + (world.now - observations.startedAt)
  observations.startedAt = world.now
  return total
}

/** A person has been told that the time is over; when that person says "go on", these clocks begin anew. */
export function withoutDirection(run: OpenRun): OpenRun['spentMs'] {
  return Object.fromEntries(Object.entries(run.spentMs).filter(([key]) => !key.startsWith(`${run.direction}/`)))
}

/** Before the observations goes: all times into the record. */
export function finishBooks(run: OpenRun, world: World, observations: Observations, survey: DrainSurvey): OpenRun {
  const { stage } = observations
  const spentMs = stage
    ? { ...run.spentMs, [stage.key]: (run.spentMs[stage.key] ?? 0) + world.now - stage.at }
    : run.spentMs
  observations.stage = undefined
  const moved = run.direction === 'forward' && run.held ? {} : { podsMoved: Math.max(run.podsMoved, survey.gone) }
  return { ...run, spentMs, elapsedMs: booked(run, world, observations), ...moved }
}
