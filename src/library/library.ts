/**
 * The programming interface: `import { plan, upgrade } from 'eks-node-upgrade'`. Each function is one command. It resolves
 * with the document that `--output json` prints, whatever the outcome, and rejects only if its input is invalid. It prints
 * nothing, hears no signal and never ends the process.
 */
import type { Event } from '../engine/model/report.ts'
import type { Mode } from '../engine/model/settings.ts'
import { exitCode, worst } from '../entry/exit-code.ts'
import { runGroups } from '../entry/group-runs.ts'
import { hostName } from '../entry/host-name.ts'
import { kubeconfigProblems } from '../entry/kubeconfig-problems.ts'
import { notifierFor } from '../entry/notifications.ts'
import { openReport, reportProblems } from '../entry/report-file.ts'
import { systemClock } from '../entry/system-clock.ts'
import { version } from '../entry/version.ts'
import { type Inputs, problemLines, validateInputs } from '../inputs/validate-inputs.ts'
import { typedAs } from '../report/commands.ts'
import { documentOf, type JsonDocument } from '../report/json/document.ts'
import { givenOptions, inWordsOfOptions } from './given-options.ts'
import type { Options } from './options.ts'

export type { Change, Event, Finding, Plan, PlannedMove, Progress, Reason } from '../engine/model/report.ts'
export type { JsonDocument, JsonResult } from '../report/json/document.ts'
export type { Options } from './options.ts'

export interface Hooks {
  /** Stops the run cleanly: nothing new is started, and the outcome is `cancelled`. The next call resumes the run. */
  signal?: AbortSignal
  /** Told of everything that happens, as it happens. What it throws is a mistake of its own and ends the run. */
  onEvent?: (event: Event) => void
  /** Told of an error that is a bug of this package, with its trace. The result has the error code `internal`. */
  onBug?: (error: unknown) => void
  /** Told of a notification that could not be sent, or a report that could not be written. The outcome is not changed. */
  onWarning?: (text: string) => void
}

/** The input is invalid: nothing was called and nothing was changed. `message` lists all problems, one a line. */
export class InvalidInputError extends Error {
  override readonly name = 'InvalidInputError'
  readonly problems: readonly string[]

  constructor(problems: readonly string[]) {
    super(problemLines(problems).join('\n'))
    this.problems = problems
  }
}

/** What an upgrade would do and what blocks it. Read-only. */
export function plan(options: Options, hooks?: Hooks): Promise<JsonDocument> {
  return call('plan', options, hooks)
}

/** Upgrades, and reverts if anything fails. Also resumes a run that was interrupted. */
export function upgrade(options: Options, hooks?: Hooks): Promise<JsonDocument> {
  return call('upgrade', options, hooks)
}

/** Retires the outgoing group of a held upgrade. */
export function finalize(options: Options, hooks?: Hooks): Promise<JsonDocument> {
  return call('finalize', options, hooks)
}

/** Returns to the outgoing group, while that is possible. */
export function revert(options: Options, hooks?: Hooks): Promise<JsonDocument> {
  return call('revert', options, hooks)
}

/** What is open and what to do next. Read-only. */
export function status(options: Options, hooks?: Hooks): Promise<JsonDocument> {
  return call('status', options, hooks)
}

async function call(
  mode: Mode,
  options: Options,
  { signal, onEvent, onBug, onWarning }: Hooks = {}
): Promise<JsonDocument> {
  const inputs = await validated(mode, options)
  // Loaded only when the input is good, as on the command line.
  const [engine, { connect }] = await Promise.all([import('../engine/run/run.ts'), import('../entry/connect.ts')])
  const notifier = notifierFor({
    inputs,
    env: process.env,
    token: process.env.GITHUB_TOKEN,
    warn: (title, text) => onWarning?.(`${title}: ${text}`)
  })
  const book = openReport(inputs.report)
  const results = await runGroups({
    inputs,
    program: { engine, connect },
    caller: { host: { name: hostName() }, wording: typedAs('eks-node-upgrade') },
    clock: systemClock,
    signal: signal ?? new AbortController().signal,
    reporter: {
      report(event) {
        book.report(event)
        onEvent?.(event)
      }
    },
    ended: book.ended,
    notifier,
    bug: onBug
  })
  await notifier.settled()
  const { path, problem } = book.write()
  if (problem !== undefined) onWarning?.(problem)
  const result = worst(results)
  return documentOf(results, { outcome: result.outcome, exitCode: exitCode(result) }, version, path)
}

async function validated(mode: Mode, options: Options): Promise<Inputs> {
  const given = givenOptions(options)
  const { inputs, problems = [] } = validateInputs({ ...given.texts, mode }, 'cli', process.env)
  // A name that was given as something else is not missing as well.
  const misgiven = given.problems.some((problem) => problem.startsWith('cluster is '))
  const found = problems.filter((problem) => !(misgiven && problem.startsWith('cluster is empty')))
  const files = [...(await kubeconfigProblems(given.texts)), ...reportProblems(given.texts)]
  const all = [...given.problems, ...found.map(inWordsOfOptions), ...files]
  if (inputs === undefined || all.length > 0) throw new InvalidInputError(all)
  return inputs
}
