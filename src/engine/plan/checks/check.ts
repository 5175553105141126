/** What a check is: a pure function from everything that is known to what blocks an upgrade and what is worth knowing. */
import type { Blocker, Warning } from '../finding.ts'
import type { PlanFacts, PlanInput } from '../plan-facts.ts'

export interface Findings {
  readonly blockers: readonly Blocker[]
  readonly warnings: readonly Warning[]
}

/** `facts` is missing unless exactly one group of the pair has instances. */
export type Check = (input: PlanInput, facts?: PlanFacts) => Findings

/** A check that says nothing unless it is known which group is active. */
export function ofSides(check: (facts: PlanFacts) => Findings): Check {
  return (_input, facts) => (facts ? check(facts) : nothing)
}

export const nothing: Findings = { blockers: [], warnings: [] }
