/**
 * An orderly stop of a process: the engine is told by its signal and has a moment to bring the run into a safe state.
 * Then the process ends, whether or not the engine has answered.
 */

/** A person or a runner waits no longer than 2 s after a signal. */
const orderlyStopMs = 1_700

export interface StopRequest {
  /** Calls back for every signal that asks to stop, until the returned function is called. */
  onStop(listener: () => void): () => void
  /** Stops by itself after this long, in ms. */
  limitMs?: number
  /** The engine has this long to stop cleanly, in ms; 1.7 s unless it is said. */
  graceMs?: number
  /** The engine has not answered in time: says how to resume. */
  late(): void
  /** Asked to stop a second time. */
  again?(): void
}

export interface OrderlyStop {
  /** For the engine. */
  signal: AbortSignal
  /** The work's value; undefined if it did not stop in time and the process is to end without it. */
  unless<T>(work: Promise<T>): Promise<T | undefined>
}

export function orderlyStop({ onStop, limitMs, graceMs = orderlyStopMs, late, again }: StopRequest): OrderlyStop {
  const stop = new AbortController()
  const timers: NodeJS.Timeout[] = []
  const givenUp = Promise.withResolvers<undefined>()
  const begin = () => {
    if (stop.signal.aborted) return again?.()
    stop.abort()
    timers.push(
      setTimeout(() => {
        late()
        givenUp.resolve(undefined)
      }, graceMs)
    )
  }
  const release = onStop(begin)
  if (limitMs !== undefined) timers.push(setTimeout(begin, limitMs))
  return {
    signal: stop.signal,
    async unless(work) {
      try {
        return await Promise.race([work, givenUp.promise])
      } finally {
        release()
        for (const timer of timers) clearTimeout(timer)
      }
    }
  }
}
