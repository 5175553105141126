/** What a run tells: plain values that every face turns into sentences of its own. */
import type { ErrorCode, Outcome } from './error.ts'
import type { Color } from './node-group.ts'
import type { Rule } from './rules.ts'
import type { Mode } from './settings.ts'

export type Direction = 'forward' | 'retiring' | 'reverting'
export type StageName = 'freeze' | 'launch' | 'cordon' | 'drain' | 'verify' | 'retire' | 'release' | 'uncordon'

/** One thing that blocks an upgrade, or is worth knowing, with what to do about it. */
export interface Finding<R extends Rule = Rule> {
  /** Stable word for tests and machines, such as `budget-never-allows`; docs/rules.md has them all. */
  rule: R
  /** As kubectl or the AWS console prints it: `team-a/ledger`, a node, a group. */
  object: string
  /** What was seen and what it means. */
  reason: string
  /** Each is a command that can be pasted, or a whole sentence. */
  remedies: readonly string[]
}

export interface Change {
  /** `image`, `instance type`, `user data`, … */
  field: string
  from: string
  to: string
  /** For long texts: the differing lines, each with a leading `-` or `+`. */
  lines?: readonly string[]
}

export interface PlannedMove {
  /** `namespace/name`, with the kind where it is no Deployment. */
  workload: string
  kind: string
  pods: number
  how: 'evict' | 'restart' | 'wait' | 'leave'
  /** Such as `budget payments: 1 of 6 at a time`. */
  pace: string
  /** Rough guess of how long it takes. */
  estimateMs: number
}

export type Comparison = 'change' | 'equal' | 'retired' | 'takes-back' | 'older'

export interface Plan {
  cluster: string
  group: string
  active: { name: string; nodes: number; instanceTypes: readonly string[]; template: string }
  inactive: { name: string; template: string }
  /** Only if an image was asked for: how the new nodes get it, in sentences. */
  image?: string
  comparison: Comparison
  /** `when-unchanged` says that an upgrade is meant although nothing new was put there. */
  meant?: boolean
  changes: readonly Change[]
  moves: readonly PlannedMove[]
  podsToMove: number
  workloadsToMove: number
  daemonSetPods: number
  emptyDirPods: number
  estimateMs: number
  /** The workload that takes longest, with its pace. */
  longest?: string
  /** What `expect-plan` compares; undefined if what runs, or what would be launched, cannot be read. */
  digest?: string
  blockers: readonly Finding[]
  warnings: readonly Finding[]
}

export interface StageProgress {
  stage: StageName
  state: 'todo' | 'active' | 'done' | 'failed'
  /** Such as `41 of 58 pods`; empty while nothing is known. */
  detail: string
  elapsedMs: number
}

export interface Waiting {
  /** The object that is waited for: `payments`, a node, an instance. */
  what: string
  /** What was last seen of it. */
  seen: string
  sinceAt?: number
  /** When patience ends. */
  untilAt?: number
}

export interface WorkloadProgress {
  workload: string
  moved: number
  total: number
  /** Why nothing moves at this moment; empty when it does. */
  waiting: string
}

/** The whole picture at one moment; sent when something in it has changed. */
export interface Progress {
  at: number
  elapsedMs: number
  group: string
  outgoing: string
  incoming: string
  direction: Direction
  revertPossible: boolean
  stages: readonly StageProgress[]
  workloads: readonly WorkloadProgress[]
  podsMoved: number
  podsTotal: number
  waiting: readonly Waiting[]
}

/** `joining`: Ready or not, it is not usable yet. `leaving`: its instance is being terminated or detached. */
export type SeenNodeState = 'launching' | 'joining' | 'ready' | 'not-ready' | 'cordoned' | 'leaving' | 'gone'

/** An instance of either group and its node, when something about them has changed. */
export interface NodeSighting {
  instance: string
  /** Undefined while it has not registered. */
  node?: string
  side: 'outgoing' | 'incoming'
  type: string
  zone: string
  /** Such as `shop-workers 42`. */
  template?: string
  state: SeenNodeState
  /** It is cordoned, and not by this run. */
  byOthers?: boolean
}

/** `leaving`: it was asked to go, or is being deleted. `unplaced`: it has no node yet. */
export type SeenPodState = 'unplaced' | 'starting' | 'ready' | 'not-ready' | 'leaving' | 'gone'

/** A pod that may have to move, or one that came in place of such a pod, when something about it has changed. */
export interface PodSighting {
  uid: string
  namespace: string
  name: string
  /** `namespace/name`, with the kind where it is no Deployment. */
  workload: string
  node?: string
  state: SeenPodState
}

export type Event =
  | { kind: 'plan'; at: number; plan: Plan }
  | {
      kind: 'started'
      at: number
      runId: string
      mode: Mode
      cluster: string
      group: string
      outgoing: string
      incoming: string
      /** As the groups are tagged. */
      colors: { outgoing: Color; incoming: Color }
      direction: Direction
      /** The run was begun earlier and is resumed. */
      resumed: boolean
      /** Settings of both groups as the run found them, in words. */
      found: readonly string[]
    }
  | { kind: 'progress'; at: number; progress: Progress }
  /** What has become of nodes and pods since the last look. Of a process that resumes a run, the first look is all there is. */
  | { kind: 'seen'; at: number; nodes: readonly NodeSighting[]; pods: readonly PodSighting[] }
  /** The run holds the lock and the record is its own: from here on a stop leaves something to go on with. */
  | { kind: 'owned'; at: number; runId: string }
  | {
      kind: 'stage'
      at: number
      direction: Direction
      stage: StageName
      state: 'began' | 'done'
      detail: string
      elapsedMs: number
    }
  | { kind: 'turned'; at: number; direction: Direction; reason: Reason }
  | { kind: 'note'; at: number; level: 'info' | 'warning'; title: string; text: string }
  /** A guard stopped an action: a bug, or a race. `invariant` is a row of docs/invariants.md. */
  | { kind: 'guarded'; at: number; invariant: string; object: string; action: string }
  /** Something was done to the world, in words: `cordoned node ip-…`. For the timeline and `--output json`. */
  | { kind: 'did'; at: number; text: string }

/** An action that a guard stopped: by which invariant (docs/invariants.md), on which object, in how many passes. */
export interface Guarded {
  invariant: string
  object: string
  action: string
  count: number
}

export interface Reason {
  code: ErrorCode
  message: string
  hint: string
}

export interface StageTime {
  direction: Direction
  stage: StageName
  startedAt: number
  endedAt: number
  detail: string
  failed: boolean
}

/** How a run ended, whole; the summary, the JSON and the outputs are made of it alone. */
export interface Result {
  outcome: Outcome | 'cancelled' | 'status'
  /** Undefined when all is well. */
  reason?: Reason
  mode: Mode
  cluster: string
  group: string
  runId: string
  startedAt: number
  endedAt: number
  activeGroup: string
  inactiveGroup: string
  /** Nodes of the active group afterwards. */
  nodes: readonly string[]
  podsMoved: number
  plan?: Plan
  stages: readonly StageTime[]
  timeline: readonly { at: number; text: string }[]
  /** What guards stopped, and how often. Empty in a run without a bug or a race. */
  guarded: readonly Guarded[]
  /** Settings that were written back: what, and the value found. */
  restored: readonly string[]
  /** What is different at the end from what was found, because others changed it or it could not be restored. */
  differences: readonly string[]
  warnings: readonly Finding[]
  /** Everything that blocks the run, if it was refused. */
  findings?: readonly Finding[]
  /** The exact next command's mode and options, such as `upgrade --cluster shop`; undefined when there is none. */
  next?: string
}

export interface Reporter {
  report(event: Event): void
}
