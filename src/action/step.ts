/**
 * The two steps of the action. Main upgrades; post runs in a process of its own, after whatever end main came to, and
 * acts only where main left something open. Nothing below this folder knows that there is a runner.
 */
import type { Clock } from '../engine/model/clock.ts'
import type { Event, Result } from '../engine/model/report.ts'
import { exitCode, exitCodes, resultOfError, worst } from '../entry/exit-code.ts'
import { type Caller, type Program, runGroups, worded, wordedReporter } from '../entry/group-runs.ts'
import { kubeconfigProblems } from '../entry/kubeconfig-problems.ts'
import { notifierFor } from '../entry/notifications.ts'
import { type OrderlyStop, orderlyStop } from '../entry/orderly-stop.ts'
import { openReport, reportProblems, type WrittenReport } from '../entry/report-file.ts'
import { inputsOf } from '../inputs/inputs.ts'
import { type Inputs, type ValidatedInputs, validateInputs } from '../inputs/validate-inputs.ts'
import type { Notifier, Publish } from '../notify/notifier.ts'
import { asWorkflowInputs } from '../report/commands.ts'
import { plainValue } from '../report/escape.ts'
import { annotation, endingAnnotation } from '../report/github/annotations.ts'
import { problemsSummary, summary } from '../report/github/summary.ts'
import { outputsOf } from '../report/json/document.ts'
import { stoppedSentence } from '../report/sentences.ts'
import type { Runner } from './runner.ts'
import { createWorkflowLog, type WorkflowLog } from './workflow-log.ts'

/** GitHub gives post what is left of five minutes less 15 s; 240 s are promised, and some of them are for saying so. */
const recoverMs = 235_000
const tickMs = 1_000

const postWords = {
  revert: 'The post step of this action reverts it now (on-cancel: revert).',
  leave: 'The run is left as it is (on-cancel: leave).'
} as const

export interface ActionStep<Ports> {
  runner: Runner
  clock: Clock
  load: () => Promise<Program<Ports>>
  /** Calls back for every signal that asks to stop, until the returned function is called. */
  onStop(listener: () => void): () => void
  /** How long post may take, in milliseconds; 235 s unless a test says otherwise. */
  recoverMs?: number
}

/** Returns the exit code of the step that this process is. */
export function runStep<Ports>(step: ActionStep<Ports>): Promise<number> {
  const { runner } = step
  // The runner hands main's state to post, so what main saves first tells the two apart.
  if (runner.state('phase') !== '') return post(step)
  runner.saveState('phase', 'main')
  return main(step)
}

function readInputs(runner: Runner): ValidatedInputs {
  return validateInputs(givenInputs(runner), 'action', runner.env)
}

/** With the files. Post does not ask for them: a later step may have removed them, and post must say so as it ends. */
async function readAllInputs(runner: Runner): Promise<ValidatedInputs> {
  const validated = readInputs(runner)
  const given = givenInputs(runner)
  const problems = [...(validated.problems ?? []), ...(await kubeconfigProblems(given)), ...reportProblems(given)]
  return problems.length > 0 ? { problems } : validated
}

function givenInputs(runner: Runner): Record<string, string> {
  return Object.fromEntries(inputsOf('action').map(({ name }) => [name, runner.input(name)]))
}

/** The token is hidden before anything can print it. */
async function notifierOf(runner: Runner, inputs: Inputs): Promise<Notifier> {
  const token = runner.input('github-token')
  if (token !== '') runner.mask(token)
  const { link } = await runner.host()
  const warn = (title: string, text: string) => runner.annotate(annotation('warning', title, [text]))
  return notifierFor({ inputs, env: runner.env, token, ...(link === undefined ? {} : { link }), warn })
}

async function callerOf(runner: Runner): Promise<Caller> {
  return { host: await runner.host(), idToken: runner.idToken, mask: runner.mask, wording: asWorkflowInputs }
}

async function main<Ports>(step: ActionStep<Ports>): Promise<number> {
  const { runner, clock } = step
  const { inputs, problems } = await readAllInputs(runner)
  if (inputs === undefined) {
    runner.annotate(annotation('error', 'Bad input: nothing was changed', problems))
    runner.setOutput('reason', 'bad-input')
    await runner.appendSummary(problemsSummary(problems))
    return exitCodes.badInput
  }
  const notifier = await notifierOf(runner, inputs)
  const log = createWorkflowLog(runner)
  const { mode } = inputs.settings
  const sentence = stoppedSentence(asWorkflowInputs(mode))
  const book = openReport(inputs.report)
  let isBug = false
  const stoppable = stopping(step, log, sentence)
  const results = await stoppable.unless(
    ticking(log, clock, async () =>
      runGroups({
        inputs,
        clock,
        notifier,
        program: await step.load(),
        caller: await callerOf(runner),
        signal: stoppable.signal,
        reporter: {
          report(event) {
            book.report(event)
            remember(runner, log, event)
          }
        },
        ended(result) {
          book.ended(result)
          log.ending(plainValue(result))
          if (result.outcome === 'cancelled' && result.runId !== '') log.lines([postWords[inputs.settings.onCancel]])
          // The next group begins with a clean slate: what is open from now on is not this run's.
          if (result.outcome !== 'cancelled') runner.saveState('run-id', '')
        },
        bug(error) {
          isBug = true
          printTrace(log, error)
        }
      })
    )
  )
  if (results === undefined) return exitCodes.cancelled
  log.close()
  const result = worst(results)
  // Without an outcome the post step takes the run for interrupted and reverts it; that is right after a bug as well.
  if (result.outcome !== 'cancelled' && !isBug) runner.saveState('outcome', result.outcome)
  const code = await tell(runner, results, result, book.write())
  await notifier.settled()
  return code
}

/** Saves what post must know, when it is true. */
function remember(runner: Runner, log: WorkflowLog, event: Event): void {
  if (event.kind === 'started') runner.saveState('group', event.group)
  if (event.kind === 'owned') runner.saveState('run-id', event.runId)
  log.report(event)
}

async function tell(
  runner: Runner,
  results: readonly Result[],
  result: Result,
  { path, problem }: WrittenReport
): Promise<number> {
  const code = exitCode(result)
  runner.annotate(endingAnnotation(result, code !== 0))
  if (problem !== undefined) runner.annotate(annotation('warning', 'The report could not be written', [problem]))
  for (const [name, value] of Object.entries(outputsOf(results, result, path))) runner.setOutput(name, value)
  const report = path === undefined ? undefined : { path, link: (await runner.host()).link }
  await runner.appendSummary(summary(results, { report }))
  return code
}

async function post<Ports>(step: ActionStep<Ports>): Promise<number> {
  const { runner, clock } = step
  const runId = runner.state('run-id')
  const outcome = runner.state('outcome')
  if (runId === '' || outcome !== '') {
    runner.print(outcome === '' ? 'Nothing was begun: nothing to revert.' : 'The run has ended: nothing to do.')
    return exitCodes.good
  }
  const { inputs, problems } = readInputs(runner)
  if (inputs === undefined) {
    // Main took the same inputs. Whatever changed them since, the run is open and must not be left without a word.
    const open = `Run ${runId} is still open. To revert it: ${asWorkflowInputs('revert')}.`
    runner.annotate(annotation('error', 'Bad input: the interrupted run was not reverted', [open, ...problems]))
    await runner.appendSummary(problemsSummary([open, ...problems]))
    return exitCodes.badInput
  }
  const settings = { ...inputs.settings, group: runner.state('group') || undefined }
  const notifier = await notifierOf(runner, inputs)
  const log = createWorkflowLog(runner)
  log.lines([
    settings.onCancel === 'revert'
      ? `Run ${runId} was interrupted: reverting.`
      : `Run ${runId} was interrupted. on-cancel is leave, so it is only brought to a safe state.`
  ])
  const limitMs = step.recoverMs ?? recoverMs
  const startedAt = clock.now()
  const stoppable = stopping(step, log, stoppedSentence(asWorkflowInputs('revert')), limitMs)
  let publish: Publish | undefined
  const result = await stoppable.unless(
    ticking(log, clock, async () => {
      try {
        const program = await step.load()
        const connected = await program.connect(settings, inputs.connection, await callerOf(runner))
        publish = connected.publish
        const ports = await connected.ports(wordedReporter({ report: (event) => log.report(event) }, asWorkflowInputs))
        const ended = await program.engine.recover(settings, ports, runId, stoppable.signal)
        return worded(ended, inputs.typed, asWorkflowInputs)
      } catch (error) {
        printTrace(log, error)
        return resultOfError(settings, error, startedAt, clock.now())
      }
    })
  )
  if (result === undefined) return exitCodes.cancelled
  log.ending(plainValue(result))
  log.close()
  await runner.appendSummary(summary([result]))
  const code = recoveredCode(result, settings.onCancel)
  runner.annotate(endingAnnotation(result, code !== 0))
  // Where main's process has ended the run after all, it has told so itself.
  if (result.outcome !== 'unchanged') notifier.tell(result, publish)
  await notifier.settled()
  return code
}

/** That the run did not reach its goal is reported by main. Post fails only if it could not do what on-cancel says. */
function recoveredCode(result: Result, onCancel: 'revert' | 'leave'): number {
  const { outcome } = result
  if (outcome === 'refused' || outcome === 'halted') return exitCode(result)
  return outcome === 'cancelled' && onCancel === 'revert' ? exitCodes.cancelled : exitCodes.good
}

/** Listens for signals, and for the end of the time that there is. */
function stopping<Ports>(step: ActionStep<Ports>, log: WorkflowLog, sentence: string, limitMs?: number): OrderlyStop {
  return orderlyStop({
    onStop: step.onStop,
    limitMs,
    late() {
      log.close()
      log.lines([sentence])
    }
  })
}

async function ticking<T>(log: WorkflowLog, clock: Clock, work: () => Promise<T>): Promise<T> {
  const ticks = setInterval(() => log.tick(clock.now()), tickMs)
  try {
    return await work()
  } finally {
    clearInterval(ticks)
  }
}

function printTrace(log: WorkflowLog, error: unknown): void {
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error)
  log.lines(text.split('\n'))
}
