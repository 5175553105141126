import { createInterface } from 'node:readline/promises'
import type { Console } from './console.ts'

/** Anything but a yes is a no; so are a closed input and a signal. */
export async function askYesOrNo(
  question: string,
  { stdin, stdout }: Pick<Console, 'stdin' | 'stdout'>,
  signal: AbortSignal
): Promise<boolean> {
  const lines = createInterface({ input: stdin, output: stdout as NodeJS.WritableStream })
  // A terminal in line mode turns Ctrl-C into this event instead of a signal.
  const interrupted = new AbortController()
  lines.on('SIGINT', () => process.emit('SIGINT'))
  lines.on('close', () => interrupted.abort())
  try {
    const answer = await lines.question(`${question} [y/N] `, { signal: AbortSignal.any([signal, interrupted.signal]) })
    return /^y(es)?$/i.test(answer.trim())
  } catch {
    return false
  } finally {
    lines.close()
  }
}
