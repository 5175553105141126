/** How a run passes from one state to the next. Each is written before the first change that it allows. */
import type { OpenRun, RunReason } from './record.ts'

/** From here on only the way to the outgoing group is left. Pods that came back to an old node are at home now. */
export function asReverting(run: OpenRun, reason: RunReason): OpenRun {
  return { ...run, direction: 'reverting', held: undefined, reason, returned: {}, clocks: undefined }
}

/** The point of no return. */
export function asRetiring(run: OpenRun): OpenRun {
  return { ...run, direction: 'retiring', held: undefined }
}

/** `because`: why the run rests although no hold was requested. */
export function asHeld(run: OpenRun, because?: string): OpenRun {
  return { ...run, direction: 'forward', held: { because } }
}

/** The reason of a revert that a person requested. */
export function requested(message: string, at: number): RunReason {
  return { code: 'asked', message, hint: '', at }
}
