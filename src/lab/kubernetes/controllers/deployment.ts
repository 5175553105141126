/**
 * Deployments: a ReplicaSet per pod template, and the arithmetic of a rolling update.
 * https://github.com/kubernetes/kubernetes/tree/v1.37.2/pkg/controller/deployment
 */
import {
  conditionOf,
  controlledBy,
  finished,
  type KubeObject,
  ownerReference,
  type Raw,
  same,
  setCondition,
  templateHash,
  timestamp
} from '../object.ts'
import { scaled } from '../quantity.ts'
import type { StoreChange } from '../store.ts'
import { podsOf } from './pod-template.ts'
import { byKey, type Controller, type ControllerContext, ownerKey, queueKey, workqueue } from './workqueue.ts'

const HASH = 'pod-template-hash'
const REVISION = 'deployment.kubernetes.io/revision'
const DESIRED = 'deployment.kubernetes.io/desired-replicas'
const MAX = 'deployment.kubernetes.io/max-replicas'

export function deploymentController(context: ControllerContext): Controller {
  const { clock, store, timing } = context
  const queue = workqueue(clock, timing.controllerMs, sync)

  function onChange({ object, type }: StoreChange): void {
    if (object.kind === 'Deployment') queue.add(queueKey(object))
    if (object.kind === 'ReplicaSet') {
      const owner = ownerKey(object, 'Deployment')
      if (owner) queue.add(owner)
    }
    // Only Recreate waits for pods themselves; all else is told by the ReplicaSets.
    if (object.kind === 'Pod' && type === 'DELETED') {
      const set = byKey(store, 'ReplicaSet', ownerKey(object, 'ReplicaSet') ?? '/')
      const owner = set && ownerKey(set, 'Deployment')
      if (owner) queue.add(owner)
    }
  }

  function sync(key: string): void {
    const deployment = byKey(store, 'Deployment', key)
    if (!deployment || deployment.metadata.deletionTimestamp) return
    if (deployment.spec.paused || scalingEvent(context, deployment)) scale(context, deployment)
    else if (deployment.spec.strategy.type === 'Recreate') recreate(context, deployment)
    else roll(context, deployment)
    report(deployment, key)
  }

  function report(seen: KubeObject, key: string): void {
    const deployment = byKey(store, 'Deployment', key)
    if (!deployment || deployment.metadata.uid !== seen.metadata.uid) return
    const { current, all } = split(context, deployment)
    const total = (field: string) => all.reduce((count, set) => count + (set.status?.[field] ?? 0), 0)
    const { maxUnavailable } = limits(deployment)
    const now = timestamp(clock.now())
    store.write(deployment, (draft) => {
      const available = total('availableReplicas')
      draft.status = {
        ...draft.status,
        observedGeneration: draft.metadata.generation,
        replicas: total('replicas'),
        updatedReplicas: current?.status?.replicas ?? 0,
        readyReplicas: total('readyReplicas'),
        availableReplicas: available,
        unavailableReplicas: Math.max(0, sum(all) - available),
        terminatingReplicas: total('terminatingReplicas')
      }
      const enough = available >= draft.spec.replicas - maxUnavailable
      setAvailable(draft.status, enough ? minimumAvailable(now) : minimumUnavailable(now), now)
      setProgress(draft, deployment, current, now)
    })
  }

  function setProgress(draft: Raw, before: KubeObject, current: KubeObject | undefined, now: string): void {
    const was = conditionOf(before, 'Progressing')
    const name = current?.metadata.name
    const base = { type: 'Progressing', lastUpdateTime: now }
    if (draft.spec.paused) return
    const done = current && complete(draft as KubeObject, current)
    if (done) {
      if (was?.reason === 'NewReplicaSetAvailable') return
      const message = `ReplicaSet "${name}" has successfully progressed.`
      setCondition(draft.status, { ...base, status: 'True', reason: 'NewReplicaSetAvailable', message }, now)
      return
    }
    const fields = ['updatedReplicas', 'readyReplicas', 'availableReplicas']
    const moved = fields.some((field) => draft.status[field] > (before.status?.[field] ?? 0))
    const started = was?.reason === 'NewReplicaSetAvailable' || was?.reason === undefined
    if (moved || started) {
      const message = `ReplicaSet "${name}" is progressing.`
      queue.add(queueKey(before), draft.spec.progressDeadlineSeconds * 1000 + 1000)
      setCondition(draft.status, { ...base, status: 'True', reason: 'ReplicaSetUpdated', message }, now)
      return
    }
    const deadline = Date.parse(was.lastUpdateTime) + draft.spec.progressDeadlineSeconds * 1000
    if (was.status === 'True' && clock.now() > deadline) {
      const message = `ReplicaSet "${name}" has timed out progressing.`
      setCondition(draft.status, { ...base, status: 'False', reason: 'ProgressDeadlineExceeded', message }, now)
    }
  }

  return { onChange }
}

function setsOf(context: ControllerContext, deployment: KubeObject): KubeObject[] {
  const { store } = context
  const sets = [...store.ownedBy(deployment.metadata.uid)].filter(
    (one) => one.kind === 'ReplicaSet' && controlledBy(one, deployment)
  )
  return sets.sort((a, b) => revisionOf(a) - revisionOf(b))
}

function split(
  context: ControllerContext,
  deployment: KubeObject
): { current: KubeObject | undefined; old: KubeObject[]; all: KubeObject[] } {
  const all = setsOf(context, deployment)
  const current = all.find((set) => same(withoutHash(set.spec.template), withoutHash(deployment.spec.template)))
  return { current, old: all.filter((set) => set !== current), all }
}

/** The ReplicaSet of the template, made if there is none, with the newest revision number. */
function ensureCurrent(
  context: ControllerContext,
  deployment: KubeObject,
  replicas: (all: KubeObject[]) => number
): KubeObject {
  const { current, all, old } = split(context, deployment)
  const revision = String(Math.max(0, ...old.map(revisionOf)) + 1)
  if (!current) {
    const made = createSet(context, deployment, replicas(all), revision)
    stamp(context, deployment, revision)
    return made
  }
  const newest = String(Math.max(Number(revision), revisionOf(current)))
  stamp(context, deployment, newest)
  return annotate(context, deployment, current, { [REVISION]: newest })
}

function createSet(context: ControllerContext, deployment: KubeObject, replicas: number, revision: string): KubeObject {
  const { store } = context
  const { spec, metadata } = deployment
  const hash = templateHash(withoutHash(spec.template))
  const template = structuredClone(spec.template)
  template.metadata = { ...template.metadata, labels: { ...template.metadata?.labels, [HASH]: hash } }
  return store.create({
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: {
      name: `${metadata.name}-${hash}`,
      namespace: metadata.namespace as string,
      labels: { ...template.metadata.labels },
      annotations: { [REVISION]: revision, ...sizes(deployment) },
      ownerReferences: [ownerReference(deployment)]
    },
    spec: {
      replicas,
      selector: { ...spec.selector, matchLabels: { ...spec.selector.matchLabels, [HASH]: hash } },
      template,
      ...(spec.minReadySeconds ? { minReadySeconds: spec.minReadySeconds } : {})
    }
  })
}

function stamp(context: ControllerContext, deployment: KubeObject, revision: string): void {
  const { store } = context
  store.write(deployment, (draft) => {
    draft.metadata.annotations = { ...draft.metadata.annotations, [REVISION]: revision }
  })
}

function annotate(
  context: ControllerContext,
  deployment: KubeObject,
  set: KubeObject,
  more: Record<string, string> = {}
): KubeObject {
  const { store } = context
  const written = store.write(set, (draft) => {
    draft.metadata.annotations = { ...draft.metadata.annotations, ...sizes(deployment), ...more }
    if (deployment.spec.minReadySeconds) draft.spec.minReadySeconds = deployment.spec.minReadySeconds
    else delete draft.spec.minReadySeconds
  })
  return written ?? set
}

function resize(context: ControllerContext, deployment: KubeObject, set: KubeObject, replicas: number): void {
  const { store } = context
  if (set.spec.replicas === replicas && set.metadata.annotations?.[DESIRED] === String(deployment.spec.replicas)) return
  store.write(set, (draft) => {
    draft.spec.replicas = replicas
    draft.metadata.annotations = { ...draft.metadata.annotations, ...sizes(deployment) }
  })
}

/** Somebody changed `replicas` in the middle of things: all active sets take part in proportion. */
function scalingEvent(context: ControllerContext, deployment: KubeObject): boolean {
  return setsOf(context, deployment).some((set) => {
    const desired = set.metadata.annotations?.[DESIRED]
    return set.spec.replicas > 0 && desired !== undefined && desired !== String(deployment.spec.replicas)
  })
}

function scale(context: ControllerContext, deployment: KubeObject): void {
  const { current, all } = split(context, deployment)
  const running = all.filter((set) => set.spec.replicas > 0)
  const only = running.length === 0 ? current : running.length === 1 ? running[0] : undefined
  if (only) resize(context, deployment, only, deployment.spec.replicas)
  if (only || running.length === 0) return
  const goal = deployment.spec.replicas > 0 ? deployment.spec.replicas + limits(deployment).maxSurge : 0
  const total = sum(running)
  let left = goal - total
  const biggestFirst = [...running].sort((a, b) => b.spec.replicas - a.spec.replicas)
  for (const [index, set] of biggestFirst.entries()) {
    const before = Number(set.metadata.annotations?.[MAX] ?? total)
    const share = index === 0 ? 0 : Math.round((set.spec.replicas * goal) / before) - set.spec.replicas
    const bounded = left > 0 ? Math.min(Math.max(share, 0), left) : Math.max(Math.min(share, 0), left)
    left -= bounded
    if (index > 0) resize(context, deployment, set, Math.max(0, set.spec.replicas + bounded))
  }
  const first = biggestFirst[0] as KubeObject
  resize(context, deployment, first, Math.max(0, first.spec.replicas + left))
}

function recreate(context: ControllerContext, deployment: KubeObject): void {
  const { store } = context
  const { old } = split(context, deployment)
  const standing = old.filter((set) => set.spec.replicas > 0)
  for (const set of standing) resize(context, deployment, set, 0)
  if (standing.length > 0) return
  // A new pod may start only when no old one can still be running.
  if (old.some((set) => podsOf(store, set).some((pod) => !finished(pod)))) return
  const set = ensureCurrent(context, deployment, () => deployment.spec.replicas)
  resize(context, deployment, set, deployment.spec.replicas)
  cleanUp(context, deployment)
}

function roll(context: ControllerContext, deployment: KubeObject): void {
  const { maxSurge, maxUnavailable } = limits(deployment)
  const wanted = deployment.spec.replicas
  const room = (all: KubeObject[], has: number) => {
    if (has > wanted) return wanted
    return has + Math.max(0, Math.min(wanted + maxSurge - sum(all), wanted - has))
  }
  const current = ensureCurrent(context, deployment, (all) => room(all, 0))
  const target = room(setsOf(context, deployment), current.spec.replicas)
  if (target !== current.spec.replicas) {
    resize(context, deployment, current, target)
    return
  }
  if (scaleDownOld(context, deployment, current, maxUnavailable)) return
  if (complete(deployment, current)) cleanUp(context, deployment)
}

function scaleDownOld(
  context: ControllerContext,
  deployment: KubeObject,
  current: KubeObject,
  maxUnavailable: number
): boolean {
  const old = split(context, deployment).old.filter((set) => set.spec.replicas > 0)
  if (old.length === 0) return false
  const all = [...old, current]
  const minAvailable = deployment.spec.replicas - maxUnavailable
  const unavailable = current.spec.replicas - (current.status?.availableReplicas ?? 0)
  let budget = sum(all) - minAvailable - unavailable
  if (budget <= 0) return false
  let took = false
  // First what serves no traffic, in all old sets together no more than the budget ...
  for (const set of old) {
    const idle = Math.min(budget, Math.max(0, set.spec.replicas - (set.status?.availableReplicas ?? 0)))
    if (idle <= 0) continue
    resize(context, deployment, set, set.spec.replicas - idle)
    budget -= idle
    took = true
  }
  // ... then as many available ones as there are too many of.
  const refreshed = split(context, deployment).old.filter((set) => set.spec.replicas > 0)
  const available = [...split(context, deployment).all].reduce(
    (total, set) => total + (set.status?.availableReplicas ?? 0),
    0
  )
  let spare = available - minAvailable
  for (const set of refreshed) {
    const take = Math.min(spare, set.spec.replicas)
    if (take <= 0) continue
    resize(context, deployment, set, set.spec.replicas - take)
    spare -= take
    took = true
  }
  return took
}

function cleanUp(context: ControllerContext, deployment: KubeObject): void {
  const { store } = context
  const idle = split(context, deployment).old.filter(
    (set) => set.spec.replicas === 0 && !set.status?.replicas && !set.metadata.deletionTimestamp
  )
  const surplus = idle.length - deployment.spec.revisionHistoryLimit
  for (const set of idle.slice(0, Math.max(0, surplus)))
    store.remove('ReplicaSet', set.metadata.namespace, set.metadata.name)
}

function complete(deployment: KubeObject, current: KubeObject): boolean {
  const { replicas } = deployment.spec
  const status = deployment.status ?? {}
  const updated = current.status?.replicas ?? 0
  return (
    updated === replicas &&
    status.replicas === replicas &&
    status.availableReplicas === replicas &&
    current.spec.replicas === replicas
  )
}

/** The same status for the same reason is no news, and keeps its time. */
function setAvailable(status: Raw, next: Raw, now: string): void {
  const was = status.conditions?.find(({ type }: Raw) => type === next.type)
  if (was?.status !== next.status || was.reason !== next.reason) setCondition(status, next, now)
}

function minimumAvailable(now: string): Raw {
  const message = 'Deployment has minimum availability.'
  return { type: 'Available', status: 'True', reason: 'MinimumReplicasAvailable', message, lastUpdateTime: now }
}

function minimumUnavailable(now: string): Raw {
  const message = 'Deployment does not have minimum availability.'
  return { type: 'Available', status: 'False', reason: 'MinimumReplicasUnavailable', message, lastUpdateTime: now }
}

/** Both zero is not possible: then one may be unavailable. */
function limits({ spec }: KubeObject): { maxSurge: number; maxUnavailable: number } {
  if (spec.strategy.type !== 'RollingUpdate') return { maxSurge: 0, maxUnavailable: spec.replicas }
  const maxSurge = scaled(spec.strategy.rollingUpdate.maxSurge, spec.replicas, 'up')
  const maxUnavailable = scaled(spec.strategy.rollingUpdate.maxUnavailable, spec.replicas, 'down')
  return {
    maxSurge,
    maxUnavailable: Math.min(spec.replicas, maxSurge === 0 && maxUnavailable === 0 ? 1 : maxUnavailable)
  }
}

function sizes(deployment: KubeObject): Record<string, string> {
  const { replicas } = deployment.spec
  return { [DESIRED]: String(replicas), [MAX]: String(replicas + limits(deployment).maxSurge) }
}

function revisionOf(set: KubeObject): number {
  return Number(set.metadata.annotations?.[REVISION] ?? 0)
}

function sum(sets: readonly KubeObject[]): number {
  return sets.reduce((total, set) => total + set.spec.replicas, 0)
}

function withoutHash(template: Raw): Raw {
  const labels = { ...template.metadata?.labels }
  delete labels[HASH]
  return { ...template, metadata: { ...template.metadata, labels } }
}
