/** Gates that are not good before anything was changed: what an upgrade does to them could not be told from what they had before. */
import { isGood } from '../../policy/gates.ts'
import { type Blocker, finding } from '../finding.ts'
import type { PlanInput } from '../plan-facts.ts'
import type { Findings } from './check.ts'

export function gates({ gates: looks = [], settings }: PlanInput): Findings {
  const blockers = looks
    .filter((look) => !isGood(look, settings))
    .map(({ gate, state, seen, hint }): Blocker => {
      const reason =
        state === 'unknown'
          ? `the gate cannot be asked, and unknown is not good: ${seen}`
          : `the gate is not good: ${seen}`
      return finding('gate-not-good', gate, reason, hint ?? 'Find out why the gate is not good, and start when it is.')
    })
  return { blockers, warnings: [] }
}
