/** Waiting and taking turns. */

/** True after `ms`, false as soon as `signal` is aborted. */
export function waitUnlessAborted(ms: number, signal?: AbortSignal): Promise<boolean> {
  if (signal?.aborted) return Promise.resolve(false)
  return new Promise((resolve) => {
    const done = (slept: boolean): void => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', abort)
      resolve(slept)
    }
    const abort = (): void => done(false)
    const timer = setTimeout(done, ms, true)
    signal?.addEventListener('abort', abort, { once: true })
  })
}

export type Slots = <T>(work: () => Promise<T>, signal?: AbortSignal) => Promise<T>

/** Runs at most `count` at once, in the order of asking. Whoever is aborted while waiting does not run at all. */
export function slots(count: number): Slots {
  let running = 0
  const waiting: (() => void)[] = []

  const enter = (signal: AbortSignal | undefined): Promise<void> => {
    if (running < count) {
      running++
      return Promise.resolve()
    }
    return new Promise((resolve, reject) => {
      const go = (): void => {
        signal?.removeEventListener('abort', abort)
        resolve()
      }
      const abort = (): void => {
        waiting.splice(waiting.indexOf(go), 1)
        reject(signal?.reason)
      }
      waiting.push(go)
      signal?.addEventListener('abort', abort, { once: true })
    })
  }

  const leave = (): void => {
    const next = waiting.shift()
    if (next) next()
    else running--
  }

  return async (work, signal) => {
    signal?.throwIfAborted()
    await enter(signal)
    try {
      return await work()
    } finally {
      leave()
    }
  }
}
