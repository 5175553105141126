/**
 * Which pod came in place of which. Kubernetes does not say, so it is inferred: of one workload, the first pod that left a side
 * and the first that came up on another node belong together. A pod of a StatefulSet keeps its name, which settles it.
 */
import type { PodHistory, PodSpan } from './chronicle.ts'

export interface Journey {
  workload: string
  from: PodHistory
  /** Undefined if none came. */
  to?: PodHistory
}

/** The last node that a pod was on, and since when it was asked to go; undefined if it has not left. */
export function departureOf({ spans }: PodHistory): { node: string; leftAt: number; goneAt?: number } | undefined {
  const last = spans.at(-1)
  if (last?.node === undefined || (last.state !== 'gone' && last.state !== 'leaving')) return undefined
  const leaving = spans.findLast(({ state }, index) => state === 'leaving' && spans[index - 1]?.state !== 'leaving')
  return {
    node: last.node,
    leftAt: leaving?.at ?? last.at,
    ...(last.state === 'gone' ? { goneAt: last.at } : {})
  }
}

/** Where and when a pod came up while it was watched; undefined if it was there from the first look on. */
export function arrivalOf(
  { spans }: PodHistory,
  seenFromAt: number
): { node: string; seenAt: number; readyAt?: number } | undefined {
  const [first] = spans
  const placed = spans.find((span): span is PodSpan & { node: string } => span.node !== undefined)
  if (first === undefined || first.at <= seenFromAt || placed === undefined) return undefined
  const readyAt = spans.find(({ state }) => state === 'ready')?.at
  return { node: placed.node, seenAt: placed.at, readyAt }
}

export function journeysOf(pods: readonly PodHistory[], seenFromAt: number): readonly Journey[] {
  const left = new Map<string, PodHistory[]>()
  const came = new Map<string, PodHistory[]>()
  for (const pod of pods) {
    if (departureOf(pod)) append(left, pod.workload, pod)
    if (arrivalOf(pod, seenFromAt)) append(came, pod.workload, pod)
  }
  return [...left].flatMap(([workload, leavers]) => matched(workload, leavers, came.get(workload) ?? [], seenFromAt))
}

function matched(
  workload: string,
  leavers: readonly PodHistory[],
  comers: readonly PodHistory[],
  seenFromAt: number
): Journey[] {
  const free = new Set(comers.toSorted((a, b) => seenAt(a, seenFromAt) - seenAt(b, seenFromAt)))
  const byName = new Map<string, PodHistory[]>()
  for (const pod of free) append(byName, pod.name, pod)
  const journeys: Journey[] = []
  for (const from of leavers.toSorted((a, b) => leftAt(a) - leftAt(b))) {
    const node = departureOf(from)?.node
    const may = (pod: PodHistory) => free.has(pod) && pod !== from && arrivalOf(pod, seenFromAt)?.node !== node
    const successor = byName.get(from.name)?.find((pod) => may(pod) && seenAt(pod, seenFromAt) >= leftAt(from))
    const to = successor ?? firstOf(free, may)
    if (to) free.delete(to)
    journeys.push({ workload, from, to })
  }
  return journeys
}

function firstOf<T>(entries: Iterable<T>, may: (entry: T) => boolean): T | undefined {
  for (const entry of entries) if (may(entry)) return entry
  return undefined
}

const leftAt = (pod: PodHistory) => departureOf(pod)?.leftAt ?? 0
const seenAt = (pod: PodHistory, seenFromAt: number) => arrivalOf(pod, seenFromAt)?.seenAt ?? 0

function append<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const list = map.get(key)
  if (list) list.push(value)
  else map.set(key, [value])
}
