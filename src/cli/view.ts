/** What a person sees during a run: lines, or a picture that is redrawn in place. */
import type { Event } from '../engine/model/report.ts'
import { createLog } from '../report/text/log.ts'
import type { OutputStream } from './output-stream.ts'

export interface View {
  report(event: Event): void
  /** To be called a few times a second with the time (ms since the epoch). */
  tick(at: number): void
  /** Leaves the last picture where it is; what is printed from now on goes below it. */
  rest(): void
}

export interface ViewOptions {
  diff: boolean
  /** Plans are shown; not where the person has just agreed to one. */
  plans: boolean
}

export function createLogView(stream: OutputStream, { diff, plans }: ViewOptions): View {
  const log = createLog({ times: true, diff })
  const print = (lines: readonly string[]) => {
    if (lines.length > 0) stream.write(`${lines.join('\n')}\n`)
  }
  return {
    report(event) {
      if (event.kind !== 'plan' || plans) print(log.lines(event))
    },
    tick: (at) => print(log.tick(at)),
    rest() {}
  }
}
