/** I28: what a process was told about its gates, and what it does then. */
import type { Lab } from '../joined/lab.ts'
import type { PortCall } from '../ports/call-gate.ts'
import type { ObservedCluster } from './cluster-view.ts'
import type { ReportViolation } from './invariants.ts'

/** What was decided before the answer was heard may still be on its way. */
const onTheWayMs = 2_000

export interface GateChecks {
  before(call: PortCall): void
  answered(call: PortCall): void
}

export function createGateChecks(lab: Lab, observed: ObservedCluster, broken: ReportViolation): GateChecks {
  /** Host → gate → since when it knows that the gate is bad. */
  const known = new Map<string, Map<string, number>>()

  return {
    before(call) {
      if (call.name !== 'POST pods/eviction') return
      const forward = observed.openRuns().some(({ direction }) => direction === 'forward')
      if (!forward) return
      for (const [gate, sinceAt] of known.get(call.host) ?? []) {
        if (lab.clock.now() - sinceAt > onTheWayMs)
          broken('I28', `${call.host} sent ${call.path} although it knows that ${gate} is bad`)
      }
    },
    answered({ service, host, input }) {
      if (service !== 'gate') return
      const gate = String(input)
      const bad = known.get(host) ?? new Map<string, number>()
      known.set(host, bad)
      if (lab.gates.stateOf(gate) !== 'bad') bad.delete(gate)
      else if (!bad.has(gate)) bad.set(gate, lab.clock.now())
    }
  }
}
