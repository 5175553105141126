/** What gates that are not good mean for a stage: it waits, and fails when patience with one of them is over. */
import type { Waiting } from '../model/report.ts'
import type { OpenRun } from '../record/record.ts'
import { gateTroubles } from '../world/gate-verdict.ts'
import type { World } from '../world/world.ts'
import { failed, type Step } from './stage.ts'

export function gateFailure(world: World, run: OpenRun): Step | undefined {
  const trouble = gateTroubles(world, run).find(({ untilAt }) => world.now >= untilAt)
  if (!trouble) return undefined
  const minutes = Math.round((world.now - trouble.sinceAt) / 6_000) / 10
  return failed(
    'gate-not-good',
    `The gate ${trouble.gate} has not been good for ${minutes} min. Last seen: ${trouble.seen}.`,
    trouble.hint ??
      'Find out why the gate is not good. If the new nodes are not the cause, wait until it is good and upgrade again.'
  )
}

export function gateWaits(world: World, run: OpenRun): readonly Waiting[] {
  return gateTroubles(world, run).map(({ gate, seen, sinceAt, untilAt }) => ({
    what: `gate ${gate}`,
    seen,
    sinceAt,
    untilAt
  }))
}
