/**
 * The record: the one durable object per node group that holds what cannot be seen in the world. It is written before
 * the first change that needs it, by compare-and-swap, and parsed without trust.
 */
import type { Records } from '../model/cluster.ts'
import { UpgradeError } from '../model/error.ts'
import type { Capacity, Color } from '../model/node-group.ts'
import type { Change, Reason, StageName } from '../model/report.ts'
import type { Settings } from '../model/settings.ts'

export const recordVersion = 1

/** A group as it was found, to be put back. */
export interface Original {
  name: string
  color: Color
  capacity: Capacity
  suspended: readonly string[]
  newInstancesProtected: boolean
  /** Ids of instances that were protected from scale-in. */
  protectedInstances: readonly string[]
  zones: readonly string[]
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
  /** Instances that were late and were replaced; and all that were there when the last was. */
  replaced: readonly string[]
  beforeReplacement: readonly string[]
  /** How often pods of a workload came back to a cordoned node; and, by UID, those that were counted. */
  returned: Readonly<Record<string, number>>
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

/** A ConfigMap key for a free group name: readable, unique, only `[-._a-zA-Z0-9]`. */
export function recordKey(group: string): string {
  const slug = group.replace(/[^-_.a-zA-Z0-9]+/g, '-').slice(0, 100)
  let hash = 0x811c9dc5
  for (const byte of new TextEncoder().encode(group)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0
  return `${slug}-${hash.toString(16).padStart(8, '0')}`
}

/**
 * Reads a record as it is stored. Errors: record-newer (written by a later version), record-unreadable; both `halted`,
 * because marks of a run may be out there and nobody knows which.
 */
export function parseRecord(text: string, key: string): GroupRecord {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (cause) {
    throw unreadable(key, `it is not JSON (${String(cause)})`, cause)
  }
  if (typeof value !== 'object' || value === null) throw unreadable(key, 'it is not an object')
  const record = value as Partial<GroupRecord> & { version?: unknown }
  if (typeof record.version === 'number' && record.version > recordVersion) {
    throw new UpgradeError(
      `The record ${key} in ConfigMap kube-system/eks-node-upgrade has version ${record.version}; this program knows ${recordVersion}. Nothing was touched.`,
      {
        code: 'record-newer',
        outcome: 'halted',
        hint: 'Use the version of eks-node-upgrade that began the run, or a newer one.'
      }
    )
  }
  if (record.version !== recordVersion || typeof record.group !== 'string') {
    throw unreadable(key, `version ${JSON.stringify(record.version)}, group ${JSON.stringify(record.group)}`)
  }
  if (record.run !== undefined && !looksLikeRun(record.run)) throw unreadable(key, 'its open run lacks fields')
  return record as GroupRecord
}

function looksLikeRun(run: unknown): run is OpenRun {
  if (!isObject(run)) return false
  const open = run as Partial<OpenRun>
  return (
    typeof open.id === 'string' &&
    ['forward', 'retiring', 'reverting'].includes(String(open.direction)) &&
    looksLikeOriginal(open.outgoing) &&
    looksLikeOriginal(open.incoming) &&
    typeof open.count === 'number' &&
    [open.settings, open.baseline, open.spentMs, open.returned].every(isObject) &&
    [open.cordonedBefore, open.plannedTemplates, open.replaced, open.beforeReplacement].every(Array.isArray)
  )
}

/** What is put back from it must be there whole. */
function looksLikeOriginal(original: Original | undefined): boolean {
  const capacity: Partial<Capacity> = original?.capacity ?? {}
  return (
    typeof original?.name === 'string' &&
    [capacity.min, capacity.max, capacity.desired].every((size) => typeof size === 'number') &&
    Array.isArray(original.suspended) &&
    Array.isArray(original.protectedInstances)
  )
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null
}

function unreadable(key: string, why: string, cause?: unknown): UpgradeError {
  return new UpgradeError(
    `The record ${key} in ConfigMap kube-system/eks-node-upgrade cannot be read: ${why}. Nothing was touched.`,
    {
      code: 'record-unreadable',
      outcome: 'halted',
      hint: `Look at it: kubectl -n kube-system get configmap eks-node-upgrade -o yaml. The groups' tags eks-node-upgrade/run and eks-node-upgrade/originals say whether a run is open and what was found. Only when none is, remove the key: kubectl -n kube-system patch configmap eks-node-upgrade --type json -p '[{"op":"remove","path":"/data/${key}"}]'`,
      cause
    }
  )
}

/** The record of one group in its ConfigMap, with the version that the next write must meet. */
export interface RecordStore {
  current(): GroupRecord
  /**
   * Writes a new record by compare-and-swap. A lost reply is answered by reading again: what was meant is there, or it
   * is not. Throws lock-lost when somebody else has written: then another engine is at work.
   */
  save(next: GroupRecord): Promise<void>
  /** Reads again; true when the stored record is not the one that this engine wrote or read last. */
  reload(): Promise<boolean>
  /** Keys of other groups' records. */
  others(): readonly GroupRecord[]
}

export async function openRecordStore(records: Records, group: string): Promise<RecordStore> {
  const key = recordKey(group)
  let version: string | undefined
  let text: string | undefined
  let record: GroupRecord = { version: recordVersion, group }
  let others: readonly GroupRecord[] = []

  async function load(): Promise<void> {
    const read = await records.read()
    version = read.version
    text = read.entries[key]
    record = text === undefined ? { version: recordVersion, group } : parseRecord(text, key)
    others = Object.entries(read.entries)
      .filter(([other]) => other !== key)
      .map(([other, content]) => parseRecord(content, other))
  }
  await load()

  async function attempt(next: string): Promise<boolean> {
    try {
      const written = await records.write(key, next, version)
      if (written === undefined) return false
      version = written
      return true
    } catch (error) {
      if (!(error instanceof UpgradeError) || error.details.code !== 'kubernetes') throw error
      return false
    }
  }

  return {
    current: () => record,
    others: () => others,
    async reload() {
      const before = text
      await load()
      return text !== before
    },
    async save(next) {
      const wanted = JSON.stringify(next)
      const before = text
      for (let tries = 0; tries < 5; tries++) {
        if (await attempt(wanted)) {
          text = wanted
          record = next
          return
        }
        // The reply was lost, or another group's key was written: look, and go on only from what this engine knows.
        await load()
        if (text === wanted) return
        if (text !== before && text !== undefined) {
          throw new UpgradeError(`Somebody else wrote the record of ${group} meanwhile.`, {
            code: 'lock-lost',
            outcome: 'halted',
            hint: 'Another run acts on this node group; look at it with: eks-node-upgrade status'
          })
        }
      }
      throw new UpgradeError(`The record of ${group} could not be written in five attempts.`, {
        code: 'kubernetes',
        outcome: 'halted',
        hint: 'Look at ConfigMap kube-system/eks-node-upgrade and the health of the API server, then run the same command again.'
      })
    }
  }
}

/** The run that the store has open; a mistake of the caller if there is none. */
export function openRun(store: RecordStore): OpenRun {
  const { run } = store.current()
  if (!run) throw new Error('no run is open')
  return run
}
