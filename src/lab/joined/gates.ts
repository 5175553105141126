/** The gates of the lab: whatever a scenario says they are. */
import type { GateLook } from '../../engine/model/gates.ts'

/** `never`: it does not answer. */
export type LabGateState = GateLook['state'] | 'never'

export interface LabGates {
  /** Good unless something else was said. */
  stateOf(gate: string): LabGateState
  say(gate: string, state: LabGateState): void
}

export function createLabGates(): LabGates {
  const states = new Map<string, LabGateState>()
  return {
    stateOf: (gate) => states.get(gate) ?? 'good',
    say: (gate, state) => void states.set(gate, state)
  }
}
