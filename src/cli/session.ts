/** One command that does something: shows it, asks if a person is there to answer, stops when it is told to. */
import type { Result } from '../engine/model/report.ts'
import type { Mode } from '../engine/model/settings.ts'
import { shellWord } from '../engine/model/shell-word.ts'
import { exitCode, exitCodes, worst } from '../entry/exit-code.ts'
import { type Caller, type Program, runGroups } from '../entry/group-runs.ts'
import { notifierFor } from '../entry/notifications.ts'
import { orderlyStop } from '../entry/orderly-stop.ts'
import { openReport, type ReportBook } from '../entry/report-file.ts'
import { systemClock } from '../entry/system-clock.ts'
import { telemetryFor } from '../entry/telemetry.ts'
import { version } from '../entry/version.ts'
import type { Inputs } from '../inputs/validate-inputs.ts'
import type { Notifier } from '../notify/notifier.ts'
import { plainText, plainValue } from '../report/escape.ts'
import { jsonDocument } from '../report/json/document.ts'
import { marks, reportSentence, stoppedSentence } from '../report/sentences.ts'
import { endingLines } from '../report/text/plan-text.ts'
import { paint } from '../report/text/style.ts'
import type { Telemetry } from '../telemetry/telemetry.ts'
import type { Console } from './console.ts'
import type { OutputStream } from './output-stream.ts'
import { askYesOrNo } from './question.ts'
import { createTerminalView } from './terminal-view.ts'
import { createLogView, type View } from './view.ts'

const tickMs = 250

export interface CommandSession<Ports> {
  inputs: Inputs
  console: Console
  stdout: OutputStream
  stderr: OutputStream
  /** Loaded once signals are heard: it takes a moment. */
  load: () => Promise<Program<Ports>>
  caller: Caller
}

/** A person waits no longer than 2 s after a signal, and most of it is the engine's. */
const stoppedSettleMs = 200

/** Returns the exit code. */
export async function runSession<Ports>(session: CommandSession<Ports>): Promise<number> {
  const { inputs, console } = session
  const screen = createScreen(session)
  const notifier = notifierFor({
    inputs,
    env: console.env,
    token: console.env.GITHUB_TOKEN,
    warn: (title, text) => session.stderr.write(`${plainText(`${title}: ${text}`)}\n`)
  })
  const telemetry = await telemetryFor(console.env, (title, text) =>
    session.stderr.write(`${plainText(`${title}: ${text}`)}\n`)
  )
  let book = openReport(undefined)
  process.once('exit', screen.rest)
  const stop = orderlyStop({
    onStop: console.onStop,
    again() {
      screen.rest()
      console.exit(exitCodes.cancelled)
    },
    late() {
      screen.rest()
      screen.write(`${stoppedSentence(resumeCommand(session))}\n`)
    }
  })
  const runOnce = (mode: Mode, plans: boolean, asksNext = false) => {
    // A look before the question is no part of the run that is reported.
    book = openReport(inputs.report)
    return runShown(session, screen, stop.signal, { mode, plans, asksNext, notifier, book, telemetry })
  }

  const work = async (): Promise<number> => {
    const { mode } = inputs.settings
    if (!asksFirst(session)) return ended(await runOnce(mode, true), session, screen, book)
    const looked = await runOnce(mode === 'upgrade' ? 'plan' : 'status', true, true)
    // What the look has already answered needs no question: refused, or nothing to do.
    if (mode === 'upgrade' && !leavesAQuestion(looked)) return ended(looked, session, screen, book)
    const groups = looked.map(({ group }) => plainText(group)).filter(Boolean)
    if (!(await askYesOrNo(question(mode, groups, inputs.settings.cluster), console, stop.signal))) {
      screen.write('Nothing was changed.\n')
      return exitCodes.cancelled
    }
    return ended(await runOnce(mode, false), session, screen, book)
  }

  try {
    const code = (await stop.unless(work())) ?? exitCodes.cancelled
    if (!stop.signal.aborted) await notifier.settled()
    await telemetry.settled(stop.signal.aborted ? stoppedSettleMs : undefined)
    return code
  } finally {
    process.off('exit', screen.rest)
  }
}

interface Screen {
  /** With JSON stdout holds the one document and nothing else. */
  write(text: string): void
  /** A picture or lines, for one run. */
  view(plans: boolean): View
  print(result: Result): void
  /** The cursor comes back, however the process ends. */
  rest(): void
}

function createScreen<Ports>({ inputs, console, stdout, stderr }: CommandSession<Ports>): Screen {
  const shown = inputs.output === 'json' ? stderr : stdout
  const live = shown.isTerminal && console.env.TERM !== 'dumb'
  const color = live && !console.env.NO_COLOR
  let view: View | undefined
  return {
    write: (text) => shown.write(text),
    view(plans) {
      const options = { diff: inputs.diff, plans, color, now: systemClock.now }
      view = live ? createTerminalView(shown, options) : createLogView(shown, options)
      return view
    },
    print(result) {
      const width = shown.isTerminal ? shown.columns() : 120
      const lines = endingLines(plainValue(result), { width, diff: inputs.diff })
      shown.write(`${paint(lines, color).join('\n')}\n`)
    },
    rest: () => view?.rest()
  }
}

/** Runs every group in one mode and shows it. */
interface Shown {
  mode: Mode
  plans: boolean
  asksNext: boolean
  notifier: Notifier
  book: ReportBook
  telemetry: Telemetry
}

async function runShown<Ports>(
  { inputs, caller, load, stderr }: CommandSession<Ports>,
  screen: Screen,
  signal: AbortSignal,
  { mode, plans, asksNext, notifier, book, telemetry }: Shown
): Promise<readonly Result[]> {
  const view = screen.view(plans)
  const ticks = setInterval(() => view.tick(systemClock.now()), tickMs)
  try {
    return await runGroups({
      caller,
      program: await load(),
      inputs: { ...inputs, settings: { ...inputs.settings, mode } },
      clock: systemClock,
      notifier,
      signal,
      reporter: {
        report(event) {
          book.report(event)
          telemetry.report(event)
          view.report(event)
        }
      },
      ended(result) {
        book.ended(result)
        telemetry.ended(result)
        view.rest()
        // Before a question the next command is what the question is about.
        screen.print(asksNext && result.outcome === 'planned' ? { ...result, next: undefined } : result)
      },
      bug(error) {
        view.rest()
        stderr.write(`${plainTrace(error)}\n`)
      }
    })
  } finally {
    clearInterval(ticks)
    view.rest()
  }
}

function ended<Ports>(
  results: readonly Result[],
  { inputs, stdout, stderr }: CommandSession<Ports>,
  screen: Screen,
  book: ReportBook
): number {
  const result = worst(results)
  const code = exitCode(result)
  const { path, problem } = book.write()
  if (path !== undefined) screen.write(`${plainText(reportSentence(path))}\n`)
  if (problem !== undefined) stderr.write(`${marks.warning} ${plainText(problem)}\n`)
  if (inputs.output === 'json') {
    stdout.write(`${jsonDocument(results, { outcome: result.outcome, exitCode: code }, version, path)}\n`)
  }
  return code
}

/** Modes that change something ask first, if a person is there. */
function asksFirst<Ports>({ inputs, console, stdout }: CommandSession<Ports>): boolean {
  const changes = ['upgrade', 'finalize', 'revert'].includes(inputs.settings.mode)
  const interactive = console.stdin.isTTY === true && stdout.isTerminal && inputs.output !== 'json'
  return changes && interactive && !inputs.yes
}

/** Nothing blocks any of the groups, and at least one has something to upgrade. */
function leavesAQuestion(looked: readonly Result[]): boolean {
  return looked.every((result) => exitCode(result) === 0) && looked.some(({ outcome }) => outcome === 'planned')
}

function question(mode: Mode, groups: readonly string[], cluster: string): string {
  const what = groups.length === 0 ? `the node group of ${cluster}` : groups.join(', ')
  switch (mode) {
    case 'finalize':
      return `Retire the old group of ${what}? This cannot be undone.`
    case 'revert':
      return `Revert ${what}?`
    default:
      return `Upgrade ${what}?`
  }
}

function resumeCommand<Ports>({ inputs, caller }: CommandSession<Ports>): string {
  const { mode, cluster } = inputs.settings
  const group = inputs.groups === 'all' ? '*' : inputs.groups.join(',')
  return caller.wording(`${mode} --cluster ${shellWord(cluster)}${group ? ` --group ${shellWord(group)}` : ''}`)
}

/** Several lines on purpose: this one is for the person who fixes the bug. */
function plainTrace(error: unknown): string {
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error)
  return text.split('\n').map(plainText).join('\n')
}
