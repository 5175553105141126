/** The work queue of a controller: one key at a time, the same key once, failures again with growing pauses. */
import type { LabClock } from '../../clock.ts'
import { ApiError } from '../api-error.ts'
import type { KubeObject } from '../object.ts'
import type { ObjectStore, StoreChange } from '../store.ts'

/** What every part of the control plane works on. */
export interface ControllerContext {
  clock: LabClock
  store: ObjectStore
  timing: Timing
}

export interface Timing {
  /** From a change to the controller's answer to it, ms. */
  controllerMs: number
  schedulerMs: number
  /** A kubelet that has not been heard of for this long makes its node Unknown, ms. */
  nodeMonitorGraceMs: number
}

export interface Controller {
  onChange(change: StoreChange): void
}

export interface Queue {
  /** The earlier of two instants counts when the key waits already. */
  add(key: string, afterMs?: number): void
}

const FIRST_RETRY_MS = 1000
const LAST_RETRY_MS = 60_000

export function workqueue(clock: LabClock, latencyMs: number, sync: (key: string) => void): Queue {
  const waiting = new Map<string, { at: number; cancel: () => void }>()
  const failures = new Map<string, number>()

  function add(key: string, afterMs = 0): void {
    const at = clock.now() + Math.max(latencyMs, afterMs)
    const already = waiting.get(key)
    if (already && already.at <= at) return
    already?.cancel()
    waiting.set(key, { at, cancel: clock.after(at - clock.now(), () => run(key)) })
  }

  function run(key: string): void {
    waiting.delete(key)
    try {
      sync(key)
      failures.delete(key)
    } catch (error) {
      // The API server said no: a controller tries again. Anything else is a bug of the lab and must be seen.
      if (!(error instanceof ApiError)) throw error
      const times = failures.get(key) ?? 0
      failures.set(key, times + 1)
      add(key, Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** times))
    }
  }

  return { add }
}

export function queueKey(object: KubeObject): string {
  return `${object.metadata.namespace ?? ''}/${object.metadata.name}`
}

export function byKey(store: ObjectStore, kind: string, key: string): KubeObject | undefined {
  const slash = key.indexOf('/')
  return store.find(kind, key.slice(0, slash) || undefined, key.slice(slash + 1))
}

/** Calls `enqueue` with the key of the controlling owner of that kind, if there is one. */
export function ownerKey(object: KubeObject, kind: string): string | undefined {
  const owner = object.metadata.ownerReferences?.find((one) => one.controller && one.kind === kind)
  return owner ? `${object.metadata.namespace ?? ''}/${owner.name}` : undefined
}
