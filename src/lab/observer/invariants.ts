/**
 * The invariants that the observer checks, by their numbers in docs/invariants.md, which names them all with the tests that
 * prove each.
 */
export const invariants = {
  I1: 'nothing of ours takes a budget below its minimum; pods are deleted only as a revert allows',
  I2: 'every eviction names the UID of the pod, and the pod is on a cordoned node of a group',
  I3: 'no workload that served is without a serving pod',
  I4: 'before retiring nothing is taken from the outgoing group',
  I5: 'retiring begins only when no movable pod is left on the outgoing group',
  I6: 'instances go by id, empty; Auto Scaling can never choose one',
  I7: 'the outcome agrees with the world',
  I8: 'at the end nothing of ours is left',
  I9: 'foreign things are not touched',
  I10: 'settings end as found, sizes with the role',
  I11: 'only the holder of the Lease writes',
  I13: 'the record is there before the first change',
  I14: 'no pod moves twice forward',
  I18: 'the first old node is cordoned only when the new ones are there',
  I23: 'never are both sides cordoned',
  I24: 'the direction never leaves reverting or retiring',
  I28: 'forward, no pod is evicted while a gate is known to be bad'
} as const

export type Invariant = keyof typeof invariants

export interface Violation {
  invariant: Invariant
  at: number
  text: string
}

/** Called by a check for what it has seen broken. */
export type ReportViolation = (invariant: Invariant, text: string) => void
