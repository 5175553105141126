/** Removes what has no owner any more, pods of nodes that are gone, and the content of namespaces that are going. */
import { conditionOf, finished, type KubeObject, type Raw, setCondition, timestamp } from '../object.ts'
import { resourceOfKind, resources } from '../resource.ts'
import type { StoreChange } from '../store.ts'
import { deletePod } from './pod-template.ts'
import { byKey, type Controller, type ControllerContext, queueKey, workqueue } from './workqueue.ts'

/**
 * The real one looks every 20 s and waits 40 s to be sure that a node is gone, so that its pods go 40 to 80 s later.
 * https://github.com/kubernetes/kubernetes/blob/v1.37.2/pkg/controller/podgc/gc_controller.go
 */
const ORPHANED_PODS_MS = 60_000

export function garbageCollector(context: ControllerContext): Controller {
  const { clock, store, timing } = context
  const dependents = workqueue(clock, timing.controllerMs, (key) => collect(context, key))
  const foreground = workqueue(clock, timing.controllerMs, (key) => finishForeground(context, key))
  const nodes = workqueue(clock, ORPHANED_PODS_MS, (key) => collectPodsOf(context, key))
  const namespaces = workqueue(clock, timing.controllerMs, (key) => empty(key))

  function onChange({ object, type }: StoreChange): void {
    const owners = object.metadata.ownerReferences ?? []
    if (type === 'DELETED') {
      for (const one of store.ownedBy(object.metadata.uid)) dependents.add(`${one.kind}:${queueKey(one)}`)
      for (const one of owners) foreground.add(`${one.kind}:${object.metadata.namespace ?? ''}/${one.name}`)
    }
    if (type === 'ADDED' && owners.length > 0) dependents.add(`${object.kind}:${queueKey(object)}`)
    if (object.metadata.finalizers?.includes('foregroundDeletion')) foreground.add(`${object.kind}:${queueKey(object)}`)
    if (object.kind === 'Node' && type === 'DELETED') nodes.add(object.metadata.name)
    const going =
      object.kind === 'Namespace' ? object.metadata.name : type === 'DELETED' ? object.metadata.namespace : undefined
    if (going && store.find('Namespace', undefined, going)?.metadata.deletionTimestamp) namespaces.add(going)
  }

  function empty(name: string): void {
    const namespace = store.find('Namespace', undefined, name)
    if (!namespace?.metadata.deletionTimestamp) return
    let left = 0
    for (const { kind, namespaced } of resources) {
      if (!namespaced) continue
      for (const one of store.list(kind, name)) {
        left++
        if (!one.metadata.deletionTimestamp) store.remove(kind, name, one.metadata.name)
      }
    }
    if (left > 0) {
      namespaces.add(name, 1000)
      return
    }
    store.finish(namespace)
  }

  return { onChange }
}

function at(context: ControllerContext, key: string): KubeObject | undefined {
  const colon = key.indexOf(':')
  return byKeyOfKind(context, key.slice(0, colon), key.slice(colon + 1))
}

function byKeyOfKind(context: ControllerContext, kind: string, key: string): KubeObject | undefined {
  const { store } = context
  if (!resources.some((one) => one.kind === kind)) return undefined
  return resourceOfKind(kind).namespaced ? byKey(store, kind, key) : byKey(store, kind, key.slice(key.indexOf('/')))
}

function collect(context: ControllerContext, key: string): void {
  const { store } = context
  const object = at(context, key)
  const owners = object?.metadata.ownerReferences ?? []
  // Owners of kinds that the lab does not have (Argo Rollouts, ...) count as there: it cannot know better.
  if (
    !object ||
    owners.length === 0 ||
    owners.some((one) => store.exists(one.uid) || !resources.some(({ kind }) => kind === one.kind))
  )
    return
  if (object.kind === 'Pod') deletePod(store, object)
  else
    store.remove(object.kind, object.metadata.namespace, object.metadata.name, {
      preconditions: { uid: object.metadata.uid }
    })
}

function finishForeground(context: ControllerContext, key: string): void {
  const { store } = context
  const owner = at(context, key)
  if (!owner?.metadata.finalizers?.includes('foregroundDeletion')) return
  let blocked = false
  for (const one of store.ownedBy(owner.metadata.uid)) {
    const blocks = one.metadata.ownerReferences?.some(
      (reference) => reference.uid === owner.metadata.uid && reference.blockOwnerDeletion
    )
    blocked = blocked || blocks === true
    if (one.metadata.deletionTimestamp) continue
    store.remove(one.kind, one.metadata.namespace, one.metadata.name, {
      propagationPolicy: one.kind === 'Pod' ? 'Background' : 'Foreground'
    })
  }
  if (blocked) return
  store.write(owner, ({ metadata }) => {
    metadata.finalizers = metadata.finalizers.filter((one: string) => one !== 'foregroundDeletion')
  })
}

function collectPodsOf(context: ControllerContext, node: string): void {
  const { store, clock } = context
  if (store.find('Node', undefined, node)) return
  for (const pod of store.podsOnNode(node)) {
    const why = { reason: 'DeletionByPodGC', message: 'PodGC: node no longer exists' }
    if (!finished(pod)) {
      store.write(pod, ({ status }: Raw) => {
        status.phase = 'Failed'
        if (!conditionOf({ status } as KubeObject, 'DisruptionTarget')) {
          setCondition(status, { type: 'DisruptionTarget', status: 'True', ...why }, timestamp(clock.now()))
        }
      })
    }
    deletePod(store, pod, 0)
  }
}
