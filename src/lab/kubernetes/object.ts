/** Raw API objects, as they lie on the wire. The lab reads and writes JSON; only what it relies on is typed. */

// biome-ignore lint/suspicious/noExplicitAny: raw JSON of the Kubernetes API, whose shape its server vouches for
export type Raw = any

export interface OwnerReference {
  apiVersion: string
  kind: string
  name: string
  uid: string
  controller?: boolean
  blockOwnerDeletion?: boolean
}

export interface Metadata {
  name: string
  namespace?: string
  generateName?: string
  uid: string
  resourceVersion: string
  generation?: number
  creationTimestamp: string
  deletionTimestamp?: string
  deletionGracePeriodSeconds?: number
  labels?: Record<string, string>
  annotations?: Record<string, string>
  finalizers?: string[]
  ownerReferences?: OwnerReference[]
}

/** An object as it is stored: frozen, complete, with the kind on it. */
export interface KubeObject {
  apiVersion: string
  kind: string
  metadata: Metadata
  spec?: Raw
  status?: Raw
  [field: string]: Raw
}

/** What a client hands in to be created: the server fills in the rest. */
export interface NewObject {
  apiVersion: string
  kind: string
  metadata: Partial<Metadata>
  [field: string]: Raw
}

/** RFC 3339 with seconds, as `metav1.Time` prints it. */
export function timestamp(ms: number): string {
  return `${new Date(Math.floor(ms / 1000) * 1000).toISOString().slice(0, 19)}Z`
}

export function controllerOf(object: KubeObject): OwnerReference | undefined {
  return object.metadata.ownerReferences?.find((owner) => owner.controller)
}

export function controlledBy(object: KubeObject, owner: KubeObject): boolean {
  return controllerOf(object)?.uid === owner.metadata.uid
}

export function ownerReference(owner: KubeObject): OwnerReference {
  const { apiVersion, kind, metadata } = owner
  return { apiVersion, kind, name: metadata.name, uid: metadata.uid, controller: true, blockOwnerDeletion: true }
}

export function conditionOf(object: KubeObject, type: string): Raw | undefined {
  return object.status?.conditions?.find((one: Raw) => one.type === type)
}

export function isTrue(object: KubeObject, type: string): boolean {
  return conditionOf(object, type)?.status === 'True'
}

/** Sets a condition in a draft; the transition time moves only when the status does. */
export function setCondition(status: Raw, next: Raw, now: string): void {
  status.conditions ??= []
  const was = status.conditions.find((one: Raw) => one.type === next.type)
  if (!was) status.conditions.push({ ...next, lastTransitionTime: now })
  else {
    const moved = was.status !== next.status
    for (const key of Object.keys(was)) if (key !== 'lastTransitionTime') delete was[key]
    Object.assign(was, next)
    if (moved) was.lastTransitionTime = now
  }
}

export function finished(pod: KubeObject): boolean {
  return pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed'
}

export function podReady(pod: KubeObject): boolean {
  return isTrue(pod, 'Ready')
}

/** Ready for at least `minReadySeconds`; otherwise in how many ms it would be, or undefined when it is not ready at all. */
export function availableIn(pod: KubeObject, minReadySeconds: number, now: number): number | undefined {
  const ready = conditionOf(pod, 'Ready')
  if (ready?.status !== 'True' || pod.metadata.deletionTimestamp) return undefined
  if (!minReadySeconds) return 0
  return Math.max(0, Date.parse(ready.lastTransitionTime) + minReadySeconds * 1000 - now)
}

export function deepFreeze<T>(value: T): T {
  if (value !== null && typeof value === 'object' && !Object.isFrozen(value)) {
    Object.freeze(value)
    for (const inner of Object.values(value)) deepFreeze(inner)
  }
  return value
}

/** JSON with sorted keys: equal for equal values. */
function canonical(value: Raw): string {
  if (value === null || typeof value !== 'object') return JSON.stringify(value) ?? 'null'
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`
  const fields = Object.keys(value)
    .filter((key) => value[key] !== undefined)
    .sort()
  return `{${fields.map((key) => `${JSON.stringify(key)}:${canonical(value[key])}`).join(',')}}`
}

export function same(a: Raw, b: Raw): boolean {
  if (a === b) return true
  if (a === null || b === null || typeof a !== 'object' || typeof b !== 'object') return false
  if (Array.isArray(a) !== Array.isArray(b)) return false
  const keysA = Object.keys(a).filter((key) => a[key] !== undefined)
  const keysB = Object.keys(b).filter((key) => b[key] !== undefined)
  return keysA.length === keysB.length && keysA.every((key) => same(a[key], b[key]))
}

/** FNV-1a in the alphabet of Kubernetes' generated names: no vowels, no digits that look like letters. */
export function templateHash(value: Raw): string {
  const alphabet = 'bcdfghjklmnpqrstvwxz2456789'
  let hash = 0x811c9dc5
  for (const char of canonical(value)) hash = Math.imul(hash ^ (char.codePointAt(0) ?? 0), 0x01000193) >>> 0
  return [...String(hash)].map((digit) => alphabet[digit.charCodeAt(0) % alphabet.length]).join('')
}

/** A deep copy of JSON; several times faster than structuredClone, which every write would feel. */
export function copyOf<T>(value: T): T {
  if (value === null || typeof value !== 'object') return value
  if (Array.isArray(value)) return value.map(copyOf) as T
  const result: Raw = {}
  for (const key of Object.keys(value)) result[key] = copyOf((value as Raw)[key])
  return result
}
