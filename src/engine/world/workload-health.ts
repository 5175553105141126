/** How the applications are, compared with how they were: the baseline, and what is worse now. */
import type { Pod } from '../model/cluster.ts'
import { messageLength } from '../model/limits.ts'
import type { Settings } from '../model/settings.ts'
import { isAvailable } from '../policy/disruption-method.ts'
import { judgePod } from '../policy/pod-filters.ts'
import { type ClusterIndex, ownerLabel, type PodOwner, wantedPods } from '../policy/workloads.ts'
import type { BaselineEntry } from '../record/record.ts'

/** Every workload that has a pod on one of these nodes, as it is now. Jobs start and end by themselves, and are not judged. */
export function takeBaseline(
  nodeNames: ReadonlySet<string>,
  index: ClusterIndex,
  settings: Settings,
  now: number
): Record<string, BaselineEntry> {
  const baseline: Record<string, BaselineEntry> = {}
  for (const pod of index.view.pods) {
    if (pod.nodeName === undefined || !nodeNames.has(pod.nodeName)) continue
    const verdict = judgePod(pod, settings, index)
    if (verdict.kind === 'leave') continue
    const owner = index.ownerOf(pod)
    if (owner.kind === 'Job' || owner.kind === 'Pod' || owner.kind === 'DaemonSet' || baseline[owner.key]) continue
    baseline[owner.key] = {
      replicas: wantedPods(owner, index),
      ready: readyPods(owner, index, now),
      templateHash: owner.workload?.templateHash ?? ''
    }
  }
  return baseline
}

export interface Ailment {
  key: string
  label: string
  /** What is worse, with the pod that shows it. */
  text: string
  pod?: Pod
}

/** What is worse than in the baseline. A workload that others are changing is left to them. */
export function ailments(
  baseline: Readonly<Record<string, BaselineEntry>>,
  index: ClusterIndex,
  now: number
): readonly Ailment[] {
  const owners = ownersByKey(index)
  const found: Ailment[] = []
  for (const [key, before] of Object.entries(baseline)) {
    const owner = owners.get(key)
    if (!owner || changedByOthers(before, owner)) continue
    const wanted = wantedNow(before, owner)
    const ready = readyPods(owner, index, now)
    if (ready >= wanted) continue
    const pod = worstPod(owner, index, now)
    found.push({
      key,
      label: ownerLabel(owner),
      text: `${ownerLabel(owner)} has ${ready} of ${wanted} pods ready${pod ? `; ${podTrouble(pod)}` : ''}`,
      pod
    })
  }
  return found
}

/** Labels of workloads whose pod template others have changed since the baseline: they are named, not judged. */
export function changedWorkloads(
  baseline: Readonly<Record<string, BaselineEntry>>,
  index: ClusterIndex
): readonly string[] {
  const owners = ownersByKey(index)
  return Object.entries(baseline).flatMap(([key, before]) => {
    const owner = owners.get(key)
    return owner && changedByOthers(before, owner) ? [ownerLabel(owner)] : []
  })
}

/** Judged against what is wanted now: a workload that was complete must be complete, another one must be no worse. */
function wantedNow(before: BaselineEntry, owner: PodOwner): number {
  const replicas = owner.workload?.replicas ?? before.replicas
  return before.ready >= before.replicas ? replicas : Math.min(before.ready, replicas)
}

function changedByOthers(before: BaselineEntry, owner: PodOwner): boolean {
  return (
    owner.workload !== undefined && before.templateHash !== '' && owner.workload.templateHash !== before.templateHash
  )
}

function readyPods(owner: PodOwner, index: ClusterIndex, now: number): number {
  return index.podsOf(owner.key).filter((pod) => isAvailable(pod, owner, now)).length
}

/** Workloads that have no pod at this moment included. */
function ownersByKey(index: ClusterIndex): ReadonlyMap<string, PodOwner> {
  const owners = new Map(index.owners)
  for (const workload of index.view.workloads) {
    if (workload.owner) continue
    const key = `${workload.namespace}/${workload.kind}/${workload.name}`.toLowerCase()
    if (!owners.has(key)) {
      owners.set(key, { key, namespace: workload.namespace, kind: workload.kind, name: workload.name, workload })
    }
  }
  return owners
}

/** The pod that explains best why a workload is not complete: one with a container in trouble, else unplaced, else unready. */
function worstPod(owner: PodOwner, index: ClusterIndex, now: number): Pod | undefined {
  const unready = index.podsOf(owner.key).filter((pod) => !isAvailable(pod, owner, now) && pod.deletingAt === undefined)
  return unready.find((pod) => pod.troubles.length > 0) ?? unready.find((pod) => pod.unschedulable) ?? unready[0]
}

/** What is wrong with a pod, in one line, as kubectl would name it. */
export function podTrouble(pod: Pod): string {
  const trouble = pod.troubles[0]
  const where = pod.nodeName ? ` (node ${pod.nodeName})` : ''
  if (trouble) {
    const exit = trouble.exitCode === undefined ? '' : `, exit ${trouble.exitCode}`
    const message = trouble.message ? `, "${trouble.message.slice(0, messageLength)}"` : ''
    return `${pod.name} is not ready: container ${trouble.container}: ${trouble.reason}${exit}${message}${where}`
  }
  if (pod.unschedulable) return `${pod.name} cannot be placed: ${pod.unschedulable.message}`
  if (pod.nodeName === undefined) return `${pod.name} is not placed yet`
  return `${pod.name} is not ready${where}`
}
