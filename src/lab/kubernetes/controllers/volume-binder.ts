/** Binds claims to volumes that are there already. Claims that wait for their first consumer are the scheduler's. */
import type { KubeObject, Raw } from '../object.ts'
import { quantity } from '../quantity.ts'
import type { StoreChange } from '../store.ts'
import { byKey, type Controller, type ControllerContext, queueKey, workqueue } from './workqueue.ts'

export function volumeBinder({ clock, store, timing }: ControllerContext): Controller {
  const claims = workqueue(clock, timing.controllerMs, bindClaim)
  const volumes = workqueue(clock, timing.controllerMs, settleVolume)

  function onChange({ object, type }: StoreChange): void {
    if (object.kind === 'PersistentVolumeClaim') {
      if (type !== 'DELETED') claims.add(queueKey(object))
      else if (object.spec?.volumeName) volumes.add(`/${object.spec.volumeName}`)
    }
    if (object.kind === 'PersistentVolume' && type !== 'DELETED') {
      volumes.add(queueKey(object))
      if (type === 'ADDED')
        for (const claim of store.list('PersistentVolumeClaim')) if (!bound(claim)) claims.add(queueKey(claim))
    }
  }

  function bindClaim(key: string): void {
    const claim = byKey(store, 'PersistentVolumeClaim', key)
    if (!claim || bound(claim)) return
    const volume = claim.spec.volumeName
      ? store.find('PersistentVolume', undefined, claim.spec.volumeName)
      : suitable(claim)
    if (!volume || (volume.spec.claimRef && !refersTo(volume, claim))) return
    const { namespace, name, uid } = claim.metadata
    store.write(volume, (draft) => {
      draft.spec.claimRef = { apiVersion: 'v1', kind: 'PersistentVolumeClaim', namespace, name, uid }
      draft.status = { phase: 'Bound' }
    })
    store.write(claim, (draft) => {
      draft.spec.volumeName = volume.metadata.name
      draft.metadata.annotations = { ...draft.metadata.annotations, 'pv.kubernetes.io/bind-completed': 'yes' }
      draft.status = { phase: 'Bound', accessModes: volume.spec.accessModes, capacity: volume.spec.capacity }
    })
  }

  /** A volume that names the claim, else the smallest free one of its class that is large enough. */
  function suitable(claim: KubeObject): KubeObject | undefined {
    const all = store.list('PersistentVolume')
    const reserved = all.find((volume) => refersTo(volume, claim))
    const storage = store.find('StorageClass', undefined, claim.spec.storageClassName ?? '')
    if (reserved || storage?.volumeBindingMode === 'WaitForFirstConsumer') return reserved
    const size = (one: Raw) => quantity(one?.storage)
    const fits = all.filter(
      ({ spec, status }) =>
        status?.phase === 'Available' &&
        (spec.storageClassName ?? '') === (claim.spec.storageClassName ?? '') &&
        size(spec.capacity) >= size(claim.spec.resources?.requests) &&
        (claim.spec.accessModes ?? []).every((mode: string) => spec.accessModes?.includes(mode))
    )
    return fits.sort((a, b) => size(a.spec.capacity) - size(b.spec.capacity))[0]
  }

  function settleVolume(key: string): void {
    const volume = byKey(store, 'PersistentVolume', key)
    if (!volume) return
    const { claimRef, persistentVolumeReclaimPolicy } = volume.spec
    if (!claimRef?.uid) {
      if (volume.status?.phase !== 'Available') phase(volume, 'Available')
    } else if (!store.exists(claimRef.uid)) {
      if (persistentVolumeReclaimPolicy === 'Delete') store.remove('PersistentVolume', undefined, volume.metadata.name)
      else phase(volume, 'Released')
    }
  }

  function phase(volume: KubeObject, to: string): void {
    store.write(volume, (draft) => {
      draft.status = { phase: to }
    })
  }

  return { onChange }
}

function bound(claim: KubeObject): boolean {
  return claim.status?.phase === 'Bound'
}

function refersTo({ spec }: KubeObject, { metadata }: KubeObject): boolean {
  const { name, namespace, uid } = spec.claimRef ?? {}
  return name === metadata.name && namespace === metadata.namespace && (!uid || uid === metadata.uid)
}
