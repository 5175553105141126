/** Writes the observations: what this look adds to what was seen before. Called once a pass, before anything is decided. */

import { isRetained } from '../model/lifecycle.ts'
import { acceptedRetryMs } from '../model/limits.ts'
import { judgePod } from '../policy/pod-filters.ts'
import type { OpenRun } from '../record/record.ts'
import { nodesWithVolumes } from '../stages/drain/volume-detach.ts'
import { desiredCoversInstances } from '../stages/release.ts'
import { gateTroubles, rememberGates } from '../world/gate-verdict.ts'
import { usability } from '../world/node-readiness.ts'
import { agree, type InstanceEntry, type Observations, type WorkloadEntry } from '../world/observations.ts'
import { occupancyOf } from '../world/occupancy.ts'
import { ailments } from '../world/workload-health.ts'
import { isStale, nodeOf, type Side, type World } from '../world/world.ts'

export function observe(world: World, observations: Observations, run: OpenRun): void {
  const fresh = !isStale(world)
  rememberGates(observations, world, run)
  for (const side of [world.outgoing, world.incoming]) rememberGroup(observations, world, side)
  rememberNodes(observations, world)
  if (run.direction === 'forward') rememberUsable(observations, world, run)
  // Two looks at the same Desired: what was seen before it was written says nothing of it.
  if (observations.desired.get(world.to.group.name)?.at === world.groupsAt)
    agree(observations, 'covered', false, world.now)
  agree(observations, 'covered', desiredCoversInstances(world.to), world.groupsAt)
  forgetEvictions(observations, world)
  if (observations.cordonedAt === undefined && world.from.nodes.some((node) => node.cordonedBy === run.id))
    observations.cordonedAt = world.now
  // If others had cordoned every node before, none has our mark, and the stage says that pods are on their way.
  const moving =
    observations.cordonedAt !== undefined || observations.stage?.key === 'forward/drain' || run.direction !== 'forward'
  if (moving) rememberWorkloads(observations, world, run)
  rememberHealth(observations, world, run, fresh)
  if (fresh) rememberEmpty(observations, world, run)
  rememberProgress(observations, world)
  observations.lookedAt = world.now
}

function rememberNodes(observations: Observations, world: World): void {
  for (const node of [...world.outgoing.nodes, ...world.incoming.nodes]) {
    const instance = observations.instances.get(node.instanceId ?? '')
    if (instance) instance.nodeName = node.name
    if (node.ready !== 'True') observations.readySince.delete(node.uid)
    else if (!observations.readySince.has(node.uid)) observations.readySince.set(node.uid, world.now)
  }
}

function rememberGroup(observations: Observations, world: World, { group, counted }: Side): void {
  const at = world.groupsAt
  for (const instance of group.instances) {
    const seenComing = instance.lifecycle.startsWith('Pending')
    const known: InstanceEntry = observations.instances.get(instance.id) ?? {
      group: group.name,
      seenAt: at,
      seenComing
    }
    const inService = instance.lifecycle === 'InService'
    if (inService && known.inServiceAt === undefined) known.inServiceAt = at
    observations.instances.set(instance.id, known)
  }
  const size = observations.desired.get(group.name)
  if (size?.value !== group.capacity.desired)
    observations.desired.set(group.name, { value: group.capacity.desired, at })
  if (counted.length >= group.capacity.desired) observations.completeAt.set(group.name, at)
  // Retained instances stay until an operator terminates them; they are named.
  agree(
    observations,
    `empty ${group.name}`,
    group.instances.every((instance) => isRetained(instance)),
    at
  )
  agree(
    observations,
    `healthy ${group.name}`,
    group.instances.every((instance) => instance.healthy),
    at
  )
}

/** So that a node that is not usable for a moment is not taken for one that never came. */
function rememberUsable(observations: Observations, world: World, run: OpenRun): void {
  let usable = 0
  for (const instance of world.incoming.counted) {
    const known = observations.instances.get(instance.id)
    if (!known || !usability(instance, world, run).usable) continue
    known.usableAt = world.now
    usable++
  }
  agree(observations, 'launched', usable >= Math.max(run.count, world.outgoing.counted.length), world.groupsAt)
}

/** Entries of pods that are gone; and those that were accepted long ago while the feed shows no deletion: ask again. */
function forgetEvictions(observations: Observations, world: World): void {
  const pods = new Map(world.view.pods.map((pod) => [pod.uid, pod]))
  for (const [uid, entry] of observations.evictions) {
    if (observations.inFlight.has(`evict ${uid}`)) continue
    const pod = pods.get(uid)
    const answeredFor = world.now - (entry.answeredAt ?? world.now)
    const asked =
      entry.answer?.kind === 'accepted' && answeredFor >= acceptedRetryMs && pod?.deletingAt === entry.sentAt
    if (!pod || asked) observations.evictions.delete(uid)
  }
}

/** Progress is a pod less on *from*, or one more that has become ready elsewhere; the same pod flapping is none. */
function rememberWorkloads(observations: Observations, world: World, run: OpenRun): void {
  const from = world.from.nodeNames
  const here = new Map<string, number>()
  for (const pod of world.view.pods) {
    if (pod.nodeName === undefined || !from.has(pod.nodeName)) continue
    const verdict = judgePod(pod, run.settings, world.index)
    if (verdict.kind === 'leave' || verdict.kind === 'refuse' || (verdict.kind === 'wait' && verdict.rule === 'job'))
      continue
    const { key } = world.index.ownerOf(pod)
    entryOf(observations, key, world.now).seen.add(pod.uid)
    here.set(key, (here.get(key) ?? 0) + 1)
  }
  // Those, too, whose pods had all left before this engine began to look: their replacements are waited for.
  for (const key of Object.keys(run.baseline)) entryOf(observations, key, world.now)
  const ailing = new Set(ailments(run.baseline, world.index, world.now).map(({ key }) => key))
  // While another stage speaks, or a gate is not good, no pod is asked to go, and that time is not the pods'.
  const draining = observations.stage?.key === `${run.direction}/drain` && gateTroubles(world, run).length === 0
  const paused = draining ? 0 : world.now - observations.lookedAt
  for (const [key, entry] of observations.workloads) {
    // What is whole and has nothing on *from* has nothing to do; if it falls ill later, its time begins then.
    entry.progressAt = !here.has(key) && !ailing.has(key) ? world.now : Math.min(world.now, entry.progressAt + paused)
    for (const pod of world.index.podsOf(key)) {
      if (pod.ready && pod.nodeName !== undefined && !from.has(pod.nodeName)) entry.served.add(pod.uid)
    }
    const before = entry.fewest
    entry.fewest = Math.min(before, here.get(key) ?? 0)
    const rollout = world.index.owners.get(key)?.workload
    const signature = `${entry.fewest} ${entry.served.size} ${rollout?.updatedReplicas ?? 0} ${rollout?.restartedBy ?? ''}`
    if (signature === entry.signature) continue
    // The first look of an engine that continues the clocks of another does not know whom that one had seen serve.
    const isContinued = entry.signature === '' && entry.fewest === before
    entry.signature = signature
    if (isContinued) continue
    entry.progressAt = world.now
  }
}

function entryOf(observations: Observations, key: string, now: number): WorkloadEntry {
  const known = observations.workloads.get(key)
  if (known) return known
  const entry: WorkloadEntry = {
    signature: '',
    progressAt: now,
    seen: new Set(),
    served: new Set(),
    fewest: Number.POSITIVE_INFINITY
  }
  observations.workloads.set(key, entry)
  return entry
}

/** The soak counts from when all pods have moved, and only while every look is good, of the gates as well. */
function rememberHealth(observations: Observations, world: World, run: OpenRun, fresh: boolean): void {
  const stage = observations.stage?.key
  if (!fresh || (stage !== 'forward/verify' && stage !== 'retiring/retire')) {
    observations.goodSince = undefined
    observations.badSince = undefined
    agree(observations, 'verify', false, world.now)
    return
  }
  const healthy = ailments(run.baseline, world.index, world.now).length === 0
  const good = healthy && gateTroubles(world, run).length === 0
  agree(observations, 'verify', good, world.now)
  observations.goodSince = good ? (observations.goodSince ?? world.now) : undefined
  observations.badSince = healthy ? undefined : (observations.badSince ?? world.now)
}

/** Instances that hold nothing that could be moved, and no volume. */
function rememberEmpty(observations: Observations, world: World, run: OpenRun): void {
  const attached = nodesWithVolumes(world.view)
  const { podsOn } = occupancyOf(world, run)
  for (const instance of world.from.instances) {
    const node = nodeOf(world.from, instance)
    const empty = !(node && (node.schedulable || attached.has(node.name))) && podsOn(instance).length === 0
    if (!empty) observations.emptySince.delete(instance.id)
    else if (!observations.emptySince.has(instance.id)) observations.emptySince.set(instance.id, world.now)
  }
}

function rememberProgress(observations: Observations, world: World): void {
  const sizes = [world.outgoing, world.incoming].map(({ group }) =>
    JSON.stringify([group.capacity, group.suspended.length, Object.keys(group.tags).length])
  )
  const nodes = [world.from, world.to].map(
    (side) => `${side.nodes.length}/${side.nodes.filter((node) => node.schedulable).length}`
  )
  const pods = [...observations.workloads.values()].map((entry) => entry.signature)
  const signature = [...sizes, ...nodes, world.from.group.instances.length, ...pods].join('|')
  const { progress } = observations
  // The first look only says where the direction stands; its clock may be that of an earlier engine.
  if (progress.signature === '') progress.signature = signature
  else if (signature !== progress.signature) observations.progress = { signature, at: world.now }
}
