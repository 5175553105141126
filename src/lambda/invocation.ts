/** Everything that an invocation has of its process and of Lambda. */
import type { Clock } from '../engine/model/clock.ts'
import type { Program } from '../entry/group-runs.ts'

/** What Lambda's runtime gives beside the event, as far as it is used. */
export interface LambdaContext {
  functionName: string
  awsRequestId: string
  getRemainingTimeInMillis(): number
}

export interface Invocation<Ports> {
  event: unknown
  context: LambdaContext
  env: Readonly<Record<string, string | undefined>>
  clock: Clock
  program: Program<Ports>
  /** A line of the function's log. */
  print(line: string): void
  /** Ends the process: what hangs must not be thawed with the next invocation. */
  exit(): void
}
