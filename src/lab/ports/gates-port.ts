/** The engine's port to gates, over the lab's: each question takes its time and may meet a fault, as other calls do. */
import type { GateLook, Gates } from '../../engine/model/gates.ts'
import type { LabGates } from '../joined/gates.ts'
import type { LabProcess } from './call-gate.ts'

const words: Readonly<Record<GateLook['state'], string>> = {
  good: 'the lab says good',
  bad: 'the lab says bad',
  'no-data': 'the lab has no data',
  unknown: 'the lab cannot ask it'
}

export function labGates(gates: LabGates, process: LabProcess): Gates {
  async function ask(gate: string, signal: AbortSignal): Promise<GateLook> {
    const answer = () => gates.stateOf(gate)
    const lost = () => new Error('socket hang up')
    const state = await process.call({ service: 'gate', name: 'AskGate', writes: false, input: gate }, answer, lost)
    if (state !== 'never') return { gate, state, seen: words[state] }
    return new Promise((resolve) => {
      const end = () => resolve({ gate, state: 'unknown', seen: 'given up' })
      if (signal.aborted) end()
      else signal.addEventListener('abort', end, { once: true })
    })
  }
  return { ask: (names, signal) => Promise.all(names.map((gate) => ask(gate, signal))) }
}
