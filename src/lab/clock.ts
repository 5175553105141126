/**
 * Time and chance for the lab. Everything that the lab does later goes through one of these clocks, so that a whole
 * upgrade runs in milliseconds in a test (virtual) or faster than real time for a person to watch (scaled).
 */
export interface LabClock {
  /** Milliseconds since the epoch. */
  now(): number
  /** Does `work` once, `ms` milliseconds from now. The function that comes back takes it off again. */
  after(ms: number, work: () => void): () => void
  /** In [0, 1); the same sequence for the same seed. */
  random(): number
}

export interface SleepingClock extends LabClock {
  /** Rejects with the reason of the signal when that aborts first. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>
}

export interface VirtualClock extends SleepingClock {
  /** Moves time on, event by event, until `main` settles. Rejects when nothing could ever settle it, or too much happens. */
  run<T>(main: Promise<T>): Promise<T>
}

interface Event {
  at: number
  order: number
  work: (() => void) | undefined
}

const START = Date.UTC(2026, 0, 5, 9)
// Callers in one process only use promises and this clock. A chain of promises is drained by one turn; a few more let
// through what goes by way of setImmediate itself.
const QUIET_TURNS = 3

/** Time that stands still until all is quiet and then jumps to the next event. */
export function virtualClock(options: { startAt?: number; seed?: number; maxEvents?: number } = {}): VirtualClock {
  let now = options.startAt ?? START
  let order = 0
  let happened = 0
  const maxEvents = options.maxEvents ?? 5_000_000
  const events = heap()

  function after(ms: number, work: () => void): () => void {
    const event: Event = { at: now + Math.max(0, Number.isFinite(ms) ? ms : 0), order: order++, work }
    events.push(event)
    return () => {
      event.work = undefined
    }
  }

  function next(): Event | undefined {
    let event = events.pop()
    while (event && !event.work) event = events.pop()
    return event
  }

  async function run<T>(main: Promise<T>): Promise<T> {
    let settled = false
    const watched = main.finally(() => {
      settled = true
    })
    watched.catch(() => {}) // The caller gets it from the return below; until then there is no listener.
    while (true) {
      for (let turn = 0; turn < QUIET_TURNS && !settled; turn++) await quietTurn()
      if (settled) return watched
      const event = next()
      if (!event)
        throw new Error(`deadlock at ${new Date(now).toISOString()}: something is awaited and nothing will happen`)
      if (++happened > maxEvents)
        throw new Error(`more than ${maxEvents} events by ${new Date(now).toISOString()}: a loop without an end`)
      now = Math.max(now, event.at)
      event.work?.()
      event.work = undefined
      drainNow()
    }
  }

  // Work that waits for no promise (timers of controllers, mostly) needs no turn between two events of one instant.
  function drainNow(): void {
    let event = events.peek()
    while (event && event.at <= now) {
      events.pop()
      if (event.work) {
        if (++happened > maxEvents)
          throw new Error(`more than ${maxEvents} events by ${new Date(now).toISOString()}: a loop without an end`)
        event.work()
        event.work = undefined
      }
      event = events.peek()
    }
  }

  const clock: LabClock = { now: () => now, after, random: generator(options.seed ?? 1) }
  return { ...clock, sleep: sleepOn(clock), run }
}

export interface ScaledClock extends SleepingClock {
  /** Nothing that was to happen later happens any more: a world whose controllers never rest would hold the process. */
  stop(): void
}

/** Real timers, `speed` times faster than real time; `now` runs that much faster as well, beginning at the real time. */
export function scaledClock(options: { speed: number; seed?: number }): ScaledClock {
  const { speed } = options
  if (!(speed > 0 && Number.isFinite(speed))) throw new RangeError(`speed must be a positive number, not ${speed}`)
  const wallStart = Date.now()
  const start = performance.now()
  const now = () => Math.floor(wallStart + (performance.now() - start) * speed)
  return timedClock(now, speed, 1, options.seed)
}

/**
 * Time as in life, in which everything that is to happen later happens `speed` times sooner. For callers from outside, who
 * compare what the lab wrote with a clock of their own.
 */
export function hurriedClock(options: { speed: number; seed?: number }): ScaledClock {
  const { speed } = options
  if (!(speed > 0 && Number.isFinite(speed))) throw new RangeError(`speed must be a positive number, not ${speed}`)
  return timedClock(() => Date.now(), 1, speed, options.seed)
}

/** `speed`: how much faster `now` runs than real time; `haste`: how much sooner than requested work is done. */
function timedClock(now: () => number, speed: number, haste: number, seed = 1): ScaledClock {
  const open = new Set<() => void>()
  let stopped = false
  const clock: LabClock = {
    now,
    after(ms, work) {
      if (stopped) return () => {}
      const due = now() + Math.max(0, ms) / haste
      const cancel = () => {
        clearTimeout(timer)
        open.delete(cancel)
      }
      // Timers are whole milliseconds and may fire a little early; work never sees a time before its own. Node's timers
      // hold 31 bits.
      const wait = () => setTimeout(ring, Math.min(2 ** 31 - 1, Math.ceil((due - now()) / speed)))
      const ring = () => {
        if (now() < due) {
          timer = wait()
          return
        }
        open.delete(cancel)
        work()
      }
      let timer = wait()
      open.add(cancel)
      return cancel
    },
    random: generator(seed)
  }
  return {
    ...clock,
    sleep: sleepOn(clock),
    stop() {
      stopped = true
      for (const cancel of [...open]) cancel()
    }
  }
}

export function sleepOn(clock: LabClock): SleepingClock['sleep'] {
  return (ms, signal) =>
    new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason)
      const cancel = clock.after(ms, () => {
        signal?.removeEventListener('abort', abort)
        resolve()
      })
      function abort(): void {
        cancel()
        reject(signal?.reason)
      }
      signal?.addEventListener('abort', abort, { once: true })
    })
}

function quietTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

/** mulberry32: small, fast, the same on every platform. */
export function generator(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
  }
}

function heap() {
  const items: Event[] = []
  const before = (a: Event, b: Event) => a.at < b.at || (a.at === b.at && a.order < b.order)

  function push(event: Event): void {
    let i = items.push(event) - 1
    while (i > 0) {
      const parent = (i - 1) >> 1
      if (!before(event, items[parent] as Event)) break
      items[i] = items[parent] as Event
      i = parent
    }
    items[i] = event
  }

  function pop(): Event | undefined {
    const top = items[0]
    const last = items.pop()
    if (!last || items.length === 0) return top
    let i = 0
    while (true) {
      let child = 2 * i + 1
      if (child >= items.length) break
      if (child + 1 < items.length && before(items[child + 1] as Event, items[child] as Event)) child++
      if (!before(items[child] as Event, last)) break
      items[i] = items[child] as Event
      i = child
    }
    items[i] = last
    return top
  }

  return { push, pop, peek: () => items[0] }
}
