/** Plays a scenario for a person to watch: the same picture and lines as the command line has for a real cluster. */

import type { Reporter } from '../../engine/model/report.ts'
import { worded, wordedReporter } from '../../entry/group-runs.ts'
import { type SleepingClock, scaledClock } from '../../lab/clock.ts'
import { type PlayedScenario, playScenario } from '../../lab/simulation/run-scenario.ts'
import type { Scenario } from '../../lab/simulation/scenario.ts'
import { typedAs } from '../../report/commands.ts'
import { plainValue } from '../../report/escape.ts'
import { endingLines } from '../../report/text/plan-text.ts'
import { paint } from '../../report/text/style.ts'
import { type OutputStream, outputStream } from '../output-stream.ts'
import { createTerminalView } from '../terminal-view.ts'
import { createLogView, type View } from '../view.ts'
import type { Watch } from './watch.ts'

export interface LabStreams {
  stdout: Parameters<typeof outputStream>[0]
  stderr: Parameters<typeof outputStream>[0]
  env: Readonly<Record<string, string | undefined>>
  /** The program as it was started, ready to be pasted. */
  program: string
  /** Instead of one that runs this many times faster than real time; for tests, which must not depend on real time. */
  clock?: (speed: number) => ShowClock
}

/** A clock that may have to be run to move on, and stopped to end. */
export interface ShowClock extends SleepingClock {
  run?<T>(work: Promise<T>): Promise<T>
  stop?(): void
}

export interface Screen {
  out: OutputStream
  color: boolean
  live: boolean
  program: string
  clock: (speed: number) => ShowClock
  /** A page that follows what is shown. */
  watch?: Watch
}

const tickMs = 100

export function screenOf({ stdout, env, program, clock = (speed) => scaledClock({ speed }) }: LabStreams): Screen {
  const out = outputStream(stdout)
  const able = out.isTerminal && env.TERM !== 'dumb'
  return { out, color: able && !env.NO_COLOR, live: able, program, clock }
}

/** `speed` times faster than real time. */
export async function show(scenario: Scenario, speed: number, screen: Screen): Promise<PlayedScenario> {
  const { out, color, live, watch } = screen
  const clock = screen.clock(speed)
  const wording = typedAs(screen.program)
  const told: Reporter = {
    report(event) {
      watch?.report(event)
      view.report(event)
    }
  }
  const reporter = wordedReporter(told, wording)
  const options = { diff: false, plans: true }
  const newView = (): View =>
    live ? createTerminalView(out, { ...options, color, now: clock.now }) : createLogView(out, options)
  let view = newView()
  const rest = () => view.rest()
  // A cursor that was hidden comes back however the process ends.
  process.once('exit', rest)
  const ticks = setInterval(() => view.tick(clock.now()), tickMs)
  try {
    const played = playScenario(scenario, clock, {
      begins({ mode = 'upgrade', kill, cancel }, index) {
        view = newView()
        const fault = kill ? ', killed before completion' : cancel ? ', stopped before completion' : ''
        if (scenario.steps.length > 1 || fault) out.write(`\n--- ${index + 1}. ${mode}${fault}\n`)
      },
      tell: (event) => reporter.report(event),
      ends(result) {
        view.rest()
        const ending = result && worded(result, { always: [], upgrade: [] }, wording)
        watch?.ended(ending)
        if (!ending) return out.write('--- The process was killed.\n')
        const width = out.isTerminal ? out.columns() : 120
        out.write(`\n${paint(endingLines(plainValue(ending), { width, diff: false }), color).join('\n')}\n`)
      }
    })
    return await (clock.run ? clock.run(played) : played)
  } finally {
    clearInterval(ticks)
    rest()
    process.off('exit', rest)
    clock.stop?.()
  }
}

/** What the prober saw, in one sentence. */
export function proberSentence({ observer, scenario }: Pick<PlayedScenario, 'observer' | 'scenario'>): string {
  const { workloads, changes } = observer.seen
  const followed = `The prober watched ${workloads} workloads through ${changes} pod changes`
  const gaps = observer.gaps.map(({ workload, at, untilAt }) => {
    const agreed = scenario.mayBeDown?.includes(workload) ? ', as allowed' : ''
    return `${workload} for ${untilAt === undefined ? 'good' : `${Math.round((untilAt - at) / 1000)} s`}${agreed}`
  })
  return gaps.length === 0
    ? `${followed}: none was ever without a ready pod.`
    : `${followed}. Without a ready pod: ${gaps.join(', ')}.`
}
