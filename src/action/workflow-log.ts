/** The step's log: a group a stage, a line when something changes, few warnings as annotations. */
import type { Event, Result } from '../engine/model/report.ts'
import { type AnnotatedWarning, annotation, mostWarnings, warningsOf } from '../report/github/annotations.ts'
import { stagePurpose } from '../report/sentences.ts'
import { debugLines } from '../report/text/debug.ts'
import { createLog } from '../report/text/log.ts'
import { endingLines } from '../report/text/plan-text.ts'
import { plainLine } from '../report/text/style.ts'
import type { Runner } from './runner.ts'

export interface WorkflowLog {
  report(event: Event): void
  tick(at: number): void
  lines(lines: readonly string[]): void
  /** How a run ended, in the log; annotations are a matter of the whole step. */
  ending(result: Result): void
  /** Says how many warnings there were besides those that were shown. */
  close(): void
}

export function createWorkflowLog(
  runner: Pick<Runner, 'print' | 'debug' | 'annotate' | 'startGroup' | 'endGroup'>
): WorkflowLog {
  const log = createLog({ times: false, diff: true })
  const seen = new Set<string>()
  let open = false

  const lines = (texts: readonly string[]) => {
    for (const text of texts) runner.print(text)
  }
  const closeGroup = () => {
    if (open) runner.endGroup()
    open = false
  }
  const warn = (warning: AnnotatedWarning) => {
    const key = `${warning.title}\n${warning.text}`
    if (seen.has(key)) return
    seen.add(key)
    if (seen.size <= mostWarnings) runner.annotate(annotation('warning', warning.title, [warning.text]))
  }

  const report = (event: Event) => {
    if (event.kind === 'stage' && event.state === 'began') {
      closeGroup()
      runner.startGroup(`${event.stage}: ${stagePurpose[event.stage]}`)
      open = true
      return
    }
    // The end of a stage and a change of direction are to be seen without opening a group.
    if (event.kind === 'stage' || event.kind === 'turned') closeGroup()
    lines(log.lines(event))
    for (const line of debugLines(event)) runner.debug(line)
    for (const warning of warningsOf(event)) warn(warning)
  }

  return {
    report,
    tick: (at) => lines(log.tick(at)),
    lines,
    ending(result) {
      closeGroup()
      lines(endingLines(result, { width: 120, diff: true }).map(plainLine))
    },
    close() {
      closeGroup()
      const more = seen.size - mostWarnings
      if (more > 0) runner.annotate(annotation('warning', 'More warnings', [`${more} more: see the job summary`]))
    }
  }
}
