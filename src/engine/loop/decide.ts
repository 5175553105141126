/**
 * The engine's judgement: given what is there now and what the record says, what comes next. A pure function. Each pass asks
 * the stages of the direction in order; the first that is not finished speaks. Earlier ones are asked every time, so what a
 * crash, a person or Terraform undid is redone.
 */

import { type ErrorCode, UpgradeError } from '../model/error.ts'
import { passingFailures, revertReserveMs } from '../model/limits.ts'
import type { Direction, Reason, StageName } from '../model/report.ts'
import type { OpenRun } from '../record/record.ts'
import { cordon } from '../stages/cordon.ts'
import { drain } from '../stages/drain/drain.ts'
import { type DrainSurvey, surveyDrain } from '../stages/drain/survey.ts'
import { freeze } from '../stages/freeze.ts'
import { launch } from '../stages/launch.ts'
import { release } from '../stages/release.ts'
import { retire } from '../stages/retire.ts'
import type { Stage, Step } from '../stages/stage.ts'
import { uncordon } from '../stages/uncordon.ts'
import { verify } from '../stages/verify.ts'
import { actionKey, isPodAction } from '../world/action.ts'
import { timeInStage } from '../world/time-in-stage.ts'
import type { World } from '../world/world.ts'

export const stagesOf: Readonly<Record<Direction, readonly Stage[]>> = {
  forward: [freeze, launch, cordon, drain, verify],
  retiring: [cordon, drain, retire, release],
  reverting: [uncordon, cordon, drain, retire, release]
}

export interface Looked {
  stage: StageName
  step: Step
}

type Busy = Extract<Step, { kind: 'busy' }>

export type Decision =
  /** Act, or wait for something. */
  | { kind: 'go'; stage: StageName; step: Busy }
  /** The forward direction cannot be finished: the run reverts. */
  | { kind: 'revert'; stage: StageName; reason: Reason }
  /** Moved and verified: the point of no return is next. */
  | { kind: 'retire' }
  /** Rest at the end of forward; with a reason if it was not requested. */
  | { kind: 'hold'; heldFor?: string; reason?: Reason }
  | { kind: 'finish'; outcome: 'upgraded' | 'reverted'; notes: readonly string[] }
  /** It cannot continue by itself: manual action is required. */
  | { kind: 'halt'; stage: StageName; reason: Reason }

/** What was decided, what each stage that was asked said, and the survey that all of it rests on. */
export interface Verdict {
  decision: Decision
  looked: readonly Looked[]
  survey: DrainSurvey
}

export function decide(world: World, run: OpenRun): Verdict {
  const survey = surveyDrain(world, run)
  const looked: Looked[] = []
  for (const stage of stagesOf[run.direction]) {
    const step = withBrokenCalls(stage.next(world, run, survey), world, run)
    looked.push({ stage: stage.name, step })
    if (step.kind === 'done') continue
    const over = step.kind === 'failed' ? step : timeOver(stage.name, step, world, run)
    if (over) return { decision: fail(stage.name, over, run), looked, survey }
    if (step.kind === 'busy') return { decision: { kind: 'go', stage: stage.name, step }, looked, survey }
  }
  return { decision: end(run, looked, survey), looked, survey }
}

function end(run: OpenRun, looked: readonly Looked[], survey: DrainSurvey): Decision {
  const notes = looked.flatMap(({ step }) => (step.kind === 'done' ? (step.notes ?? []) : []))
  if (run.direction === 'retiring') return { kind: 'finish', outcome: 'upgraded', notes }
  if (run.direction === 'reverting') return { kind: 'finish', outcome: 'reverted', notes }
  const { jobs, pods } = staying(survey)
  const stays = [...jobs, ...pods]
  if (stays.length > 0) {
    const heldFor = stays.join('; ')
    const reason: Reason = {
      code: pods.length > 0 ? 'pods-stay' : 'jobs-run',
      message: `Some pods may not be moved and keep their node: ${heldFor}`,
      hint: 'When it has ended or may be moved, run the same command again, or finalize.'
    }
    return { kind: 'hold', heldFor, reason }
  }
  return run.settings.hold && !run.held ? { kind: 'hold' } : { kind: 'retire' }
}

/** What is still on the outgoing nodes at the end of forward and may not be moved. */
function staying(survey: DrainSurvey): { jobs: readonly string[]; pods: readonly string[] } {
  return {
    jobs: survey.jobsWaitedFor.map((job) => `${job} is still running`),
    pods: survey.leftovers.map(({ text }) => text)
  }
}

function fail(stage: StageName, step: Extract<Step, { kind: 'failed' }>, run: OpenRun): Decision {
  const reason: Reason = { code: step.code, message: step.message, hint: step.hint }
  if (run.direction !== 'forward') return { kind: 'halt', stage, reason }
  // From held only a person reverts.
  if (run.held) return { kind: 'hold', heldFor: run.held.because, reason: { ...reason, code: 'finalize-failed' } }
  return { kind: 'revert', stage, reason }
}

/** Calls that fail for a reason that retrying cannot fix are the failure of their stage. */
function withBrokenCalls(step: Step, world: World, run: OpenRun): Step {
  if (step.kind !== 'busy') return step
  for (const action of step.actions) {
    if (isPodAction(action)) continue
    const attempt = world.observations.attempts.get(actionKey(action))
    const error = attempt?.error
    if (!(error instanceof UpgradeError)) continue
    const { code, hint } = error.details
    if (!attempt || attempt.failures < patienceWith(code, run)) continue
    return { kind: 'failed', code, message: error.message, hint }
  }
  return step
}

/** How often a call may fail: once if waiting cannot fix it, about ten minutes long if it may pass. */
function patienceWith(code: ErrorCode, run: OpenRun): number {
  if (code !== 'access-denied' && code !== 'credentials') return passingFailures
  return run.direction === 'forward' ? 1 : 5
}

function timeOver(
  stage: StageName,
  step: Busy,
  world: World,
  run: OpenRun
): Extract<Step, { kind: 'failed' }> | undefined {
  const { settings } = run
  const seen = step.waiting[0]
  const last = seen ? ` Last seen: ${seen.what}: ${seen.seen}.` : ''
  if (run.direction === 'reverting') {
    if (world.now - world.observations.progress.at < settings.revertTimeoutMs) return undefined
    return {
      kind: 'failed',
      code: stage === 'uncordon' ? 'no-open-node' : 'revert-stuck',
      message: `The revert made no progress for ${settings.revertTimeoutMs / 60_000} min in ${stage}.${last}`,
      hint: 'Fix what is named, then run revert again: it resumes from here.'
    }
  }
  if (run.direction === 'retiring') {
    if (timeInStage(stage, world, run) < settings.retireTimeoutMs || stage === 'drain') return undefined
    return {
      kind: 'failed',
      code: 'retire-timeout',
      message: `${world.from.group.name} still has ${world.from.group.instances.length} instances after ${settings.retireTimeoutMs / 60_000} min.${last}`,
      hint: 'Nothing is lost: run the same command again, and it resumes from here.'
    }
  }
  const left = world.credentialsEndAt - world.now
  if (left <= Math.min(reserve(world, run), (world.credentialsEndAt - run.startedAt) / 2)) {
    return {
      kind: 'failed',
      code: 'time-over',
      message: `The AWS credentials end in ${Math.max(0, Math.round(left / 60_000))} min and cannot be renewed; the remaining time is reserved for the revert, in ${stage}.${last}`,
      hint: 'Let the run renew them: --role-to-assume ARN (in a workflow with permissions id-token: write).'
    }
  }
  if (elapsed(world, run) < settings.timeoutMs - reserve(world, run)) return undefined
  return {
    kind: 'failed',
    code: 'time-over',
    message: `The run's time (--timeout-minutes ${settings.timeoutMs / 60_000}) is nearly over in ${stage}; the remaining time is reserved for the revert.${last}`,
    hint: 'Give it more time, or look at what took this long.'
  }
}

/** Time with an engine, in ms. */
export function elapsed(world: World, run: OpenRun): number {
  return run.elapsedMs + (world.now - world.observations.startedAt)
}

/** What a revert may need: as long as the run has taken since cordon began, and never less than a quarter of an hour. */
function reserve(world: World, run: OpenRun): number {
  const sinceCordon = world.observations.cordonedAt === undefined ? 0 : world.now - world.observations.cordonedAt
  const before = (run.spentMs['forward/drain'] ?? 0) + (run.spentMs['forward/verify'] ?? 0)
  return Math.min(Math.max(revertReserveMs, sinceCordon, before), run.settings.timeoutMs / 2)
}
