/** The engine's port to gates: each name is led to what was typed for it, and asked in the way of its kind. */
import { unreachable } from '../engine/model/error.ts'
import type { GateLook, Gates } from '../engine/model/gates.ts'
import { askCommand } from './command-gate.ts'
import { gateOfName, parseGate, type TypedGate } from './gate.ts'
import { askUrl } from './url-gate.ts'

export interface GatesOptions {
  /** As they were typed. */
  entries: readonly string[]
  /** Asks CloudWatch. */
  alarm(name: string, signal: AbortSignal): Promise<Omit<GateLook, 'gate'>>
  userAgent: string
  env: Readonly<Record<string, string | undefined>>
}

export function createGates(options: GatesOptions): Gates {
  const known = new Map(
    options.entries.flatMap((entry): [string, TypedGate][] => {
      const gate = parseGate(entry)
      return 'problem' in gate ? [] : [[gate.name, gate]]
    })
  )
  return {
    ask: (names, signal) =>
      Promise.all(
        names.map(async (name): Promise<GateLook> => {
          const gate = known.get(name) ?? gateOfName(name)
          return { gate: name, ...(gate ? await look(gate, options, signal) : notGiven) }
        })
      )
  }
}

function look(gate: TypedGate, options: GatesOptions, signal: AbortSignal): Promise<Omit<GateLook, 'gate'>> {
  switch (gate.kind) {
    case 'url':
      return askUrl(gate.url, options, signal)
    case 'alarm':
      return options.alarm(gate.alarm, signal)
    case 'command':
      return askCommand(gate.command, options, signal)
    default:
      return unreachable(gate)
  }
}

/** The record names it without its secrets, and a command is never taken from there. */
const notGiven: Omit<GateLook, 'gate'> = {
  state: 'unknown',
  seen: 'the run began with this gate, and this start was not given it',
  hint: 'Give the input gate as the run began with it.'
}
