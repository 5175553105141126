/** Writes the diary: what this look adds to what was seen before. Called once a pass, before anything is decided. */

import { acceptedRetryMs, agreeMs } from '../model/limits.ts'
import { judgePod } from '../policy/pod-filters.ts'
import type { OpenRun } from '../record/record.ts'
import { covered } from '../stages/release.ts'
import { usability } from '../world/node-readiness.ts'
import { agree, type Diary, type WorkloadEntry } from '../world/observations.ts'
import { ailments } from '../world/workload-health.ts'
import { isRetained, isStale, isStranded, nodeOf, type Side, type World } from '../world/world.ts'

export function remember(world: World, run: OpenRun): void {
  const { diary } = world
  const fresh = !isStale(world)
  rememberNodes(diary, world)
  for (const side of [world.outgoing, world.incoming]) rememberGroup(diary, world, side)
  if (run.direction === 'forward' && diary.closedAt === undefined) rememberUsable(diary, world, run)
  // Two looks at the same Desired: what was seen before it was written says nothing of it.
  if (diary.desired.get(world.to.group.name)?.at === world.groupsAt) agree(diary, 'covered', false, world.now, agreeMs)
  agree(diary, 'covered', covered(world.to), world.groupsAt, agreeMs)
  forgetEvictions(diary, world)
  if (diary.closedAt === undefined && world.from.nodes.some((node) => node.closedBy === run.id))
    diary.closedAt = world.now
  // Where others had closed every node before, none bears our mark, and the stage says that pods are on their way.
  const moving = diary.closedAt !== undefined || diary.stage?.key === 'forward/move' || run.direction !== 'forward'
  if (moving) rememberWorkloads(diary, world, run)
  rememberHealth(diary, world, run, fresh)
  if (fresh) rememberEmpty(diary, world, run)
  rememberProgress(diary, world)
}

function rememberNodes(diary: Diary, world: World): void {
  for (const node of [...world.outgoing.nodes, ...world.incoming.nodes]) {
    if (node.ready !== 'True') diary.readySince.delete(node.uid)
    else if (!diary.readySince.has(node.uid)) diary.readySince.set(node.uid, world.now)
  }
}

function rememberGroup(diary: Diary, world: World, { group, instances }: Side): void {
  const at = world.groupsAt
  for (const instance of group.instances) {
    const known = diary.instances.get(instance.id) ?? { group: group.name, seenAt: at }
    const inService = instance.lifecycle === 'InService'
    if (inService && known.inServiceAt === undefined) known.inServiceAt = at
    diary.instances.set(instance.id, known)
  }
  const size = diary.desired.get(group.name)
  if (size?.value !== group.capacity.desired) diary.desired.set(group.name, { value: group.capacity.desired, at })
  if (instances.length >= group.capacity.desired) diary.completeAt.set(group.name, at)
  // Retained instances stay until somebody terminates them again; they are named.
  agree(
    diary,
    `empty ${group.name}`,
    group.instances.every((instance) => isRetained(instance)),
    at,
    agreeMs
  )
  agree(
    diary,
    `healthy ${group.name}`,
    group.instances.every((instance) => instance.healthy),
    at,
    agreeMs
  )
}

/** So that a node that is not usable for a moment is not taken for one that never came. */
function rememberUsable(diary: Diary, world: World, run: OpenRun): void {
  for (const instance of world.incoming.instances) {
    const known = diary.instances.get(instance.id)
    if (known && usability(instance, world, run).usable) known.usableAt = world.now
  }
}

/** Entries of pods that are gone; and those that were accepted long ago while the feed shows no deletion: ask again. */
function forgetEvictions(diary: Diary, world: World): void {
  const pods = new Map(world.view.pods.map((pod) => [pod.uid, pod]))
  for (const [uid, entry] of diary.evictions) {
    if (diary.inFlight.has(`evict ${uid}`)) continue
    const pod = pods.get(uid)
    const answeredFor = world.now - (entry.answeredAt ?? world.now)
    const asked =
      entry.answer?.kind === 'accepted' && answeredFor >= acceptedRetryMs && pod?.deletingAt === entry.sentAt
    if (!pod || asked) diary.evictions.delete(uid)
  }
}

/** Progress is a pod less on *from*, or one more that has become ready elsewhere; the same pod flapping is none. */
function rememberWorkloads(diary: Diary, world: World, run: OpenRun): void {
  const from = new Set(world.from.nodes.map((node) => node.name))
  const here = new Map<string, number>()
  for (const pod of world.view.pods) {
    if (pod.nodeName === undefined || !from.has(pod.nodeName)) continue
    const verdict = judgePod(pod, run.settings, world.index)
    if (verdict.kind === 'leave' || verdict.kind === 'refuse' || (verdict.kind === 'wait' && verdict.rule === 'job'))
      continue
    const { key } = world.index.ownerOf(pod)
    entryOf(diary, key, world.now).seen.add(pod.uid)
    here.set(key, (here.get(key) ?? 0) + 1)
  }
  // Those, too, whose pods had all left before this engine began to look: their replacements are waited for.
  for (const key of Object.keys(run.baseline)) entryOf(diary, key, world.now)
  for (const [key, entry] of diary.workloads) {
    for (const pod of world.index.podsOf(key)) {
      if (pod.ready && pod.nodeName !== undefined && !from.has(pod.nodeName)) entry.served.add(pod.uid)
    }
    entry.fewest = Math.min(entry.fewest, here.get(key) ?? 0)
    const rollout = world.index.owners.get(key)?.workload
    const signature = `${entry.fewest} ${entry.served.size} ${rollout?.updatedReplicas ?? 0} ${rollout?.restartedBy ?? ''}`
    if (signature === entry.signature) continue
    entry.signature = signature
    entry.progressAt = world.now
  }
}

function entryOf(diary: Diary, key: string, now: number): WorkloadEntry {
  const known = diary.workloads.get(key)
  if (known) return known
  const entry: WorkloadEntry = {
    signature: '',
    progressAt: now,
    seen: new Set(),
    served: new Set(),
    fewest: Number.POSITIVE_INFINITY
  }
  diary.workloads.set(key, entry)
  return entry
}

/** The soak counts from when all pods have moved, and only while every look is good. */
function rememberHealth(diary: Diary, world: World, run: OpenRun, fresh: boolean): void {
  const stage = diary.stage?.key
  if (!fresh || (stage !== 'forward/verify' && stage !== 'retiring/retire')) {
    diary.goodSince = undefined
    diary.badSince = undefined
    agree(diary, 'verify', false, world.now, agreeMs)
    return
  }
  const good = ailments(run.baseline, world.index, world.now).length === 0
  agree(diary, 'verify', good, world.now, agreeMs)
  diary.goodSince = good ? (diary.goodSince ?? world.now) : undefined
  diary.badSince = good ? undefined : (diary.badSince ?? world.now)
}

/** Instances whose node holds nothing that could be moved, and no volume; or that never became a node. */
function rememberEmpty(diary: Diary, world: World, run: OpenRun): void {
  const busy = new Set<string>(world.view.attachments.map((attachment) => attachment.nodeName))
  for (const pod of world.view.pods) {
    if (pod.nodeName === undefined || busy.has(pod.nodeName)) continue
    if (isStranded(pod, world.from, world.now)) continue
    if (judgePod(pod, run.settings, world.index).kind !== 'leave') busy.add(pod.nodeName)
  }
  for (const instance of world.from.instances) {
    const node = nodeOf(world.from, instance)
    const empty = !node || (!node.schedulable && !busy.has(node.name))
    if (!empty) diary.emptySince.delete(instance.id)
    else if (!diary.emptySince.has(instance.id)) diary.emptySince.set(instance.id, world.now)
  }
}

function rememberProgress(diary: Diary, world: World): void {
  const sizes = [world.outgoing, world.incoming].map(({ group }) =>
    JSON.stringify([group.capacity, group.suspended.length, Object.keys(group.tags).length])
  )
  const nodes = [world.from, world.to].map(
    (side) => `${side.nodes.length}/${side.nodes.filter((node) => node.schedulable).length}`
  )
  const pods = [...diary.workloads.values()].map((entry) => entry.signature)
  const signature = [...sizes, ...nodes, world.from.group.instances.length, ...pods].join('|')
  if (signature !== diary.progress.signature) diary.progress = { signature, at: world.now }
}
