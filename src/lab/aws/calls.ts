/** Every call to the lab's AWS passes here: it is recorded, and a fault may apply to it. */
import type { LabClock } from '../clock.ts'
import { type AwsFaults, errorOf, type FaultKind } from './faults.ts'
import { ConnectionLost, LabAwsError, type Service } from './lab-aws-error.ts'

export interface RecordedCall {
  service: Service
  /** As AWS names it: `SetDesiredCapacity`. */
  action: string
  /** Milliseconds since the epoch, on the lab's clock. */
  at: number
  fault?: FaultKind
  /** The code of the error; `ConnectionLost` if no answer came. Absent while the call runs and if it succeeded. */
  error?: string
}

export interface Gate {
  readonly calls: RecordedCall[]
  /** `input` is only compared, to recognize an equal call. */
  perform<T>(service: Service, action: string, work: () => T, input?: unknown): Promise<T>
}

export function gate(clock: LabClock, faults: AwsFaults): Gate {
  const calls: RecordedCall[] = []
  const answers = new Map<string, unknown>()

  async function perform<T>(service: Service, action: string, work: () => T, input?: unknown): Promise<T> {
    const call: RecordedCall = { service, action, at: clock.now() }
    calls.push(call)
    const fault = faults.take(service, action)
    if (fault) call.fault = fault.kind
    try {
      if (fault?.kind === 'delay') await new Promise<void>((done) => clock.after((fault.seconds ?? 1) * 1000, done))
      const refusal = fault && errorOf(service, fault)
      if (refusal) throw refusal
      // A copy, so that no caller holds a part of the lab's own state.
      const result = structuredClone(fault?.kind === 'stale' ? remembered(service, action, input, work) : work())
      if (action.startsWith('Describe')) answers.set(question(service, action, input), result)
      if (fault?.kind === 'lose-reply') throw new ConnectionLost('socket hang up')
      return result
    } catch (error) {
      call.error =
        error instanceof LabAwsError ? error.Code : error instanceof ConnectionLost ? 'ConnectionLost' : 'Bug'
      throw error
    }
  }

  const question = (service: Service, action: string, input: unknown) => `${service}:${action}:${JSON.stringify(input)}`

  function remembered<T>(service: Service, action: string, input: unknown, work: () => T): T {
    return (answers.get(question(service, action, input)) as T | undefined) ?? work()
  }

  return { calls, perform }
}

type Actions = { [action: string]: (input: never, ...more: never[]) => unknown }
/** The same functions as calls: they take time, are recorded, and may fail. */
export type Served<T extends Actions> = {
  [Action in keyof T]: (...input: Parameters<T[Action]>) => Promise<ReturnType<T[Action]>>
}

export function served<T extends Actions>(gate: Gate, service: Service, actions: T): Served<T> {
  const entries = Object.entries(actions).map(([name, work]) => {
    const action = `${name.charAt(0).toUpperCase()}${name.slice(1)}`
    return [name, (...input: never[]) => gate.perform(service, action, () => work(...(input as [never])), input[0])]
  })
  return Object.fromEntries(entries) as Served<T>
}
