/**
 * Attaches and detaches CSI volumes: a VolumeAttachment for every volume that a bound pod needs on its node, taken away when
 * no pod needs it there. A volume of a node whose kubelet never unmounted it is held for six minutes, as in real life.
 */
import { createHash } from 'node:crypto'
import { finished, type KubeObject } from '../object.ts'
import { behaviorAnnotation, delayOf } from '../simulated-behavior.ts'
import type { ObjectStore, StoreChange } from '../store.ts'
import { byKey, type Controller, type ControllerContext, workqueue } from './workqueue.ts'

/** maxWaitForUnmountDuration of the attach/detach controller. */
const UNMOUNT_WAIT_MS = 360_000
const DEFAULT_MS = 1000

/** Which volumes a kubelet has mounted, as `volume@node`. */
export type Mounts = Set<string>

export function attachmentController(context: ControllerContext, mounts: Mounts): Controller {
  const { clock, store, timing } = context
  const queue = workqueue(clock, timing.controllerMs, sync)
  const detachable = new Map<string, number>()

  function onChange({ object }: StoreChange): void {
    if (object.kind === 'Pod' && object.spec?.nodeName)
      for (const volume of csiVolumesOf(store, object)) queue.add(volume.metadata.name)
    if (object.kind === 'VolumeAttachment') queue.add(object.spec.source?.persistentVolumeName ?? '')
    if (object.kind === 'PersistentVolumeClaim' && object.spec?.volumeName) queue.add(object.spec.volumeName)
    if (object.kind === 'Node') {
      for (const one of store.list('VolumeAttachment'))
        if (one.spec.nodeName === object.metadata.name) queue.add(one.spec.source.persistentVolumeName)
    }
  }

  function sync(name: string): void {
    const volume = byKey(store, 'PersistentVolume', `/${name}`)
    const attachments = store.list('VolumeAttachment').filter((one) => one.spec.source?.persistentVolumeName === name)
    const wanted = volume ? nodesThatNeed(context, volume) : new Set<string>()
    for (const one of attachments) if (!wanted.has(one.spec.nodeName)) detach(one, name)
    if (!volume) return
    // One node at a time has a volume that is not shared: the next waits for the last ("Multi-Attach error").
    const shared = volume.spec.accessModes?.some((mode: string) => mode.endsWith('Many')) === true
    const standing = store.list('VolumeAttachment').filter((one) => one.spec.source?.persistentVolumeName === name)
    for (const node of wanted) {
      const already = standing.find((one) => one.spec.nodeName === node)
      if (!already && (shared || standing.length === 0)) attach(context, volume, node)
      else if (already) detachable.delete(already.metadata.uid)
    }
  }

  function detach(attachment: KubeObject, volume: string): void {
    const { uid, name } = attachment.metadata
    const node = attachment.spec.nodeName
    if (attachment.metadata.deletionTimestamp) return
    if (mounts.has(`${volume}@${node}`)) {
      const until = detachable.get(uid) ?? clock.now() + UNMOUNT_WAIT_MS
      detachable.set(uid, until)
      queue.add(volume, Math.max(0, until - clock.now()))
      if (clock.now() < until) return
      mounts.delete(`${volume}@${node}`)
    }
    detachable.delete(uid)
    store.remove('VolumeAttachment', undefined, name)
    const delay = delayOf(
      behaviorAnnotation('detach-after', attachment, store.find('Node', undefined, node)),
      DEFAULT_MS
    )
    if (delay === undefined) return
    clock.after(delay, () => {
      store.write(attachment, ({ metadata, status }) => {
        status.attached = false
        metadata.finalizers = []
      })
    })
  }

  return { onChange }
}

function nodesThatNeed(context: ControllerContext, volume: KubeObject): Set<string> {
  const { store } = context
  const { namespace, name } = volume.spec.claimRef ?? {}
  const nodes = new Set<string>()
  if (!name) return nodes
  for (const pod of store.list('Pod', namespace)) {
    const uses = pod.spec.volumes?.some(
      (one: { persistentVolumeClaim?: { claimName: string } }) => one.persistentVolumeClaim?.claimName === name
    )
    if (uses && pod.spec.nodeName && !finished(pod)) nodes.add(pod.spec.nodeName)
  }
  return nodes
}

function attach(context: ControllerContext, volume: KubeObject, node: string): void {
  const { store, clock } = context
  if (!store.find('Node', undefined, node)) return
  const { driver, volumeHandle } = volume.spec.csi
  const made = store.create({
    apiVersion: 'storage.k8s.io/v1',
    kind: 'VolumeAttachment',
    metadata: {
      name: `csi-${createHash('sha256').update(`${volumeHandle}${driver}${node}`).digest('hex')}`,
      finalizers: [`external-attacher/${driver.replaceAll('.', '-')}`]
    },
    spec: { attacher: driver, nodeName: node, source: { persistentVolumeName: volume.metadata.name } }
  })
  const delay = delayOf(behaviorAnnotation('attach-after', made, store.find('Node', undefined, node)), DEFAULT_MS)
  if (delay === undefined) return
  clock.after(delay, () => {
    store.write(made, (draft) => {
      if (!draft.metadata.deletionTimestamp) draft.status = { attached: true }
    })
  })
}

/** The persistent volumes with a CSI driver behind a pod's claims, as far as they are bound. */
export function csiVolumesOf(store: ObjectStore, pod: KubeObject): KubeObject[] {
  const volumes: KubeObject[] = []
  for (const { persistentVolumeClaim } of pod.spec.volumes ?? []) {
    if (!persistentVolumeClaim) continue
    const claim = store.find('PersistentVolumeClaim', pod.metadata.namespace, persistentVolumeClaim.claimName)
    const volume = claim?.spec?.volumeName && store.find('PersistentVolume', undefined, claim.spec.volumeName)
    if (volume?.spec?.csi) volumes.push(volume)
  }
  return volumes
}
