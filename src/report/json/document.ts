/** A run as one JSON document, and as the values of outputs. Times are ISO 8601, durations in seconds. */
import type { Result, StageTime } from '../../engine/model/report.ts'
import { outputBytes, summary } from '../github/summary.ts'
import { outcomeSentence, standingSentence } from '../sentences.ts'

export interface JsonEnding {
  /** The worst of the results' outcomes. */
  outcome: Result['outcome']
  exitCode: number
}

export function isoTime(at: number): string | undefined {
  return Number.isFinite(at) ? new Date(at).toISOString() : undefined
}

export function seconds(ms: number): number {
  return Math.round(ms / 100) / 10
}

/** One node group's result. Times are ISO 8601 in UTC, durations in seconds. */
export interface JsonResult extends Omit<Result, 'startedAt' | 'endedAt' | 'stages' | 'timeline'> {
  /** The outcome as a sentence for people. */
  sentence: string
  /** How things stand now, if there is more to say. */
  standing?: string
  nextCommand?: string
  /** For `expect-plan`. */
  planDigest?: string
  startedAt?: string
  endedAt?: string
  durationSeconds: number
  stages: readonly JsonStage[]
  timeline: readonly { at?: string; text: string }[]
}

export interface JsonStage extends Omit<StageTime, 'startedAt' | 'endedAt'> {
  startedAt?: string
  endedAt?: string
  durationSeconds: number
}

/** What `--output json` prints. */
export interface JsonDocument extends JsonEnding {
  format: 1
  /** Of this program. */
  version: string
  /** File of the HTML report, if one was written. */
  report?: string
  /** One a node group, in the order in which they ran. */
  results: readonly JsonResult[]
}

export function resultDocument(result: Result): JsonResult {
  return {
    ...result,
    sentence: outcomeSentence(result),
    standing: standingSentence(result) || undefined,
    nextCommand: result.next,
    planDigest: result.plan?.digest,
    startedAt: isoTime(result.startedAt),
    endedAt: isoTime(result.endedAt),
    durationSeconds: seconds(result.endedAt - result.startedAt),
    stages: result.stages.map(({ startedAt, endedAt, ...stage }) => ({
      ...stage,
      startedAt: isoTime(startedAt),
      endedAt: isoTime(endedAt),
      durationSeconds: seconds(endedAt - startedAt)
    })),
    timeline: result.timeline.map(({ at, text }) => ({ at: isoTime(at), text }))
  }
}

/** A reader of one result wants names, not a thousand of them; and an answer has a limited size. */
const longestList = 500

/** One result without what only a log has room for. */
type ShortResult = Omit<JsonResult, 'plan' | 'timeline' | 'stages' | 'guarded' | 'restored' | 'next'>

export function shortResultDocument(result: Result): ShortResult {
  const { plan, timeline, stages, guarded, restored, next, ...rest } = resultDocument(result)
  const { nodes, warnings, findings } = rest
  return {
    ...rest,
    nodes: nodes.slice(0, longestList),
    warnings: warnings.slice(0, longestList / 10),
    findings: findings?.slice(0, longestList / 10)
  }
}

/** As it is after a journey through JSON: only what JSON can hold. `report`: the file of the HTML report, if one was written. */
export function documentOf(
  results: readonly Result[],
  ending: JsonEnding,
  version: string,
  report?: string
): JsonDocument {
  const document: JsonDocument = { format: 1, version, ...ending, report, results: results.map(resultDocument) }
  return JSON.parse(JSON.stringify(document))
}

export function jsonDocument(results: readonly Result[], ending: JsonEnding, version: string, report?: string): string {
  return JSON.stringify(documentOf(results, ending, version, report), undefined, 2)
}

/** What bad input is answered with: there is no outcome, because nothing was begun. */
export function problemsDocument(problems: readonly string[], version: string): string {
  return JSON.stringify(
    { format: 1, version, outcome: null, exitCode: 2, reason: { code: 'bad-input' }, problems },
    undefined,
    2
  )
}

export type Outputs = Readonly<Record<string, string>>

/** The outputs of one group, all of them texts. */
function groupOutputs(result: Result): Outputs {
  return {
    outcome: result.outcome,
    reason: result.reason?.code ?? '',
    'run-id': result.runId,
    'active-group': result.activeGroup,
    'inactive-group': result.inactiveGroup,
    nodes: JSON.stringify(result.nodes),
    'pods-moved': String(result.podsMoved),
    'plan-digest': result.plan?.digest ?? '',
    'duration-seconds': String(Math.round((result.endedAt - result.startedAt) / 1000))
  }
}

/** Those of the worst group, all of them by group in `results`, and what only makes sense for the whole. */
export function outputsOf(results: readonly Result[], worst: Result, report = ''): Outputs {
  const byGroup = Object.fromEntries(results.map((result) => [result.group, groupOutputs(result)]))
  const digests = results.flatMap(({ plan }) => plan?.digest ?? [])
  return {
    ...groupOutputs(worst),
    'plan-digest': digests.join(','),
    summary: summary(results, { bytes: outputBytes }),
    results: JSON.stringify(byGroup),
    report
  }
}
