/** One command that does something: shows it, asks where a person is there to answer, stops when it is told to. */

import type { Result } from '../engine/model/report.ts'
import type { Mode } from '../engine/model/settings.ts'
import { shellWord } from '../engine/model/shell-word.ts'
import { exitCode, exitCodes, worst } from '../entry/exit-code.ts'
import { type Caller, type Program, runGroups } from '../entry/group-runs.ts'
import { systemClock } from '../entry/system-clock.ts'
import { version } from '../entry/version.ts'
import type { Inputs } from '../inputs/validate-inputs.ts'
import { plainText, plainValue } from '../report/escape.ts'
import { jsonDocument } from '../report/json/document.ts'
import { stoppedSentence } from '../report/sentences.ts'
import { endingLines } from '../report/text/plan-text.ts'
import { paint } from '../report/text/style.ts'
import type { Console } from './command.ts'
import type { OutputStream } from './output-stream.ts'
import { askYesOrNo } from './question.ts'
import { createTerminalView } from './terminal-view.ts'
import { createLogView, type View } from './view.ts'

/** The engine has this long to stop in order; the process is gone 2 s after the signal. */
const orderlyStopMs = 1_700
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

/** Returns the exit code. */
export async function runSession<Ports>(session: CommandSession<Ports>): Promise<number> {
  const { inputs, console, stdout, stderr } = session
  // With JSON stdout holds the one document and nothing else.
  const shown = inputs.output === 'json' ? stderr : stdout
  const color = shown.isTerminal && !console.env.NO_COLOR && console.env.TERM !== 'dumb'
  const live = shown.isTerminal && console.env.TERM !== 'dumb'
  const stop = new AbortController()
  let view: View = createLogView(shown, { diff: inputs.diff, plans: true })
  let stopped: (code: number) => void = () => {}
  const stoppedEarly = new Promise<number>((resolve) => {
    stopped = resolve
  })

  const restOnExit = () => view.rest()
  process.once('exit', restOnExit)
  let timer: NodeJS.Timeout | undefined
  const release = console.onStop(() => {
    // Somebody who asks twice means it.
    if (stop.signal.aborted) {
      view.rest()
      return console.exit(exitCodes.cancelled)
    }
    stop.abort()
    timer = setTimeout(() => {
      view.rest()
      const { mode, cluster } = inputs.settings
      const group = inputs.groups === 'all' ? '*' : inputs.groups.join(',') || undefined
      const named = group === undefined ? '' : ` --group ${shellWord(group)}`
      const next = session.caller.wording(`${mode} --cluster ${shellWord(cluster)}${named}`)
      shown.write(`${stoppedSentence(next)}\n`)
      stopped(exitCodes.cancelled)
    }, orderlyStopMs)
  })

  const runOnce = async (mode: Mode, plans: boolean, asksNext = false): Promise<readonly Result[]> => {
    const options = { diff: inputs.diff, plans, color, now: systemClock.now }
    view = live ? createTerminalView(shown, options) : createLogView(shown, options)
    const ticks = setInterval(() => view.tick(systemClock.now()), tickMs)
    const printed = (result: Result) => {
      view.rest()
      // Before a question the next command is what the question is about.
      print(asksNext && result.outcome === 'planned' ? { ...result, next: undefined } : result)
    }
    try {
      return await runGroups({
        caller: session.caller,
        program: await session.load(),
        inputs: { ...inputs, settings: { ...inputs.settings, mode } },
        clock: systemClock,
        signal: stop.signal,
        reporter: { report: (event) => view.report(event) },
        ended: printed,
        bug: (error) => {
          view.rest()
          stderr.write(`${plainTrace(error)}\n`)
        }
      })
    } finally {
      clearInterval(ticks)
      view.rest()
    }
  }

  const print = (result: Result) => {
    const width = shown.isTerminal ? shown.columns() : 120
    const lines = endingLines(plainValue(result), { width, diff: inputs.diff })
    shown.write(`${paint(lines, color).join('\n')}\n`)
  }

  const work = async (): Promise<number> => {
    const { mode } = inputs.settings
    const asks = asksFirst(mode) && !inputs.yes && console.stdin.isTTY === true && stdout.isTerminal && shown === stdout
    if (asks) {
      const looked = await runOnce(mode === 'upgrade' ? 'plan' : 'status', true, true)
      const goes = looked.every((result) => exitCode(result) === 0)
      // What the look has already answered needs no question: refused, or nothing to do.
      if (mode === 'upgrade' && (!goes || looked.every(({ outcome }) => outcome !== 'planned'))) return ended(looked)
      const groups = looked.map(({ group }) => plainText(group)).filter(Boolean)
      if (!(await askYesOrNo(question(mode, groups, inputs.settings.cluster), console, stop.signal))) {
        shown.write('Nothing was changed.\n')
        return exitCodes.cancelled
      }
    }
    return ended(await runOnce(mode, !asks))
  }

  const ended = (results: readonly Result[]): number => {
    const result = worst(results)
    const code = exitCode(result)
    if (inputs.output === 'json') {
      stdout.write(`${jsonDocument(results, { outcome: result.outcome, exitCode: code }, version)}\n`)
    }
    return code
  }

  try {
    return await Promise.race([work(), stoppedEarly])
  } finally {
    clearTimeout(timer)
    release()
    process.off('exit', restOnExit)
  }
}

function asksFirst(mode: Mode): boolean {
  return mode === 'upgrade' || mode === 'finalize' || mode === 'revert'
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

/** Several lines on purpose: this one is for the person who fixes the bug. */
function plainTrace(error: unknown): string {
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error)
  return text.split('\n').map(plainText).join('\n')
}
