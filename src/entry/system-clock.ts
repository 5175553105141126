import type { Clock } from '../engine/model/clock.ts'

let latest = 0

/**
 * The machine's own time, which never goes back: a lease, a deadline and a soak must not begin again because the
 * wall clock was set back. It jumps forward with the wall clock (a machine that slept), because then a lease may be over. A sleep
 * keeps the process alive until it ends or its signal is aborted.
 */
export const systemClock: Clock = {
  now() {
    latest = Math.max(latest, Date.now(), Math.floor(performance.timeOrigin + performance.now()))
    return latest
  },
  sleep: (ms, signal) =>
    new Promise((resolve) => {
      if (signal?.aborted) return resolve()
      const end = () => {
        clearTimeout(timer)
        signal?.removeEventListener('abort', end)
        resolve()
      }
      const timer = setTimeout(end, ms)
      signal?.addEventListener('abort', end, { once: true })
    })
}
