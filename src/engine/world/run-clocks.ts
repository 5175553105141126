/**
 * The observations that deadlines and the soak count from, as they outlive an engine that stops cleanly. Time without an engine does
 * not count: a clock continues where it stood. Everything else in the observations is rebuilt by looking again.
 */
import { soakGapMs } from '../model/limits.ts'
import type { RunClocks } from '../record/record.ts'
import { newObservations, type Observations } from './observations.ts'

export function clocksOf(observations: Observations, now: number): RunClocks {
  const { goodSince, badSince, cordonedAt, progress, completeAt } = observations
  const since = (at: number | undefined) => (at === undefined ? undefined : now - at)
  return {
    stoppedAt: now,
    stage: observations.stage?.key,
    goodMs: since(goodSince),
    badMs: since(badSince),
    cordonedMs: since(cordonedAt),
    idleMs: now - progress.at,
    desired: mapped(observations.desired, ({ value, at }, group) => ({
      value,
      ms: now - at,
      completeMs: since(completeAt.get(group))
    })),
    instances: mapped(observations.instances, ({ group, seenAt, inServiceAt, usableAt, nodeName, seenComing }) => ({
      group,
      seenMs: now - seenAt,
      inServiceMs: since(inServiceAt),
      usableMs: since(usableAt),
      nodeName,
      seenComing
    })),
    ready: mapped(observations.readySince, (at) => now - at),
    empty: mapped(observations.emptySince, (at) => now - at),
    // Infinite until the workload was seen, and then there is nothing to remember.
    workloads: mapped(
      new Map([...observations.workloads].filter(([, { fewest }]) => Number.isFinite(fewest))),
      ({ fewest, progressAt }) => ({ fewest, idleMs: now - progressAt })
    ),
    gates: Object.fromEntries(
      [...observations.gates].flatMap(([gate, { notGoodSince }]) =>
        notGoodSince === undefined ? [] : [[gate, now - notGoodSince]]
      )
    )
  }
}

/** Observations of an engine that begins now, with the clocks of the one before. */
export function withClocks(clocks: RunClocks, now: number): Observations {
  const at = (ms: number | undefined) => (ms === undefined ? undefined : now - ms)
  const observations = newObservations(now)
  observations.stage = clocks.stage === undefined ? undefined : { key: clocks.stage, at: now }
  // Nobody looked in between: what was good for minutes is only taken for good all the time if the gap was short.
  observations.goodSince = now - clocks.stoppedAt <= soakGapMs ? at(clocks.goodMs) : undefined
  observations.badSince = at(clocks.badMs)
  observations.cordonedAt = at(clocks.cordonedMs)
  observations.progress = { signature: '', at: now - clocks.idleMs }
  for (const [group, { value, ms, completeMs }] of Object.entries(clocks.desired)) {
    observations.desired.set(group, { value, at: now - ms })
    if (completeMs !== undefined) observations.completeAt.set(group, now - completeMs)
  }
  for (const [id, { seenMs, inServiceMs, usableMs, ...rest }] of Object.entries(clocks.instances)) {
    const entry = { ...rest, seenAt: now - seenMs, inServiceAt: at(inServiceMs), usableAt: at(usableMs) }
    observations.instances.set(id, entry)
  }
  for (const [uid, ms] of Object.entries(clocks.ready)) observations.readySince.set(uid, now - ms)
  for (const [id, ms] of Object.entries(clocks.empty)) observations.emptySince.set(id, now - ms)
  for (const [key, { fewest, idleMs }] of Object.entries(clocks.workloads)) {
    const entry = {
      signature: '',
      progressAt: now - idleMs,
      seen: new Set<string>(),
      served: new Set<string>(),
      fewest
    }
    observations.workloads.set(key, entry)
  }
  for (const [gate, ms] of Object.entries(clocks.gates)) {
    observations.gates.set(gate, { goodLooks: 0, notGoodSince: now - ms })
  }
  return observations
}

function mapped<V, T>(map: ReadonlyMap<string, V>, value: (of: V, key: string) => T): Record<string, T> {
  return Object.fromEntries([...map].map(([key, of]) => [key, value(of, key)]))
}
