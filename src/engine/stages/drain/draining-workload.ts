/** The workloads that have, or had, pods on *from*, with the pods that still have to go. */
import type { Pod } from '../../model/cluster.ts'
import { ownerLabel, type PodOwner } from '../../policy/workloads.ts'
import type { World } from '../../world/world.ts'

export interface DrainingWorkload {
  owner: PodOwner
  label: string
  /** Its pods on *from* that go: to be moved, or already leaving. */
  onFrom: readonly Pod[]
  /** Those of them that have not been asked to go yet. */
  candidates: readonly Pod[]
  /** All of its pods that were ever seen on *from* in this direction. */
  total: number
}

/** What is on *from* at this moment, by the key of its workload. */
export type OnFrom = ReadonlyMap<string, Pick<DrainingWorkload, 'owner' | 'onFrom' | 'candidates'>>

/** Those that have pods on *from* now, and those whose pods were seen there before. */
export function drainingWorkloads(world: World, now: OnFrom): readonly DrainingWorkload[] {
  const keys = new Set([...world.observations.workloads.keys(), ...now.keys()])
  return [...keys].flatMap((key): DrainingWorkload[] => {
    const entry = now.get(key)
    const owner = entry?.owner ?? world.index.owners.get(key)
    if (!owner) return []
    const onFrom = entry?.onFrom ?? []
    const seen = world.observations.workloads.get(key)?.seen.size ?? 0
    const total = Math.max(seen, onFrom.length)
    return [{ owner, label: ownerLabel(owner), onFrom, candidates: entry?.candidates ?? [], total }]
  })
}

/**
 * DNS and other critical pods go last, because the other workloads may need them to start. Priority classes that begin with
 * `system-` are reserved for them (https://github.com/kubernetes/kubernetes/blob/v1.37.2/pkg/apis/scheduling/types.go,
 * `SystemPriorityClassPrefix`).
 */
export function isCritical(pods: readonly Pod[]): boolean {
  return pods.some((pod) => pod.priorityClass.startsWith('system-'))
}
