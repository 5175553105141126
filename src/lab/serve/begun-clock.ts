/** Time for a world that others come to: its past is made at once, and from then on it is their time as well. */
import { generator, hurriedClock, type ScaledClock, type SleepingClock, sleepOn, virtualClock } from '../clock.ts'

export interface BegunClock extends SleepingClock {
  /** Makes the past, in which `work` is done, as fast as it can be computed; it ends now. From then on it is real time. */
  begin<T>(work: () => Promise<T>): Promise<T>
  /** Nothing that was to happen later happens any more. */
  stop(): void
}

interface Waiting {
  at: number
  work: () => void
  cancel(): void
}

/** `pastMs`: how long the past is. After it, everything that is to happen later happens `speed` times sooner. */
export function begunClock({ speed, pastMs }: { speed: number; pastMs: number }): BegunClock {
  const past = virtualClock({ startAt: Date.now() - pastMs })
  const present: ScaledClock = hurriedClock({ speed })
  const waiting = new Set<Waiting>()
  let live = false

  function after(ms: number, work: () => void): () => void {
    if (live) return present.after(ms, work)
    const entry: Waiting = { at: past.now() + Math.max(0, ms), work, cancel: () => {} }
    entry.cancel = past.after(ms, () => done(entry))
    waiting.add(entry)
    return () => {
      waiting.delete(entry)
      entry.cancel()
    }
  }

  function done(entry: Waiting): void {
    waiting.delete(entry)
    entry.work()
  }

  function goLive(): void {
    live = true
    const now = past.now()
    for (const entry of [...waiting].sort((a, b) => a.at - b.at)) {
      entry.cancel()
      entry.cancel = present.after(entry.at - now, () => done(entry))
    }
  }

  const clock = { now: () => (live ? present.now() : past.now()), after, random: generator(1) }
  return {
    ...clock,
    sleep: sleepOn(clock),
    async begin(work) {
      const result = await past.run(work())
      await past.run(past.sleep(Date.now() - past.now()))
      goLive()
      return result
    },
    stop: present.stop
  }
}
