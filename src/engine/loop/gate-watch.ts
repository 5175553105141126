/**
 * Asks the gates beside the loop, each at its own pace, so that a gate that is slow delays nothing. The loop takes what was
 * heard last, with its age.
 */
import type { DatedLook } from '../model/gates.ts'
import { gateIntervalMs } from '../model/limits.ts'
import { askGate, type GateSource } from '../world/gate-looks.ts'

export interface GateWatch {
  /** What each gate answered last; nothing of a gate that has not answered yet. */
  latest(): readonly DatedLook[]
  /** No further question; one that is under way is given up. */
  stop(): void
}

export function watchGates(names: readonly string[], from: GateSource): GateWatch {
  const stop = new AbortController()
  const looks = new Map<string, DatedLook>()

  async function follow(gate: string): Promise<void> {
    while (!stop.signal.aborted) {
      const look = await askGate(gate, from, stop.signal)
      if (stop.signal.aborted) return
      looks.set(gate, look)
      await from.clock.sleep(gateIntervalMs, stop.signal)
    }
  }

  for (const gate of names) void follow(gate)
  return { latest: () => [...looks.values()], stop: () => stop.abort() }
}
