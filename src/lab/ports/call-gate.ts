/**
 * What lies between an engine and the lab: every call of a process passes here, takes its time, is seen by whoever watches,
 * and may meet a fate: it fails, its reply is lost, or the process dies before or after it took effect.
 */
import type { Clock } from '../../engine/model/clock.ts'
import type { SleepingClock } from '../clock.ts'

export interface PortCall {
  /** Counts the calls of one process, from 0. */
  index: number
  /** Host name of the process. */
  host: string
  service: 'aws' | 'kubernetes'
  /** Such as `SetInstanceProtection` or `POST pods/eviction`. */
  name: string
  /** Reviews of access ask and change nothing: they do not count as writes. */
  writes: boolean
  at: number
  /** AWS: the input of the action. Kubernetes: the body, if there is one. */
  input: unknown
  /** Kubernetes only: method and path. */
  method?: string
  path?: string
}

export type Fate =
  /** The process is killed: before the call is sent, or when it has taken effect and nobody has heard the reply. */
  | { kind: 'kill'; when: 'before' | 'after' }
  /** The call is not carried out, and this is thrown (AWS) or answered (Kubernetes). */
  | { kind: 'error'; error: unknown }
  | { kind: 'answer'; status: number; body: unknown; headers?: Record<string, string> }
  /** It takes effect, and the connection breaks before the reply is there. */
  | { kind: 'lose-reply' }
  /** It never arrives, and the connection breaks. */
  | { kind: 'lose-request' }
  | { kind: 'delay'; ms: number }

export interface WireOptions {
  /** There and back again, on the lab's clock; 20 ms unless it says more. */
  latencyMs?: number
  /** Decides what becomes of a call; asked once for each. */
  meet?(call: PortCall): Fate | undefined
  /** Told right before a call takes effect, and right after. Not told of calls that do not. */
  sees?(call: PortCall, when: 'before' | 'after', failed: boolean): void
}

/** A process that runs an engine, and that may be killed at any instant. */
export interface LabProcess {
  readonly host: string
  readonly calls: readonly PortCall[]
  /** Stands still once the process is dead. */
  readonly clock: Clock
  alive(): boolean
  kill(): void
  /** Resolves when it is killed. */
  died: Promise<void>
  /** Carries a call out. `lost` makes the error of a broken connection. */
  call<T>(asked: Asked, work: () => T | Promise<T>, lost: () => unknown): Promise<T>
}

export type Asked = Omit<PortCall, 'index' | 'host' | 'at'>

/** Thrown inside `call` for a fate that answers instead of the server; only the Kubernetes port knows what to do with it. */
export class AnsweredInstead extends Error {
  readonly fate: Extract<Fate, { kind: 'answer' }>
  constructor(fate: Extract<Fate, { kind: 'answer' }>) {
    super('answered instead')
    this.fate = fate
  }
}

const never = <T>(): Promise<T> => new Promise<T>(() => {})

export function createProcess(clock: SleepingClock, host: string, options: WireOptions = {}): LabProcess {
  const halfway = (options.latencyMs ?? 20) / 2
  const calls: PortCall[] = []
  let living = true
  let die = (): void => {}
  const died = new Promise<void>((resolve) => {
    die = resolve
  })

  function kill(): void {
    living = false
    die()
  }

  async function call<T>(asked: Asked, work: () => T | Promise<T>, lost: () => unknown): Promise<T> {
    if (!living) return never()
    const made: PortCall = { ...asked, index: calls.length, host, at: clock.now() }
    calls.push(made)
    const fate = options.meet?.(made)
    if (fate?.kind === 'kill' && fate.when === 'before') {
      kill()
      return never()
    }
    // What is on its way arrives, whatever becomes of its sender.
    await clock.sleep(halfway + (fate?.kind === 'delay' ? fate.ms : 0))
    if (fate?.kind === 'error') return back(() => Promise.reject(fate.error))
    if (fate?.kind === 'answer') return back(() => Promise.reject(new AnsweredInstead(fate)))
    if (fate?.kind === 'lose-request') return back(() => Promise.reject(lost()))
    let answer: () => Promise<T>
    let failed = false
    options.sees?.(made, 'before', false)
    try {
      const value = await work()
      answer = () => Promise.resolve(value)
    } catch (error) {
      failed = true
      answer = () => Promise.reject(error)
    }
    options.sees?.(made, 'after', failed)
    if (fate?.kind === 'kill') {
      kill()
      return never()
    }
    return back(fate?.kind === 'lose-reply' ? () => Promise.reject(lost()) : answer)
  }

  async function back<T>(answer: () => Promise<T>): Promise<T> {
    await clock.sleep(halfway)
    return living ? answer() : never()
  }

  return {
    host,
    calls,
    died,
    kill,
    alive: () => living,
    clock: {
      now: clock.now,
      async sleep(ms, signal) {
        if (!living) return never()
        await clock.sleep(ms, signal).catch(() => {})
        return living ? undefined : never()
      }
    },
    call
  }
}
