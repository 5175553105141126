/** The inputs that concern gates. A gate may hold a secret, so its name stands for it wherever it is shown or kept. */
import type { Settings } from '../engine/model/settings.ts'
import { gateEntries, parseGate, shownEntry } from '../gates/gate.ts'
import type { Face } from './inputs.ts'
import { quoted } from './quoted.ts'

/** Each gate is checked many times an hour. */
const mostGates = 20
/** A Lambda function has no shell, and nothing that a command could be about. */
const withoutCommands: readonly string[] = ['lambda']

/** A gate may hold a secret, so only what is safe is quoted. */
export function wrongGates(name: string, value: string, face: Face): string | undefined {
  const entries = gateEntries(value)
  if (entries.length > mostGates) return `${name} has ${entries.length} entries: it must be at most ${mostGates}`
  const problems = entries.flatMap((entry) => {
    const gate = parseGate(entry)
    if ('problem' in gate) return [`${quoted(shownEntry(entry))}: ${gate.problem}`]
    const barred = gate.kind === 'command' && withoutCommands.includes(face)
    return barred ? [`${quoted(gate.name)}: a command cannot be run here`] : []
  })
  return problems.length === 0 ? undefined : `${name} has ${problems.join('; ')}`
}

export function gateNames(value: string): readonly string[] {
  return gateEntries(value).flatMap((entry) => {
    const gate = parseGate(entry)
    return 'problem' in gate ? [] : [gate.name]
  })
}

/** Left out without gates, as in the runs of older versions. */
export function gateSettings(
  value: (name: string) => string
): Pick<Settings, 'gates' | 'gateInsufficientData' | 'gatePatienceMs'> {
  const gates = gateNames(value('gate'))
  if (gates.length === 0) return {}
  const gatePatienceMs = Math.round(Number(value('gate-patience-minutes')) * 60_000)
  return { gates, gateInsufficientData: value('gate-insufficient-data') === 'good' ? 'good' : 'bad', gatePatienceMs }
}
