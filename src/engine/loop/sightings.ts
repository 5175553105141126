/**
 * What has become of every node and pod since the last look, for reports that show them over time. It is read off two looks
 * and calls nothing. Objects that the watch has not touched are the same values as before, so a pass costs one comparison a pod.
 */
import type { Node, Pod } from '../model/cluster.ts'
import type { Instance } from '../model/node-group.ts'
import type { NodeSighting, PodSighting, SeenNodeState, SeenPodState } from '../model/report.ts'
import { isFinished, ownerLabel } from '../policy/workloads.ts'
import type { OpenRun } from '../record/record.ts'
import type { Side, World } from '../world/world.ts'

export interface Sightings {
  /** What has changed since the last look; the first look is all change. */
  look(world: World, run: OpenRun): { nodes: readonly NodeSighting[]; pods: readonly PodSighting[] }
}

interface KnownPod {
  pod: Pod
  sighting: PodSighting
  pass: number
}

export function createSightings(): Sightings {
  const nodes = new Map<string, NodeSighting>()
  const pods = new Map<string, KnownPod>()
  /** Workloads that had a pod on a node of either group: their pods are followed wherever they go. */
  const followed = new Set<string>()
  let pass = 0

  return {
    look(world, run) {
      pass += 1
      return { nodes: nodesSeen(world, run, nodes), pods: podsSeen(world, run, { pods, followed, pass }) }
    }
  }
}

function nodesSeen(world: World, run: OpenRun, known: Map<string, NodeSighting>): NodeSighting[] {
  const changed: NodeSighting[] = []
  const present = new Set<string>()
  for (const name of ['outgoing', 'incoming'] as const) {
    const side = world[name]
    const nodes = new Map(side.nodes.map((node) => [node.instanceId, node]))
    for (const instance of side.group.instances) {
      // An instance of a warm pool is no node.
      if (instance.lifecycle.startsWith('Warmed')) continue
      present.add(instance.id)
      const before = known.get(instance.id)
      const now = nodeSighting(name, instance, nodes.get(instance.id), before, world, run)
      if (before && before.state === now.state && before.node === now.node && before.byOthers === now.byOthers) continue
      known.set(instance.id, now)
      changed.push(now)
    }
  }
  for (const [id, sighting] of known) {
    if (present.has(id)) continue
    known.delete(id)
    changed.push({ ...sighting, state: 'gone' })
  }
  return changed
}

function nodeSighting(
  side: 'outgoing' | 'incoming',
  { id, type, zone, lifecycle, template }: Instance,
  node: Node | undefined,
  before: NodeSighting | undefined,
  world: World,
  run: OpenRun
): NodeSighting {
  const state = nodeState(side, id, lifecycle, node, before, world, run)
  return {
    instance: id,
    // A node that has left is still known by its name.
    node: node?.name ?? before?.node,
    side,
    type,
    zone,
    template: template && `${template.name} ${template.version}`,
    state,
    ...(state === 'cordoned' && node?.cordonedBy !== run.id ? { byOthers: true } : {})
  }
}

function nodeState(
  side: 'outgoing' | 'incoming',
  id: string,
  lifecycle: string,
  node: Node | undefined,
  before: NodeSighting | undefined,
  world: World,
  run: OpenRun
): SeenNodeState {
  if (/^(Terminat|Detach)/.test(lifecycle)) return 'leaving'
  if (!node) return 'launching'
  if (!node.schedulable) return 'cordoned'
  const { cordonedAt, instances } = world.observations
  // Only while nodes are launched is it asked whether one is usable; later, Ready is what there is to see.
  const judged = side === 'incoming' && run.direction === 'forward' && cordonedAt === undefined
  const wasReady = before !== undefined && ['ready', 'not-ready', 'cordoned'].includes(before.state)
  if (judged && !wasReady && instances.get(id)?.usableAt === undefined) return 'joining'
  return node.ready === 'True' ? 'ready' : 'not-ready'
}

function podsSeen(
  world: World,
  run: OpenRun,
  { pods, followed, pass }: { pods: Map<string, KnownPod>; followed: Set<string>; pass: number }
): PodSighting[] {
  const changed: PodSighting[] = []
  const ours = new Set(namesOf(world.outgoing).concat(namesOf(world.incoming)))
  for (const pod of world.view.pods) {
    const known = pods.get(pod.uid)
    if (known?.pod === pod) {
      known.pass = pass
      continue
    }
    if (pod.mirror || pod.owner?.kind === 'DaemonSet' || isFinished(pod)) continue
    const isHere = pod.nodeName !== undefined && ours.has(pod.nodeName)
    const workload = ownerLabel(world.index.ownerOf(pod))
    if (isHere) followed.add(workload)
    // Elsewhere, or without a node yet: only what may have come in place of a pod that has left.
    else if (!known && (!followed.has(workload) || pod.createdAt < run.startedAt)) continue
    const { uid, namespace, name, nodeName: node } = pod
    const sighting: PodSighting = { uid, namespace, name, workload, node, state: podState(pod) }
    pods.set(uid, { pod, sighting, pass })
    if (known?.sighting.state !== sighting.state || known.sighting.node !== node) changed.push(sighting)
  }
  for (const [uid, { sighting, pass: seen }] of pods) {
    if (seen === pass) continue
    pods.delete(uid)
    changed.push({ ...sighting, state: 'gone' })
  }
  return changed
}

function namesOf(side: Side): string[] {
  return side.nodes.map((node) => node.name)
}

function podState(pod: Pod): SeenPodState {
  if (pod.deletingAt !== undefined) return 'leaving'
  if (pod.ready) return 'ready'
  if (pod.nodeName === undefined) return 'unplaced'
  return pod.neverReady ? 'starting' : 'not-ready'
}
