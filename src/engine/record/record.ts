/**
 * The record: the one durable object per node group that holds what cannot be seen in the world. It is written before
 * the first change that needs it, by compare-and-swap (record-store.ts), and read without trust (record-shape.ts).
 */
import type { Capacity, Color, NewTemplateVersion } from '../model/node-group.ts'
import type { Change, Reason, StageName } from '../model/report.ts'
import type { Settings } from '../model/settings.ts'

export const recordVersion = 1

/** A group as it was found, to be restored. */
export interface Original {
  name: string
  color: Color
  capacity: Capacity
  suspended: readonly string[]
  newInstancesProtected: boolean
  /** Ids of instances that were protected from scale-in. */
  protectedInstances: readonly string[]
}

/** A workload that had a pod on the outgoing nodes, as it was when the run began. */
export interface BaselineEntry {
  replicas: number
  ready: number
  templateHash: string
}

/** Why a run reverts, or what stopped it. */
export type RunReason = Reason & { stage?: StageName; at: number }

/** A run at rest at the end of forward: moved and verified, the outgoing group kept. */
export interface Held {
  /** Why it rests although no hold was requested (Jobs that are still running). */
  because?: string
}

/** Where a run stands. Only a run that goes forward can be held; nothing leads away from `retiring` and `reverting`. */
export type RunState =
  | { direction: 'forward'; held?: Held; reason?: RunReason }
  | { direction: 'retiring'; held?: undefined; reason?: RunReason }
  | { direction: 'reverting'; held?: undefined; reason: RunReason }

export type OpenRun = RunFacts & RunState

/**
 * How far the clocks of the loop had run when an engine stopped cleanly, in ms: the next one continues them, so that a run in short
 * slices meets its deadlines and its soak. Lost with a crash; the clocks then begin again.
 */
export interface RunClocks {
  stoppedAt: number
  /** `direction/stage` at the last look. */
  stage?: string
  /** Nothing was worse than in the baseline, or something was, for so long. */
  goodMs?: number
  badMs?: number
  cordonedMs?: number
  /** Since the direction as a whole has made progress. */
  idleMs: number
  /** By Auto Scaling group: its Desired, since when, and since when it was last complete. */
  desired: Readonly<Record<string, { value: number; ms: number; completeMs?: number }>>
  instances: Readonly<Record<string, InstanceClocks>>
  /** By a node's UID: since when it has been Ready. */
  ready: Readonly<Record<string, number>>
  /** By instance id: since when its node has been empty. */
  empty: Readonly<Record<string, number>>
  /** By workload: fewest pods that were seen on *from*, and since when it has made no progress. */
  workloads: Readonly<Record<string, { fewest: number; idleMs: number }>>
  /** By gate: for how long it has not been good. */
  gates: Readonly<Record<string, number>>
}

/** By instance id: its group, and since when it was seen, in service and usable. */
export interface InstanceClocks {
  group: string
  seenMs: number
  inServiceMs?: number
  usableMs?: number
  /** Its node, if it had one; if not, whether it was seen before it could have had one. */
  nodeName?: string
  seenComing: boolean
}

export interface RunFacts {
  id: string
  startedAt: number
  /** Who began it, for people. */
  by: string
  outgoing: Original
  incoming: Original
  /** How many nodes the incoming side must bring: outgoing's instances. */
  count: number
  /** Instance ids of outgoing nodes that others had cordoned before. */
  cordonedBefore: readonly string[]
  changes: readonly Change[]
  /** Fingerprint of the incoming configuration: has the very same change been tried before? */
  changeFingerprint: string
  /** `template-id:version` that incoming instances must come from; empty: not compared. */
  plannedTemplates: readonly string[]
  /** Versions that the run writes first; instances must come from these as well. */
  templateWrites?: readonly TemplateWrite[]
  /** Of the control plane, when the run began. */
  serverVersion: string
  /** What outgoing was configured to launch when it was frozen, field by field. */
  outgoingConfiguration: Readonly<Record<string, string>>
  settings: Settings
  baseline: Readonly<Record<string, BaselineEntry>>
  /** Time spent with an engine, per `direction/stage`, in ms. */
  spentMs: Readonly<Record<string, number>>
  elapsedMs: number
  podsMoved: number
  podsTotal: number
  /** Instances that were late and were replaced; and all that were there when the first was. */
  replaced: readonly string[]
  beforeReplacement: readonly string[]
  /** How often pods of a workload came back to a cordoned node; and, by UID, those that were counted. */
  returned: Readonly<Record<string, number>>
  /** From a clean stop until the next engine has begun. */
  clocks?: RunClocks
}

/** A launch template version that the run writes, with what undoes it. It is recognized by its description. */
export interface TemplateWrite extends NewTemplateVersion {
  /** Of the template, for people. */
  name: string
  /** Which version of the template the incoming group follows. */
  follows: '$Latest' | '$Default'
  /** As they were when the run began. */
  latestBefore: number
  defaultBefore: number
}

export interface Retired {
  group: string
  at: number
  runId: string
  configuration: Readonly<Record<string, string>>
}

export interface LastOutcome {
  outcome: string
  at: number
  runId: string
  changeFingerprint: string
  reason?: Reason
}

export interface GroupRecord {
  version: typeof recordVersion
  group: string
  run?: OpenRun
  retired?: Retired
  last?: LastOutcome
}
