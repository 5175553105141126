/** What a stage is: a question to the world. It remembers nothing, and requests the same thing until the world shows it. */

import type { ErrorCode } from '../model/error.ts'
import type { StageName, Waiting, WorkloadProgress } from '../model/report.ts'
import type { OpenRun } from '../record/record.ts'
import type { Action } from '../world/action.ts'
import type { World } from '../world/world.ts'
import type { DrainSurvey } from './drain/survey.ts'

export type Step =
  | { kind: 'done'; detail: string; notes?: readonly string[] }
  | {
      kind: 'busy'
      detail: string
      actions: readonly Action[]
      waiting: readonly Waiting[]
      /** What must be in the record before any of the actions. */
      first?: (run: OpenRun) => OpenRun
      workloads?: readonly WorkloadProgress[]
    }
  | { kind: 'failed'; code: ErrorCode; message: string; hint: string }

export interface Stage {
  name: StageName
  /** `survey`: what there is to drain, surveyed once a pass for all who need it. */
  next(world: World, run: OpenRun, survey: DrainSurvey): Step
}

export function done(detail: string, notes?: readonly string[]): Step {
  return { kind: 'done', detail, notes }
}

export function act(detail: string, actions: readonly Action[], waiting: readonly Waiting[] = []): Step {
  return { kind: 'busy', detail, actions, waiting }
}

export function wait(detail: string, ...waiting: readonly Waiting[]): Step {
  return { kind: 'busy', detail, actions: [], waiting }
}

/** Why nothing is concluded while the watches bring nothing (`isStale`). */
export function staleWait(world: World): Waiting {
  const seconds = Math.round((world.now - world.view.freshAt) / 1000)
  return { what: 'the API server', seen: `no news for ${seconds} s`, sinceAt: world.view.freshAt }
}

export function failed(code: ErrorCode, message: string, hint: string): Step {
  return { kind: 'failed', code, message, hint }
}
