/**
 * What needs history and may be lost at any time: Ready since when, good looks in a row, when an attempt may be
 * repeated. It is rebuilt by looking again; what must survive is in the record.
 */
import type { EvictionAnswer } from '../model/cluster.ts'
import { agreeMs } from '../model/limits.ts'

export interface EvictionEntry {
  sentAt: number
  answeredAt?: number
  answer?: EvictionAnswer
  /** The budget's resourceVersion when it was asked; a newer one is a reason to ask again. */
  budgetVersion: string | undefined
  lane: string
}

/** By instance id. */
export interface InstanceEntry {
  group: string
  seenAt: number
  /** First seen InService. */
  inServiceAt?: number
  /** Of incoming: last seen usable. */
  usableAt?: number
  /** It was seen while it was launching: if it has no node name, it never had one. */
  seenComing: boolean
  /** The name of its node, also when the Node object is gone. */
  nodeName?: string
}

export interface WorkloadEntry {
  /** Its state in short; whenever this changes, it has made progress. */
  signature: string
  progressAt: number
  /** UIDs of its pods that were ever seen on *from*; and of those that were ever ready elsewhere. */
  seen: Set<string>
  served: Set<string>
  /** Fewest pods that were seen on *from*. */
  fewest: number
}

/** An action that was tried on this very object: done and not to be repeated yet, or failed and to be repeated later. */
export interface Attempt {
  failures: number
  nextAt: number
  error?: unknown
}

export interface Observations {
  startedAt: number
  /** The last look. */
  lookedAt: number
  /** When this engine last wrote to a group; before it has, when it began. */
  wroteGroupsAt: number
  /** Node UID → since when it has been Ready in every look of ours. */
  readySince: Map<string, number>
  instances: Map<string, InstanceEntry>
  /** Group → since when its Desired has the value that it has. */
  desired: Map<string, { value: number; at: number }>
  /** Group → when it was last seen with as many instances as Desired says. */
  completeAt: Map<string, number>
  /** Consecutive agreeing looks by what they agree on, and when the last one was. */
  agreed: Map<string, { count: number; at: number }>
  evictions: Map<string, EvictionEntry>
  workloads: Map<string, WorkloadEntry>
  attempts: Map<string, Attempt>
  /** Keys of actions that have begun and not ended. */
  inFlight: Set<string>
  /** Since when verification sees nothing worse than before; and since when something is worse. */
  goodSince?: number
  badSince?: number
  /** Stage that was active at the last look, and since when. */
  stage?: { key: string; at: number }
  /** Progress of the direction as a whole, for reverts. */
  progress: { signature: string; at: number }
  /** Instance id → since when its node has been seen empty of movable pods. */
  emptySince: Map<string, number>
  /** The API server's flow control asked for a pause until then. */
  throttledUntil: number
  /**
   * Gate → good looks in a row, the answer that was counted last, and since when it has not been good; undefined while it is
   * good.
   */
  gates: Map<string, { goodLooks: number; answeredAt?: number; notGoodSince?: number }>
  /** When this engine first saw a node of *from* cordoned; pods made later came back. */
  cordonedAt?: number
}

/** Observations as the stages and policies see them: read, never written. */
export type ReadonlyObservations = Frozen<Observations>

type Frozen<T> =
  T extends Map<infer K, infer V>
    ? ReadonlyMap<K, Frozen<V>>
    : T extends Set<infer V>
      ? ReadonlySet<V>
      : T extends object
        ? { readonly [K in keyof T]: Frozen<T[K]> }
        : T

export function newObservations(now: number): Observations {
  return {
    startedAt: now,
    lookedAt: now,
    wroteGroupsAt: now,
    readySince: new Map(),
    instances: new Map(),
    desired: new Map(),
    completeAt: new Map(),
    agreed: new Map(),
    evictions: new Map(),
    workloads: new Map(),
    attempts: new Map(),
    inFlight: new Set(),
    progress: { signature: '', at: now },
    emptySince: new Map(),
    throttledUntil: 0,
    gates: new Map()
  }
}

/** Counts looks at `subject` that agree; a look that disagrees starts again. Looks closer than `agreeMs` are one. */
export function agree(observations: Observations, subject: string, holds: boolean, at: number): void {
  if (!holds) {
    observations.agreed.delete(subject)
    return
  }
  const seen = observations.agreed.get(subject)
  if (!seen) observations.agreed.set(subject, { count: 1, at })
  else if (at - seen.at >= agreeMs) observations.agreed.set(subject, { count: seen.count + 1, at })
}

export function agreedLooks(observations: ReadonlyObservations, subject: string): number {
  return observations.agreed.get(subject)?.count ?? 0
}
