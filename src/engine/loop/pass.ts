/** One pass of the loop: what was seen, in which state of the run, and what follows from it. */
import type { OpenRun } from '../record/record.ts'
import type { World } from '../world/world.ts'
import type { Verdict } from './decide.ts'

export interface Pass {
  readonly world: World
  readonly run: OpenRun
  readonly verdict: Verdict
}
