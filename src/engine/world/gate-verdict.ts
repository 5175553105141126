/**
 * Which gates are not good now. A gate is good after consecutive good looks, the last of them fresh; a bad look, no answer or
 * an answer that is old ends that at once. Gates are asked on the way forward only: nothing may stop a revert.
 */
import type { DatedLook } from '../model/gates.ts'
import { gateGoodLooks, gatePatienceDefaultMs, gateStaleMs } from '../model/limits.ts'
import { isGood } from '../policy/gates.ts'
import type { OpenRun } from '../record/record.ts'
import type { Observations } from './observations.ts'
import type { World } from './world.ts'

export interface GateTrouble {
  gate: string
  /** Such as `HTTP status 503`. */
  seen: string
  hint?: string
  /** Since when it has not been good. */
  sinceAt: number
  /** When patience with it ends. */
  untilAt: number
}

/** The gates of a run; none while it does not go forward. */
export function gatesOf({ direction, settings }: OpenRun): readonly string[] {
  return direction === 'forward' ? (settings.gates ?? []) : []
}

/** Called once a pass. */
export function rememberGates(observations: Observations, world: World, run: OpenRun): void {
  for (const gate of gatesOf(run)) {
    const entry = observations.gates.get(gate) ?? { goodLooks: 0, notGoodSince: world.now }
    observations.gates.set(gate, entry)
    const look = freshLook(gate, world)
    if (!look || !isGood(look, run.settings)) {
      entry.goodLooks = 0
      entry.notGoodSince ??= world.now
      continue
    }
    if (entry.answeredAt !== look.answeredAt) entry.goodLooks += 1
    entry.answeredAt = look.answeredAt
    if (entry.goodLooks >= gateGoodLooks) entry.notGoodSince = undefined
  }
}

/** Gates that are not good now, the one with the shortest patience left first. */
export function gateTroubles(world: World, run: OpenRun): readonly GateTrouble[] {
  const patienceMs = run.settings.gatePatienceMs ?? gatePatienceDefaultMs
  const troubles = gatesOf(run).flatMap((gate): GateTrouble[] => {
    const entry = world.observations.gates.get(gate)
    const sinceAt = entry ? entry.notGoodSince : world.now
    if (sinceAt === undefined) return []
    const look = world.gateLooks.find((one) => one.gate === gate)
    return [{ gate, seen: seenOf(look, world, run), hint: look?.hint, sinceAt, untilAt: sinceAt + patienceMs }]
  })
  return troubles.toSorted((a, b) => a.untilAt - b.untilAt)
}

/** Every gate was asked at this time or later, and its answer is there. */
export function gatesAskedSince(at: number, world: World, run: OpenRun): boolean {
  return gatesOf(run).every((gate) => world.gateLooks.some((look) => look.gate === gate && look.askedAt >= at))
}

function freshLook(gate: string, { gateLooks, now }: World): DatedLook | undefined {
  return gateLooks.find((look) => look.gate === gate && now - look.answeredAt <= gateStaleMs)
}

function seenOf(look: DatedLook | undefined, world: World, run: OpenRun): string {
  if (!look) return 'not answered yet'
  const ageMs = world.now - look.answeredAt
  if (ageMs > gateStaleMs) return `no answer for ${Math.round(ageMs / 1000)} s; the last one was: ${look.seen}`
  return isGood(look, run.settings) ? `${look.seen}; asked again to be sure` : look.seen
}
