/** Asks gates, each by itself and no longer than a limit: a gate that does not answer is unknown, and unknown is not good. */
import type { Clock } from '../model/clock.ts'
import type { DatedLook, GateLook, Gates } from '../model/gates.ts'
import { gateLimitMs } from '../model/limits.ts'

export interface GateSource {
  clock: Clock
  /** Left out: no gate can be asked. */
  gates?: Gates
}

/** Never rejects. */
export function askGates(
  names: readonly string[],
  from: GateSource,
  signal: AbortSignal
): Promise<readonly DatedLook[]> {
  return Promise.all(names.map((gate) => askGate(gate, from, signal)))
}

/** Never rejects, and ends as soon as `signal` is aborted. */
export async function askGate(gate: string, { clock, gates }: GateSource, signal: AbortSignal): Promise<DatedLook> {
  const askedAt = clock.now()
  const stop = new AbortController()
  const abort = () => stop.abort()
  signal.addEventListener('abort', abort, { once: true })
  if (signal.aborted) abort()
  try {
    const late = clock.sleep(gateLimitMs, stop.signal).then(() => unknown(gate, noAnswer))
    const look = await Promise.race([lookAt(gate, gates, stop.signal), late])
    return { ...look, askedAt, answeredAt: clock.now() }
  } finally {
    signal.removeEventListener('abort', abort)
    abort()
  }
}

async function lookAt(gate: string, gates: Gates | undefined, signal: AbortSignal): Promise<GateLook> {
  if (!gates) return unknown(gate, 'it cannot be asked here')
  try {
    const looks = await gates.ask([gate], signal)
    return looks.find((look) => look.gate === gate) ?? unknown(gate, 'it was asked and not answered for')
  } catch (error) {
    return unknown(gate, error instanceof Error ? error.message : String(error))
  }
}

const noAnswer = `no answer within ${gateLimitMs / 1000} s`

function unknown(gate: string, seen: string): GateLook {
  return { gate, state: 'unknown', seen }
}
