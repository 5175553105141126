/** Tells when a gate that was good is not, and when it is good again. */
import { gatesOf, gateTroubles } from '../world/gate-verdict.ts'
import type { World } from '../world/world.ts'
import type { Session } from './session.ts'

export function tellGates(world: World, session: Session): void {
  const { run, gateStates, recorder } = session
  const troubles = new Map(gateTroubles(world, run).map((trouble) => [trouble.gate, trouble]))
  for (const gate of gatesOf(run)) {
    const trouble = troubles.get(gate)
    const before = gateStates.get(gate)
    // Until it has been good once, there is nothing to tell: the plan has asked it a moment ago.
    if (before === undefined && trouble) continue
    const now = trouble ? 'not good' : 'good'
    gateStates.set(gate, now)
    if (before === now) continue
    if (trouble) {
      const text = `${gate}: ${trouble.seen}. No pod is asked to go until it is good again.`
      recorder.note('warning', 'a gate is not good', text)
    } else if (before) recorder.note('info', 'a gate is good again', gate)
  }
}
