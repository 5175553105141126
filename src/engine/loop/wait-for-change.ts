/** How long the loop rests between two looks, and what wakes it. */

import { debounceMs, heartbeatMs } from '../model/limits.ts'
import type { Ports } from '../model/ports.ts'
import type { StageName } from '../model/report.ts'
import type { Observations } from '../world/observations.ts'
import type { GroupReader } from './group-reader.ts'

export interface WakeUp {
  happened: Promise<void>
  cancel(): void
}

/** Armed before the look, so that what changes during it is not missed. */
export function wakeOnChange(ports: Ports, signal: AbortSignal): WakeUp {
  const stop = new AbortController()
  const cancel = () => stop.abort()
  signal.addEventListener('abort', cancel, { once: true })
  const happened = ports.cluster.changed(stop.signal).finally(() => signal.removeEventListener('abort', cancel))
  return { happened, cancel }
}

/** Deadlines and steady times need a look of ours, not a call: soon where something is just about to be so. */
export function pauseMs(stage: StageName, reader: GroupReader, observations: Observations, now: number): number {
  const quick = stage !== 'drain' && now - Math.max(observations.stage?.at ?? 0, observations.progress.at) < 5_000
  return Math.max(debounceMs, Math.min(quick ? 200 : heartbeatMs, reader.dueAt() - now))
}

/** Until something changes, something of ours ends, or a clock runs out; looks are kept apart, so that a burst is one. */
export async function pause(
  wakes: readonly Promise<unknown>[],
  ports: Ports,
  ms: number,
  signal: AbortSignal
): Promise<void> {
  const timer = new AbortController()
  const lookedAt = ports.clock.now()
  const onAbort = () => timer.abort()
  signal.addEventListener('abort', onAbort, { once: true })
  await Promise.race([...wakes, ports.clock.sleep(ms, timer.signal)])
  signal.removeEventListener('abort', onAbort)
  timer.abort()
  const apart = lookedAt + debounceMs - ports.clock.now()
  if (!signal.aborted && apart > 0) await ports.clock.sleep(apart, signal)
}
