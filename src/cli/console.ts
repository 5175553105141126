/** Everything that the command line has of its process. */
import type { NodeStream } from './output-stream.ts'

export type StopSignal = 'SIGINT' | 'SIGTERM' | 'SIGHUP'

export interface Console {
  stdin: NodeJS.ReadableStream & { isTTY?: boolean }
  stdout: NodeStream
  stderr: NodeStream
  env: Readonly<Record<string, string | undefined>>
  /** The program as it was started, ready to be pasted. */
  program: string
  /** Calls back for every signal that asks to stop, until the returned function is called. */
  onStop(listener: (signal: StopSignal) => void): () => void
  /** Ends the process at once. */
  exit(code: number): void
}
