/** Plays a scenario before the eyes of a person: the same picture and lines as the command line has for a real cluster. */

import { worded, wordedReporter } from '../../entry/group-runs.ts'
import { scaledClock } from '../../lab/clock.ts'
import { type Played, play } from '../../lab/simulation/run-scenario.ts'
import type { Scenario } from '../../lab/simulation/scenario.ts'
import { typedAs } from '../../report/commands.ts'
import { plainValue } from '../../report/escape.ts'
import { endingLines } from '../../report/text/plan-text.ts'
import { paint } from '../../report/text/style.ts'
import { type OutputStream, outputStream } from '../output-stream.ts'
import { createTerminalView } from '../terminal-view.ts'
import { createLogView, type View } from '../view.ts'

export interface LabStreams {
  stdout: Parameters<typeof outputStream>[0]
  stderr: Parameters<typeof outputStream>[0]
  env: Readonly<Record<string, string | undefined>>
}

export interface Screen {
  out: OutputStream
  color: boolean
  live: boolean
}

const tickMs = 100

export function screenOf({ stdout, env }: LabStreams): Screen {
  const out = outputStream(stdout)
  const able = out.isTerminal && env.TERM !== 'dumb'
  return { out, color: able && !env.NO_COLOR, live: able }
}

/** `speed` times faster than life. */
export async function show(scenario: Scenario, speed: number, screen: Screen): Promise<Played> {
  const { out, color, live } = screen
  const clock = scaledClock({ speed })
  const wording = typedAs('eks-node-upgrade')
  const reporter = wordedReporter({ report: (event) => view.report(event) }, wording)
  const options = { diff: false, plans: true }
  const newView = (): View =>
    live ? createTerminalView(out, { ...options, color, now: clock.now }) : createLogView(out, options)
  let view = newView()
  const rest = () => view.rest()
  // A cursor that was hidden comes back however the process ends.
  process.once('exit', rest)
  const ticks = setInterval(() => view.tick(clock.now()), tickMs)
  try {
    return await play(scenario, clock, {
      begins({ mode = 'upgrade', kill, cancel }, index) {
        view = newView()
        const fate = kill ? ', and is killed on the way' : cancel ? ', and is stopped on the way' : ''
        if (scenario.steps.length > 1 || fate) out.write(`\n--- ${index + 1}. ${mode}${fate}\n`)
      },
      tell: (event) => reporter.report(event),
      ends(result) {
        view.rest()
        if (!result) return out.write('--- The process was killed.\n')
        const told = worded(result, { always: [], upgrade: [] }, wording)
        const width = out.isTerminal ? out.columns() : 120
        out.write(`\n${paint(endingLines(plainValue(told), { width, diff: false }), color).join('\n')}\n`)
      }
    })
  } finally {
    clearInterval(ticks)
    rest()
    process.off('exit', rest)
    clock.stop()
  }
}

/** What the prober saw, in one sentence. */
export function proberSentence({ observer, scenario }: Pick<Played, 'observer' | 'scenario'>): string {
  const { workloads, changes } = observer.seen
  const followed = `The prober followed ${workloads} workloads through ${changes} comings and goings of pods`
  const gaps = observer.gaps.map(({ workload, at, untilAt }) => {
    const agreed = scenario.mayBeDown?.includes(workload) ? ' (as agreed)' : ''
    return `${workload} for ${untilAt === undefined ? 'good' : `${Math.round((untilAt - at) / 1000)} s`}${agreed}`
  })
  return gaps.length === 0
    ? `${followed}: 0 moments in which one had no ready pod.`
    : `${followed}: ${gaps.length} moments in which one had no ready pod: ${gaps.join(', ')}.`
}
