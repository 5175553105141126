/**
 * A small world for the tests of the engine: `shop-blue` (outgoing) and `shop-green` (incoming), three nodes each, and whatever a test
 * puts on them. Every builder gives a whole value with sensible defaults; a test names only what it is about.
 */

import { observe } from '../../src/engine/loop/observe.ts'
import type { Clock } from '../../src/engine/model/clock.ts'
import type { ClusterView, Node, Pod } from '../../src/engine/model/cluster.ts'
import type { DatedLook } from '../../src/engine/model/gates.ts'
import type { Activity, Group, Instance, TemplateState } from '../../src/engine/model/node-group.ts'
import type { StageName } from '../../src/engine/model/report.ts'
import { defaultSettings, type Settings } from '../../src/engine/model/settings.ts'
import { expectedPods } from '../../src/engine/policy/budgets.ts'
import { indexCluster } from '../../src/engine/policy/workloads.ts'
import type { OpenRun, Original, RunReason } from '../../src/engine/record/record.ts'
import { surveyDrain } from '../../src/engine/stages/drain/survey.ts'
import type { Stage, Step } from '../../src/engine/stages/stage.ts'
import type { Action } from '../../src/engine/world/action.ts'
import { type EvictionEntry, newObservations, type Observations } from '../../src/engine/world/observations.ts'
import { makeWorld, type World } from '../../src/engine/world/world.ts'
import type { VirtualClock } from '../../src/lab/clock.ts'
import * as plain from './plan/world.ts'

export { budget, deployment, directly, ofUnknownKind, ownerOf, placement, pod, random, workload } from './plan/world.ts'

/** Noon of some day; everything that is usual happened at 0. */
export const now = 1_800_000_000_000
export const minute = 60_000
export const seconds = (count: number) => count * 1000

export const blue = 'shop-blue'
export const green = 'shop-green'
export const frozen = ['AZRebalance', 'ScheduledActions', 'InstanceRefresh'] as const

export function instance(id: string, over: Partial<Instance> = {}): Instance {
  return plain.instance(id, { protectedFromScaleIn: true, template: template('41'), ...over })
}

export function template(version: string): NonNullable<Instance['template']> {
  return { id: 'lt-1', name: 'shop-workers', version }
}

/** Its instance is `i-NAME`. */
export function node(name: string, over: Partial<Node> = {}): Node {
  return plain.node(name, over)
}

/** A node that this run has cordoned. */
export function cordoned(name: string, over: Partial<Node> = {}): Node {
  return node(name, { schedulable: false, cordonedBy: 'run-1', ...over })
}

export function original(name: string, over: Partial<Original> = {}): Original {
  return {
    name,
    color: name === blue ? 'blue' : 'green',
    capacity: name === blue ? { min: 1, max: 10, desired: 3 } : { min: 0, max: 0, desired: 0 },
    suspended: [],
    newInstancesProtected: false,
    protectedInstances: [],
    ...over
  }
}

export function run(over: Partial<OpenRun> = {}): OpenRun {
  const reason: RunReason = { code: 'asked', message: 'A revert was requested.', hint: '', at: now - minute }
  const made = {
    id: 'run-1',
    startedAt: now - 10 * minute,
    by: 'test',
    direction: 'forward',
    ...(over.direction === 'reverting' ? { reason } : {}),
    outgoing: original(blue),
    incoming: original(green),
    count: 3,
    cordonedBefore: [],
    changes: [],
    changeFingerprint: 'f',
    plannedTemplates: ['lt-1:42'],
    serverVersion: '1.33',
    outgoingConfiguration: { format: '1', image: 'ami-old' },
    baseline: {},
    spentMs: {},
    elapsedMs: 0,
    podsMoved: 0,
    podsTotal: 0,
    replaced: [],
    beforeReplacement: [],
    returned: {},
    ...over,
    settings: settings(over.settings)
  }
  // What a test asks for is a state that can be.
  return made as OpenRun
}

export function settings(over: Partial<Settings> = {}): Settings {
  return { ...defaultSettings, cluster: 'shop', group: 'workers', ...over }
}

/** Blue in the middle of a run: pinned at three, everything suspended that is to be. */
export function blueGroup(over: Partial<Group> = {}): Group {
  return plain.group(blue, 'blue', {
    capacity: { min: 3, max: 3, desired: 3 },
    instances: ['b1', 'b2', 'b3'].map((name) => instance(`i-${name}`)),
    suspended: [...frozen, 'ReplaceUnhealthy'],
    newInstancesProtected: true,
    tags: marked,
    template: template('41'),
    ...over
  })
}

/** Green in the middle of a run: three usable nodes of version 42. */
export function greenGroup(over: Partial<Group> = {}): Group {
  return plain.group(green, 'green', {
    capacity: { min: 3, max: 10, desired: 3 },
    instances: ['g1', 'g2', 'g3'].map((name) => instance(`i-${name}`, { template: template('42') })),
    suspended: [...frozen],
    newInstancesProtected: true,
    tags: marked,
    template: template('42'),
    ...over
  })
}

export const marked: Readonly<Record<string, string>> = {
  'eks-node-upgrade/run': 'run-1',
  'eks-node-upgrade/originals': 'min 1 max 10 desired 3'
}

/** The nodes' names, in both states of blue. */
export const blueOpen: readonly Node[] = ['b1', 'b2', 'b3'].map((name) => node(name))
export const blueCordoned: readonly Node[] = ['b1', 'b2', 'b3'].map((name) => cordoned(name))
export const greenOpen: readonly Node[] = ['g1', 'g2', 'g3'].map((name) => node(name))
export const greenCordoned: readonly Node[] = ['g1', 'g2', 'g3'].map((name) => cordoned(name))

export interface Scene {
  now?: number
  run?: OpenRun
  outgoing?: Group
  incoming?: Group
  nodes?: readonly Node[]
  pods?: readonly Pod[]
  parts?: readonly Partial<Omit<ClusterView, 'freshAt'>>[]
  freshAt?: number
  templates?: readonly TemplateState[]
  groupsAt?: number
  activities?: readonly Activity[]
  gateLooks?: readonly DatedLook[]
  observations?: Observations
  credentialsEndAt?: number
}

/** One look. Blue and green as in the middle of a run, their nodes open, unless the scene says otherwise. */
export function look(scene: Scene = {}): World {
  const at = scene.now ?? now
  const open = scene.run ?? run()
  const { view } = {
    view: plain.view(
      { nodes: scene.nodes ?? [...blueOpen, ...greenOpen], pods: scene.pods ?? [] },
      ...(scene.parts ?? [])
    )
  }
  const drivers = Object.assign({}, ...(scene.parts ?? []).map((part) => part.csiDrivers ?? {}))
  const attachments = (scene.parts ?? []).flatMap((part) => part.attachments ?? [])
  return makeWorld({
    now: at,
    run: open,
    groups: {
      outgoing: scene.outgoing ?? blueGroup(),
      incoming: scene.incoming ?? greenGroup(),
      templates: scene.templates ?? [],
      at: scene.groupsAt ?? at
    },
    view: { ...view, csiDrivers: drivers, attachments, freshAt: scene.freshAt ?? at },
    activities: scene.activities ?? [],
    gateLooks: scene.gateLooks ?? [],
    observations: scene.observations ?? observationsAt(at),
    credentialsEndAt: scene.credentialsEndAt ?? Number.POSITIVE_INFINITY
  })
}

/** Observations that have seen every node Ready for an hour. */
export function observationsAt(
  at: number,
  stage?: { name: StageName; direction?: OpenRun['direction']; forMs?: number }
): Observations {
  const observations = newObservations(at)
  observations.wroteGroupsAt = at - minute
  observations.agreed.set('launched', { count: 2, at: at - minute })
  for (const one of [...blueOpen, ...greenOpen]) observations.readySince.set(one.uid, at - 60 * minute)
  if (stage) observations.stage = { key: `${stage.direction ?? 'forward'}/${stage.name}`, at: at - (stage.forMs ?? 0) }
  return observations
}

/** One look, and what it adds to the observations. */
export function observeLook(scene: Scene & { observations: Observations }, open: OpenRun): World {
  const world = look({ run: open, ...scene })
  observe(world, scene.observations, open)
  return world
}

/** Looks again and again, `apartMs` apart, as the loop does; returns the last look. */
export function watch(
  scene: Scene & { run: OpenRun; observations: Observations },
  looks: number,
  apartMs = 1000
): World {
  let world = look(scene)
  for (let number = 0; number < looks; number++) {
    const at = (scene.now ?? now) + number * apartMs
    world = look({ ...scene, now: at, freshAt: scene.freshAt ?? at })
    observe(world, scene.observations, scene.run)
  }
  return world
}

export function evictionEntry(over: Partial<EvictionEntry> = {}): EvictionEntry {
  return { sentAt: now - 1000, answeredAt: now - 1000, budgetVersion: undefined, lane: '', ...over }
}

/** Budget status as its controller would have it with all of these pods healthy, or `healthy` of them. */
export function budgetOf(
  app: string,
  spec: { minAvailable?: number | string; maxUnavailable?: number | string },
  parts: { workloads?: ClusterView['workloads']; pods: readonly Pod[] },
  healthy = parts.pods.filter((pod) => pod.ready).length
) {
  const bare = plain.budget(app, spec)
  const expected = expectedPods(bare, indexCluster(plain.view(parts)))
  const demanded =
    typeof spec.minAvailable === 'number' ? spec.minAvailable : expected - Number(spec.maxUnavailable ?? 0)
  return plain.budget(app, spec, {
    currentHealthy: healthy,
    desiredHealthy: demanded,
    expectedPods: expected,
    disruptionsAllowed: Math.max(0, healthy - demanded)
  })
}

export function actionsOf(step: Step): readonly Action[] {
  return step.kind === 'busy' ? step.actions : []
}

export function kinds(step: Step): readonly string[] {
  return actionsOf(step).map((action) => action.kind)
}

/** Names of the pods that a step asks to go. */
export function podsAsked(step: Step): readonly string[] {
  return actionsOf(step).flatMap((action) =>
    action.kind === 'evict' || action.kind === 'remove' ? [action.pod.name] : []
  )
}

/** The engine's clock over the lab's: a sleep that is aborted ends, and does not reject. */
export function engineClock(clock: VirtualClock): Clock {
  return { now: () => clock.now(), sleep: (ms, signal) => clock.sleep(ms, signal).catch(() => undefined) }
}

/** Asks one stage, as a pass of the loop does. */
export function ask(stage: Stage, world: World, run: OpenRun): Step {
  return stage.next(world, run, surveyDrain(world, run))
}
