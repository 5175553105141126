/** The function's log: the lines that a workflow would show, one entry each. */
import type { Clock } from '../engine/model/clock.ts'
import type { Event, Result } from '../engine/model/report.ts'
import { plainText, plainValue } from '../report/escape.ts'
import { createLog } from '../report/text/log.ts'
import { endingLines } from '../report/text/plan-text.ts'
import { plainLine } from '../report/text/style.ts'

const tickMs = 1_000
const width = 120

export function openLog(print: (line: string) => void, clock: Clock) {
  const log = createLog({ times: false, diff: false })
  const all = (lines: readonly string[]) => {
    for (const line of lines) if (line !== '') print(line)
  }
  const ticks = setInterval(() => all(log.tick(clock.now())), tickMs)
  return {
    report: (event: Event) => all(log.lines(event)),
    /** A slice that only stopped has its sentence in the answer. */
    ended(result: Result) {
      if (result.outcome === 'cancelled') print('The time of this slice is over.')
      else all(endingLines(plainValue(result), { width, diff: false }).map(plainLine))
    },
    bug(error: unknown) {
      const text = error instanceof Error ? (error.stack ?? error.message) : String(error)
      print(text.split('\n').map(plainText).join('\n'))
    },
    close: () => clearInterval(ticks)
  }
}
