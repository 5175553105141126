import { workflowLine } from '../report/escape.ts'

/** A stream that may be closed by its reader at any time (`| head`): the run continues, and the rest is not written. */
export interface OutputStream {
  write(text: string): void
  isTerminal: boolean
  columns(): number
  rows(): number
}

/** What is used of process.stdout and process.stderr. */
export interface NodeStream {
  write(text: string): unknown
  on(event: 'error', listener: (error: Error) => void): unknown
  isTTY?: boolean
  columns?: number
  rows?: number
}

const gone = new Set(['EPIPE', 'EIO', 'ECONNRESET', 'ERR_STREAM_DESTROYED', 'ERR_STREAM_WRITE_AFTER_END'])

/** `inWorkflow`: the runner reads along and takes some lines for commands; a name in one must not become one. */
export function outputStream(stream: NodeStream, inWorkflow = false): OutputStream {
  let closed = false
  // A JSON document has no such line, and its values stay what they are.
  const harmless = (text: string) => (text.startsWith('{') ? text : text.split('\n').map(workflowLine).join('\n'))
  stream.on('error', (error) => {
    if (!gone.has((error as NodeJS.ErrnoException).code ?? '')) throw error
    closed = true
  })
  return {
    write(text) {
      if (!closed) stream.write(inWorkflow && !stream.isTTY ? harmless(text) : text)
    },
    isTerminal: stream.isTTY === true,
    // A terminal that does not know its size (a serial line, some CI) is an ordinary one.
    columns: () => stream.columns || 80,
    rows: () => stream.rows || 24
  }
}
