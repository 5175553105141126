/** Keeps the times of stages: in the record, so that repeated starts cannot dodge a deadline, and for the report. */
import type { StageName, StageTime } from '../model/report.ts'
import type { OpenRun } from '../record/record.ts'
import type { Recorder } from '../record/recorder.ts'
import type { Observations } from '../world/observations.ts'
import type { Pass } from './pass.ts'

/** Moves what has been spent since the last booking from the observations into the run. */
export function booked(run: OpenRun, observations: Observations, now: number): OpenRun {
  const { stage } = observations
  const elapsedMs = run.elapsedMs + (now - observations.startedAt)
  observations.startedAt = now
  if (!stage) return { ...run, elapsedMs }
  observations.stage = { key: stage.key, at: now }
  return { ...run, elapsedMs, spentMs: { ...run.spentMs, [stage.key]: (run.spentMs[stage.key] ?? 0) + now - stage.at } }
}

/**
 * Reports the stages that have ended or begun, and books the time of the one before. `isNew`: a stage has begun that this
 * engine had not been in, and the record should know.
 */
export function bookStage(
  pass: Pass,
  observations: Observations,
  recorder: Recorder
): { run: OpenRun; isNew: boolean } {
  const { run, world, verdict } = pass
  const { decision } = verdict
  if (decision.kind !== 'go') {
    // The last stages of a direction end with the decision that ends it.
    reportEndedStages(pass, recorder)
    if (decision.kind === 'revert' || decision.kind === 'halt') reportFailedStage(pass, recorder, decision.stage)
    return { run, isNew: false }
  }
  const key = `${run.direction}/${decision.stage}`
  // An engine that continues the clocks of another is in its stage from the first look.
  if (observations.stage?.key === key) return { run, isNew: reportBegunStage(pass, recorder, decision.stage) }
  const next = booked(run, observations, world.now)
  observations.stage = { key, at: world.now }
  reportEndedStages(pass, recorder)
  return { run: next, isNew: reportBegunStage(pass, recorder, decision.stage) }
}

/** Before the observations are given up: all times into the run, and how many pods were moved. */
export function finishBooks({ run, world, verdict }: Pass, observations: Observations): OpenRun {
  const next = booked(run, observations, world.now)
  observations.stage = undefined
  // What comes to a held run later is not part of what it moved.
  return run.held ? next : { ...next, podsMoved: Math.max(run.podsMoved, verdict.survey.gone) }
}

/** A person has been told that the time is over; when that person says to continue, these clocks begin again. */
export function withoutDirection(run: OpenRun): OpenRun['spentMs'] {
  return Object.fromEntries(Object.entries(run.spentMs).filter(([key]) => !key.startsWith(`${run.direction}/`)))
}

function reportBegunStage({ run, world }: Pass, recorder: Recorder, stage: StageName): boolean {
  const { direction } = run
  if (entryOf(recorder, run, stage)) return false
  recorder.stages.push({ direction, stage, startedAt: world.now, endedAt: world.now, detail: '', failed: false })
  recorder.event({ kind: 'stage', direction, stage, state: 'began', detail: '', elapsedMs: 0 })
  return true
}

function reportFailedStage({ run, world, verdict }: Pass, recorder: Recorder, stage: StageName): void {
  const entry = entryOf(recorder, run, stage)
  const message = 'reason' in verdict.decision ? verdict.decision.reason?.message : undefined
  if (entry) Object.assign(entry, { failed: true, detail: message ?? '', endedAt: world.now })
}

/** Stages that are done now and have not been reported as done. */
function reportEndedStages({ run, world, verdict }: Pass, recorder: Recorder): void {
  const { direction } = run
  for (const { stage, step } of verdict.looked) {
    if (step.kind !== 'done') continue
    let entry = entryOf(recorder, run, stage)
    if (!entry) {
      // What forward has done is asked again while retiring; it is worth a line only if there was something to do.
      if (direction === 'retiring' && (stage === 'cordon' || stage === 'drain')) continue
      entry = { direction, stage, startedAt: world.now, endedAt: world.now, detail: '', failed: false }
      recorder.stages.push(entry)
    }
    if (entry.detail !== '') continue
    Object.assign(entry, { detail: step.detail, endedAt: world.now })
    const elapsedMs = entry.endedAt - entry.startedAt
    recorder.event({ kind: 'stage', direction, stage, state: 'done', detail: step.detail, elapsedMs })
  }
}

function entryOf(recorder: Recorder, run: OpenRun, stage: StageName): StageTime | undefined {
  return recorder.stages.find((one) => one.direction === run.direction && one.stage === stage)
}
