import { availableIn, controllerOf, finished, type KubeObject, podReady } from '../object.ts'
import type { StoreChange } from '../store.ts'
import { active, createPod, deletePod, dispensableFirst, podsOf } from './pod-template.ts'
import { byKey, type Controller, type ControllerContext, ownerKey, queueKey, workqueue } from './workqueue.ts'

export function replicaSetController({ clock, store, timing }: ControllerContext): Controller {
  const queue = workqueue(clock, timing.controllerMs, sync)

  function onChange({ object }: StoreChange): void {
    if (object.kind === 'ReplicaSet') queue.add(queueKey(object))
    if (object.kind !== 'Pod') return
    const owner = ownerKey(object, 'ReplicaSet')
    if (owner) queue.add(owner)
  }

  function sync(key: string): void {
    const set = byKey(store, 'ReplicaSet', key)
    if (!set) return
    if (!set.metadata.deletionTimestamp) scale(set)
    report(set, key)
  }

  function scale(set: KubeObject): void {
    const pods = podsOf(store, set).filter(active)
    const missing = set.spec.replicas - pods.length
    for (let i = 0; i < missing; i++) createPod(store, set, set.spec.template, {})
    if (missing < 0) {
      for (const pod of dispensableFirst(pods, related(set)).slice(0, -missing)) deletePod(store, pod)
    }
  }

  /** Pods of all sets of the same owner: a rollout takes from crowded nodes first, whichever revision crowds them. */
  function related(set: KubeObject): KubeObject[] {
    const owner = controllerOf(set)
    if (!owner) return podsOf(store, set)
    return [...store.ownedBy(owner.uid)]
      .filter(({ kind }) => kind === 'ReplicaSet')
      .flatMap((one) => podsOf(store, one))
  }

  function report(set: KubeObject, key: string): void {
    const all = podsOf(store, set)
    const pods = all.filter(active)
    const waits = pods.map((pod) => availableIn(pod, set.spec.minReadySeconds ?? 0, clock.now()))
    const later = waits.filter((wait) => wait !== undefined && wait > 0) as number[]
    if (later.length > 0) queue.add(key, Math.min(...later))
    store.write(set, (draft) => {
      draft.status = {
        ...draft.status,
        replicas: pods.length,
        fullyLabeledReplicas: pods.length,
        readyReplicas: pods.filter(podReady).length,
        availableReplicas: waits.filter((wait) => wait === 0).length,
        terminatingReplicas: all.filter((pod) => pod.metadata.deletionTimestamp && !finished(pod)).length,
        observedGeneration: draft.metadata.generation
      }
    })
  }

  return { onChange }
}
