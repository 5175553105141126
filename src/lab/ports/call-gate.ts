/**
 * What lies between an engine and the lab: every call of a process passes here, takes its time, is seen by the observer,
 * and may meet a fault: it fails, its reply is lost, or the process dies before or after it took effect.
 */
import type { Clock } from '../../engine/model/clock.ts'
import type { SleepingClock } from '../clock.ts'

export interface PortCall {
  /** Counts the calls of one process, from 0. */
  index: number
  /** Host name of the process. */
  host: string
  service: 'aws' | 'kubernetes' | 'gate'
  /** Such as `SetInstanceProtection` or `POST pods/eviction`. */
  name: string
  /** Reviews of access ask and change nothing: they do not count as writes. */
  writes: boolean
  at: number
  /** AWS: the input of the action. Kubernetes: the body, if there is one. A gate: its name. */
  input: unknown
  /** Kubernetes only: method and path. */
  method?: string
  path?: string
}

export type CallFault =
  /** The process is killed: before the call is sent, or when it has taken effect and before the reply is heard. */
  | { kind: 'kill'; when: 'before' | 'after' }
  /** The call is not carried out, and this is thrown (AWS) or answered (Kubernetes). */
  | { kind: 'error'; error: unknown }
  | { kind: 'answer'; status: number; body: unknown; headers?: Record<string, string> }
  /** It takes effect, and the connection breaks before the reply is there. */
  | { kind: 'lose-reply' }
  /** It never arrives, and the connection breaks. */
  | { kind: 'lose-request' }
  | { kind: 'delay'; ms: number }

export interface CallGateOptions {
  /** There and back again, on the lab's clock; 20 ms unless it says more. */
  latencyMs?: number
  /** Decides what becomes of a call; asked once for each. */
  meet?(call: PortCall): CallFault | undefined
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
  call<T>(asked: CallRequest, work: () => T | Promise<T>, lost: () => unknown): Promise<T>
}

export type CallRequest = Omit<PortCall, 'index' | 'host' | 'at'>

/** Thrown inside `call` for a fault that answers instead of the server; only the Kubernetes port knows what to do with it. */
export class AnsweredInstead extends Error {
  readonly fault: Extract<CallFault, { kind: 'answer' }>
  constructor(fault: Extract<CallFault, { kind: 'answer' }>) {
    super('answered instead')
    this.fault = fault
  }
}

const never = <T>(): Promise<T> => new Promise<T>(() => {})

export function createProcess(clock: SleepingClock, host: string, options: CallGateOptions = {}): LabProcess {
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

  async function call<T>(asked: CallRequest, work: () => T | Promise<T>, lost: () => unknown): Promise<T> {
    if (!living) return never()
    const made: PortCall = { ...asked, index: calls.length, host, at: clock.now() }
    calls.push(made)
    const fault = options.meet?.(made)
    if (fault?.kind === 'kill' && fault.when === 'before') {
      kill()
      return never()
    }
    // What is on its way arrives, whatever becomes of its sender.
    await clock.sleep(halfway + (fault?.kind === 'delay' ? fault.ms : 0))
    if (fault?.kind === 'error') return back(() => Promise.reject(fault.error))
    if (fault?.kind === 'answer') return back(() => Promise.reject(new AnsweredInstead(fault)))
    if (fault?.kind === 'lose-request') return back(() => Promise.reject(lost()))
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
    if (fault?.kind === 'kill') {
      kill()
      return never()
    }
    return back(fault?.kind === 'lose-reply' ? () => Promise.reject(lost()) : answer)
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
