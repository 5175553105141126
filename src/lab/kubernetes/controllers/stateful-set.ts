/**
 * StatefulSets: pods with names that are taken again only when the old object is gone, in order and one at a time unless
 * podManagementPolicy is Parallel.
 */
import { availableIn, finished, type KubeObject, ownerReference, podReady, type Raw, templateHash } from '../object.ts'
import type { StoreChange } from '../store.ts'
import { createPod, deletePod, podsOf } from './pod-template.ts'
import { byKey, type Controller, type ControllerContext, ownerKey, queueKey, workqueue } from './workqueue.ts'

const REVISION = 'controller-revision-hash'

export function statefulSetController(context: ControllerContext): Controller {
  const { clock, store, timing } = context
  const queue = workqueue(clock, timing.controllerMs, (key) => sync(key))
  // In place of ControllerRevision objects, which no upgrade of nodes reads: templates by set and revision.
  const templates = new Map<string, Raw>()

  function onChange({ object }: StoreChange): void {
    if (object.kind === 'StatefulSet') queue.add(queueKey(object))
    if (object.kind !== 'Pod') return
    const owner = ownerKey(object, 'StatefulSet')
    if (owner) queue.add(owner)
  }

  function sync(key: string): void {
    const set = byKey(store, 'StatefulSet', key)
    if (!set || set.metadata.deletionTimestamp) return
    const revision = `${set.metadata.name}-${templateHash(set.spec.template)}`
    templates.set(`${set.metadata.uid}/${revision}`, set.spec.template)
    const pods = new Map(podsOf(store, set).map((pod) => [ordinalOf(set, pod), pod]))
    if (keepOrdinals(set, pods, revision)) if (scaleDown(context, set, pods)) update(context, set, pods, revision)
    report(set, key, revision)
  }

  /** Every ordinal has its pod. False when the set has to wait before it may go on. */
  function keepOrdinals(set: KubeObject, pods: Map<number, KubeObject>, revision: string): boolean {
    const first = set.spec.ordinals?.start ?? 0
    let goOn = true
    for (let ordinal = first; ordinal < first + set.spec.replicas; ordinal++) {
      const pod = pods.get(ordinal)
      if (!pod) create(set, ordinal, revision)
      else if (finished(pod) && !pod.metadata.deletionTimestamp) deletePod(store, pod)
      else if (!pod.metadata.deletionTimestamp && healthy(context, set, pod)) continue
      if (!parallel(set)) return false
      goOn = goOn && pod !== undefined
    }
    return goOn
  }

  function create(set: KubeObject, ordinal: number, newest: string): void {
    const name = `${set.metadata.name}-${ordinal}`
    const revision = revisionFor(set, ordinal, newest)
    const template = templates.get(`${set.metadata.uid}/${revision}`) ?? set.spec.template
    for (const claim of set.spec.volumeClaimTemplates ?? []) ensureClaim(context, set, claim, name)
    createPod(store, set, template, {
      name,
      labels: {
        'statefulset.kubernetes.io/pod-name': name,
        'apps.kubernetes.io/pod-index': String(ordinal),
        [REVISION]: revision
      },
      spec(spec) {
        spec.hostname = name
        spec.subdomain = set.spec.serviceName
        const claims = (set.spec.volumeClaimTemplates ?? []).map(({ metadata }: Raw) => ({
          name: metadata.name,
          persistentVolumeClaim: { claimName: `${metadata.name}-${name}` }
        }))
        if (claims.length > 0) spec.volumes = [...claims, ...(spec.volumes ?? [])]
      }
    })
  }

  function report(seen: KubeObject, key: string, revision: string): void {
    const set = byKey(store, 'StatefulSet', key)
    if (!set || set.metadata.uid !== seen.metadata.uid) return
    const pods = podsOf(store, set).filter((pod) => !finished(pod))
    const standing = pods.filter((pod) => !pod.metadata.deletionTimestamp)
    const waits = standing.map((pod) => availableIn(pod, set.spec.minReadySeconds ?? 0, clock.now()))
    const later = waits.filter((wait) => wait !== undefined && wait > 0) as number[]
    if (later.length > 0) queue.add(key, Math.min(...later))
    store.write(set, (draft) => {
      const current = draft.status?.currentRevision ?? revision
      const updated = standing.filter((pod) => pod.metadata.labels?.[REVISION] === revision)
      const ready = pods.filter(podReady).length
      const done =
        current !== revision &&
        updated.length === set.spec.replicas &&
        updated.filter(podReady).length === set.spec.replicas
      const now = done ? revision : current
      draft.status = {
        ...draft.status,
        observedGeneration: draft.metadata.generation,
        replicas: pods.length,
        readyReplicas: ready,
        availableReplicas: waits.filter((wait) => wait === 0).length,
        currentReplicas: standing.filter((pod) => pod.metadata.labels?.[REVISION] === now).length,
        updatedReplicas: updated.length,
        currentRevision: now,
        updateRevision: revision,
        collisionCount: 0
      }
    })
  }

  return { onChange }
}

function parallel(set: KubeObject): boolean {
  return set.spec.podManagementPolicy === 'Parallel'
}

function healthy(context: ControllerContext, set: KubeObject, pod: KubeObject): boolean {
  const { clock } = context
  return pod.status?.phase === 'Running' && availableIn(pod, set.spec.minReadySeconds ?? 0, clock.now()) === 0
}

/** In the middle of an update a pod that is lost comes back as what it was, not as what it will be. */
function revisionFor(set: KubeObject, ordinal: number, newest: string): string {
  const { currentRevision, currentReplicas = 0 } = set.status ?? {}
  if (!currentRevision || currentRevision === newest || set.spec.updateStrategy.type !== 'RollingUpdate') return newest
  const first = set.spec.ordinals?.start ?? 0
  const partition = set.spec.updateStrategy.rollingUpdate?.partition ?? 0
  const old = partition > 0 ? ordinal < partition : ordinal < first + currentReplicas
  return old ? currentRevision : newest
}

function ensureClaim(context: ControllerContext, set: KubeObject, template: Raw, pod: string): void {
  const { store } = context
  const name = `${template.metadata.name}-${pod}`
  const namespace = set.metadata.namespace as string
  if (store.find('PersistentVolumeClaim', namespace, name)) return
  const { labels } = set.spec.selector.matchLabels ? { labels: set.spec.selector.matchLabels } : { labels: {} }
  const metadata = { ...structuredClone(template.metadata), name, namespace, labels: { ...labels } }
  if (set.spec.persistentVolumeClaimRetentionPolicy?.whenDeleted === 'Delete')
    metadata.ownerReferences = [ownerReference(set)]
  store.create({ apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata, spec: structuredClone(template.spec) })
}

/** True when there was nothing to take away. */
function scaleDown(context: ControllerContext, set: KubeObject, pods: Map<number, KubeObject>): boolean {
  const { store } = context
  const end = (set.spec.ordinals?.start ?? 0) + set.spec.replicas
  const surplus = [...pods].filter(([ordinal]) => ordinal >= end).sort(([a], [b]) => b - a)
  if (surplus.length === 0) return true
  for (const [, pod] of surplus) {
    if (!pod.metadata.deletionTimestamp) deletePod(store, pod)
    if (!parallel(set)) return false
  }
  return false
}

function update(context: ControllerContext, set: KubeObject, pods: Map<number, KubeObject>, revision: string): void {
  const { store } = context
  const { type, rollingUpdate } = set.spec.updateStrategy
  if (type !== 'RollingUpdate') return
  const first = set.spec.ordinals?.start ?? 0
  for (
    let ordinal = first + set.spec.replicas - 1;
    ordinal >= Math.max(first, rollingUpdate?.partition ?? 0);
    ordinal--
  ) {
    const pod = pods.get(ordinal)
    if (!pod || pod.metadata.deletionTimestamp) return
    const outdated = pod.metadata.labels?.[REVISION] !== revision
    if (outdated) deletePod(store, pod)
    if (outdated || !healthy(context, set, pod)) return
  }
}

function ordinalOf(set: KubeObject, pod: KubeObject): number {
  return Number(pod.metadata.name.slice(set.metadata.name.length + 1))
}
