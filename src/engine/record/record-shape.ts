/** How a record is stored, and what it must hold to be read: a run that is continued from half a record would revert to half a state. */
import { UpgradeError } from '../model/error.ts'
import type { Capacity, OwnWords } from '../model/node-group.ts'
import type { Change, Reason } from '../model/report.ts'
import type { Settings } from '../model/settings.ts'
import {
  type BaselineEntry,
  type GroupRecord,
  type Held,
  type InstanceClocks,
  type LastOutcome,
  type Original,
  type Retired,
  type RunClocks,
  type RunFacts,
  type RunReason,
  type RunState,
  recordVersion,
  type TemplateWrite
} from './record.ts'
import { all, amount, flag, listOf, mapOf, object, oneOf, optional, type Shape, text } from './shape.ts'

/** A ConfigMap key for a free group name: readable, unique, only `[-._a-zA-Z0-9]`. */
export function recordKey(group: string): string {
  const slug = group.replace(/[^-_.a-zA-Z0-9]+/g, '-').slice(0, 100)
  let hash = 0x811c9dc5
  for (const byte of new TextEncoder().encode(group)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0
  return `${slug}-${hash.toString(16).padStart(8, '0')}`
}

/**
 * Reads a record as it is stored. Errors: record-newer (written by a later version), record-unreadable; both `halted`,
 * because marks of a run may be there, and it is unknown which.
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
      `The record ${key} in ConfigMap kube-system/eks-node-upgrade has version ${record.version}; this program knows ${recordVersion}. Nothing was changed.`,
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
  const problem = recordShape(value, '')
  if (problem) throw unreadable(key, problem)
  return record as GroupRecord
}

const templateConfiguration = mapOf(text)
const reasonFields = { code: text, message: text, hint: text }
const reasonShape = object<Reason>(reasonFields)
const runReasonShape = object<RunReason>({ ...reasonFields, stage: optional(text), at: amount })

const originalShape = object<Original>({
  name: text,
  color: oneOf('blue', 'green'),
  capacity: object<Capacity>({ min: amount, max: amount, desired: amount }),
  suspended: listOf(text),
  newInstancesProtected: flag,
  protectedInstances: listOf(text)
})

const settingsShape = object<Settings>({
  mode: oneOf('plan', 'upgrade', 'finalize', 'revert', 'status'),
  cluster: text,
  group: optional(text),
  clusterTagKey: text,
  groupTagKey: text,
  colorTagKey: text,
  ami: optional(text),
  amiBase: optional(oneOf('active', 'inactive')),
  whenUnchanged: oneOf('stop', 'renew', 'swap-back'),
  expectPlan: optional(listOf(text)),
  canaryNodes: amount,
  hold: flag,
  launchTimeoutMs: amount,
  joinTimeoutMs: amount,
  stableMs: amount,
  drainTimeoutMs: amount,
  podTimeoutMs: amount,
  soakMs: amount,
  retireTimeoutMs: amount,
  revertTimeoutMs: amount,
  timeoutMs: amount,
  onCancel: oneOf('revert', 'leave'),
  jobs: oneOf('wait', 'evict'),
  podsWithoutController: oneOf('refuse', 'evict'),
  emptydirData: oneOf('delete', 'refuse'),
  allowDowntime: listOf(text),
  lockTimeoutMs: amount,
  gates: optional(listOf(text)),
  gateInsufficientData: optional(oneOf('bad', 'good')),
  gatePatienceMs: optional(amount)
})

const ownWordsShape = object<OwnWords>({ name: text, color: oneOf('blue', 'green') })
const templateWriteShape = object<TemplateWrite>({
  template: text,
  name: text,
  follows: oneOf('$Latest', '$Default'),
  image: text,
  source: object<TemplateWrite['source']>({ template: text, version: amount }),
  renamed: optional(object<{ from: OwnWords; to: OwnWords }>({ from: ownWordsShape, to: ownWordsShape })),
  description: text,
  latestBefore: amount,
  defaultBefore: amount
})

const clocksShape = object<RunClocks>({
  stoppedAt: amount,
  stage: optional(text),
  goodMs: optional(amount),
  badMs: optional(amount),
  cordonedMs: optional(amount),
  idleMs: amount,
  desired: mapOf(object({ value: amount, ms: amount, completeMs: optional(amount) })),
  instances: mapOf(
    object<InstanceClocks>({
      group: text,
      seenMs: amount,
      inServiceMs: optional(amount),
      usableMs: optional(amount),
      nodeName: optional(text),
      seenComing: flag
    })
  ),
  ready: mapOf(amount),
  empty: mapOf(amount),
  workloads: mapOf(object({ fewest: amount, idleMs: amount })),
  gates: mapOf(amount)
})

/** What a run needs to continue or to revert. A field that is added later must be optional here: older runs lack it. */
const factsShape = object<RunFacts>({
  id: text,
  startedAt: amount,
  by: text,
  outgoing: originalShape,
  incoming: originalShape,
  count: amount,
  cordonedBefore: listOf(text),
  changes: listOf(object<Change>({ field: text, from: text, to: text, lines: optional(listOf(text)) })),
  changeFingerprint: text,
  plannedTemplates: listOf(text),
  templateWrites: optional(listOf(templateWriteShape)),
  serverVersion: text,
  outgoingConfiguration: templateConfiguration,
  settings: settingsShape,
  baseline: mapOf(object<BaselineEntry>({ replicas: amount, ready: amount, templateHash: text })),
  spentMs: mapOf(amount),
  elapsedMs: amount,
  podsMoved: amount,
  podsTotal: amount,
  replaced: listOf(text),
  beforeReplacement: listOf(text),
  returned: mapOf(amount),
  clocks: optional(clocksShape)
})

/** States that cannot be, such as held while retiring, are not read either. */
const stateShape: Shape = (value, path) => {
  const { direction, held } = value as Partial<RunState>
  if (direction !== 'forward' && held !== undefined) return `${path} is held, but its direction is ${direction}`
  return object<RunState>({
    direction: oneOf('forward', 'retiring', 'reverting'),
    held: optional(object<Held>({ because: optional(text) })),
    reason: direction === 'reverting' ? runReasonShape : optional(runReasonShape)
  })(value, path)
}

const recordShape = object<GroupRecord>({
  version: amount,
  group: text,
  run: optional(all(factsShape, stateShape)),
  retired: optional(object<Retired>({ group: text, at: amount, runId: text, configuration: templateConfiguration })),
  last: optional(
    object<LastOutcome>({
      outcome: text,
      at: amount,
      runId: text,
      changeFingerprint: text,
      reason: optional(reasonShape)
    })
  )
})

function unreadable(key: string, why: string, cause?: unknown): UpgradeError {
  return new UpgradeError(
    `The record ${key} in ConfigMap kube-system/eks-node-upgrade cannot be read: ${why}. Nothing was changed.`,
    {
      code: 'record-unreadable',
      outcome: 'halted',
      hint: `Look at it: kubectl -n kube-system get configmap eks-node-upgrade -o yaml. The groups' tags eks-node-upgrade/run and eks-node-upgrade/originals say whether a run is open and what was found. Only when none is, remove the key: kubectl -n kube-system patch configmap eks-node-upgrade --type json -p '[{"op":"remove","path":"/data/${key}"}]'`,
      cause
    }
  )
}
