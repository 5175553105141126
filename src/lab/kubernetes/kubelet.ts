/**
 * The kubelets of all nodes. What they do is said by annotations below `simulated/` on a pod or on its node (behaviour.ts):
 * when a pod starts, gets ready, stops, crashes; whether the node is alive at all. No containers, only their states.
 */

import { csiVolumesOf, type Mounts } from './controllers/attachment.ts'
import { deletePod } from './controllers/pod-template.ts'
import { byKey, type Controller, type ControllerContext, queueKey } from './controllers/workqueue.ts'
import { setNodeStatus } from './node-status.ts'
import { finished, isTrue, type KubeObject, podReady, type Raw, same, setCondition, timestamp } from './object.ts'
import { addressOf, containerStatuses, crashed, type PodState, podAddress } from './pod-status.ts'
import { behaviorAnnotation, delayOf } from './simulated-behavior.ts'
import type { StoreChange } from './store.ts'

const START_MS = 50
const DEFAULT_MS = 1000

export interface Kubelets extends Controller {
  /** When the kubelet of a node was last heard of: now, while it lives. */
  last(node: string): number | undefined
}

export function kubelets(context: ControllerContext, mounts: Mounts): Kubelets {
  const { clock, store } = context
  const pending = new Set<string>()
  const silentSince = new Map<string, number>()

  function onChange({ object, before, type }: StoreChange): void {
    if (object.kind === 'Node') nodeChanged(object, before, type)
    else if (object.kind === 'Pod' && type === 'DELETED') forget(object)
    else if (object.kind === 'Pod' && object.spec?.nodeName) look(object)
    else if (object.kind === 'VolumeAttachment' && object.status?.attached) {
      for (const pod of store.podsOnNode(object.spec.nodeName)) if (!begun(pod)) look(pod)
    }
  }

  function nodeChanged(node: KubeObject, before: KubeObject | undefined, type: StoreChange['type']): void {
    const { name, uid } = node.metadata
    if (type === 'DELETED') {
      silentSince.delete(uid)
      return
    }
    if (!living(node)) {
      if (!silentSince.has(uid)) silentSince.set(uid, clock.now())
      return
    }
    silentSince.delete(uid)
    once(`${uid}/status`, 0, () => postStatus(name, uid))
    const revived = before && !living(before)
    if (revived || !before || !same(before.metadata.annotations, node.metadata.annotations)) {
      for (const pod of store.podsOnNode(name)) look(pod)
    }
  }

  function last(name: string): number | undefined {
    const node = store.find('Node', undefined, name)
    if (!node) return undefined
    return living(node) ? clock.now() : silentSince.get(node.metadata.uid)
  }

  /** Does the work after a delay unless the same work waits already. */
  function once(key: string, delayMs: number, work: () => void): void {
    if (pending.has(key)) return
    pending.add(key)
    clock.after(delayMs, () => {
      pending.delete(key)
      work()
    })
  }

  /** Plans the next thing that happens to a pod, judged from what is stored alone. */
  function look(pod: KubeObject): void {
    const node = host(context, pod.spec.nodeName)
    if (!node) return
    const { uid } = pod.metadata
    const unwell = behaviorAnnotation('not-ready', pod) === 'true'
    if (pod.metadata.deletionTimestamp) planEnd(pod, node)
    else if (finished(pod)) return
    else if (!begun(pod)) once(`${uid}/start`, START_MS, () => start(pod))
    else if (behaviorAnnotation('crash-loop', pod, node)) {
      if (!crashing(pod))
        once(`${uid}/crash`, DEFAULT_MS, () =>
          report(context, pod, crashed(behaviorAnnotation('crash-loop', pod, node) ?? ''))
        )
    } else if (podReady(pod) && (unwell || !gatesOpen(pod)))
      once(`${uid}/unwell`, 0, () => report(context, pod, { phase: 'Running', ready: !unwell }))
    else if (!podReady(pod) && !unwell) planReady(pod, node)
    if (podReady(pod)) planCompletion(pod)
  }

  function planReady(pod: KubeObject, node: KubeObject): void {
    // Containers are ready and a gate is closed: opening it changes the pod, and we look again.
    if (isTrue(pod, 'ContainersReady') && !gatesOpen(pod)) return
    const containersReady = isTrue(pod, 'ContainersReady')
    const delay = containersReady ? 0 : delayOf(behaviorAnnotation('ready-after', pod, node), DEFAULT_MS)
    if (delay !== undefined) once(`${pod.metadata.uid}/ready`, delay, () => becomeReady(context, pod))
  }

  function planCompletion(pod: KubeObject): void {
    const text = behaviorAnnotation('completes-after', pod)
    if (!text || pod.spec.restartPolicy === 'Always' || pod.metadata.deletionTimestamp || finished(pod)) return
    const delay = delayOf(text, 0)
    if (delay !== undefined)
      once(`${pod.metadata.uid}/complete`, delay, () =>
        report(context, pod, { phase: 'Succeeded', ready: false, reason: 'Completed' })
      )
  }

  function planEnd(pod: KubeObject, node: KubeObject): void {
    const { uid, deletionTimestamp = '' } = pod.metadata
    const grace = Math.max(0, Date.parse(deletionTimestamp) - clock.now())
    const asked = delayOf(behaviorAnnotation('stops-after', pod, node), Math.min(DEFAULT_MS, grace))
    const killed = asked === undefined || asked > grace
    const delay = !begun(pod) || finished(pod) ? 0 : killed ? grace : asked
    once(`${uid}/gone/${deletionTimestamp}`, delay, () => remove(pod, killed))
  }

  /** A kubelet reports how the pod ended before it takes the object away: who watches sees a terminal phase first. */
  function remove(seen: KubeObject, killed: boolean): void {
    const pod = fresh(context, seen)
    if (!pod || !host(context, pod.spec.nodeName)) return
    if (begun(pod) && !finished(pod)) report(context, pod, ending(pod, killed))
    unmount(pod)
    const left = fresh(context, pod)
    if (left) deletePod(store, left, 0)
  }

  function start(seen: KubeObject): void {
    const pod = fresh(context, seen)
    if (!pod || begun(pod) || pod.metadata.deletionTimestamp || !host(context, pod.spec.nodeName)) return
    const volumes = csiVolumesOf(store, pod)
    const node: string = pod.spec.nodeName
    const attached = (volume: KubeObject) =>
      store
        .list('VolumeAttachment')
        .some(
          (one) =>
            one.spec.nodeName === node &&
            one.spec.source?.persistentVolumeName === volume.metadata.name &&
            one.status?.attached &&
            !one.metadata.deletionTimestamp
        )
    if (!volumes.every(attached)) return // onChange looks again when one is attached.
    for (const volume of volumes) mounts.add(`${volume.metadata.name}@${node}`)
    report(context, pod, { phase: 'Running', ready: false })
  }

  function unmount(pod: KubeObject): void {
    for (const volume of csiVolumesOf(store, pod)) mounts.delete(`${volume.metadata.name}@${pod.spec.nodeName}`)
  }

  function forget({ metadata }: KubeObject): void {
    for (const what of ['start', 'ready', 'crash', 'unwell', 'complete']) pending.delete(`${metadata.uid}/${what}`)
  }

  function postStatus(name: string, uid: string): void {
    const node = host(context, name)
    if (node?.metadata.uid !== uid) return
    const bootDelay = delayOf(behaviorAnnotation('node-ready-after', node), 0)
    const left =
      bootDelay === undefined
        ? Number.POSITIVE_INFINITY
        : Date.parse(node.metadata.creationTimestamp) + bootDelay - clock.now()
    if (left > 0 && Number.isFinite(left)) once(`${uid}/boot`, left, () => postStatus(name, uid))
    const isReady = left <= 0 && behaviorAnnotation('not-ready', node) !== 'true'
    const now = timestamp(clock.now())
    store.write(node, (draft) => {
      draft.status ??= {}
      setNodeStatus(draft, isReady, now)
    })
    registerDrivers(context, node)
  }

  return { onChange, last }
}

function host(context: ControllerContext, name: string | undefined): KubeObject | undefined {
  const { store } = context
  const node = name ? store.find('Node', undefined, name) : undefined
  return node && living(node) ? node : undefined
}

function becomeReady(context: ControllerContext, seen: KubeObject): void {
  const pod = fresh(context, seen)
  const node = host(context, pod?.spec.nodeName)
  if (
    !pod ||
    !node ||
    finished(pod) ||
    pod.metadata.deletionTimestamp ||
    behaviorAnnotation('not-ready', pod) === 'true'
  )
    return
  // The annotation may have been edited while the pod started.
  if (delayOf(behaviorAnnotation('ready-after', pod, node), DEFAULT_MS) !== undefined)
    report(context, pod, { phase: 'Running', ready: true })
}

function fresh(context: ControllerContext, seen: KubeObject): KubeObject | undefined {
  const { store } = context
  const now = byKey(store, 'Pod', queueKey(seen))
  return now?.metadata.uid === seen.metadata.uid ? now : undefined
}

function report(context: ControllerContext, seen: KubeObject, want: PodState): void {
  const { clock, store } = context
  const pod = fresh(context, seen)
  const node = host(context, pod?.spec.nodeName)
  if (!pod || !node || finished(pod)) return
  const ends = want.phase !== 'Running'
  // What is being deleted does not start, and what never began does not end.
  if ((pod.metadata.deletionTimestamp && !ends) || (ends && !begun(pod))) return
  const now = timestamp(clock.now())
  store.write(pod, (draft) => {
    const { status } = draft
    status.phase = want.phase
    status.observedGeneration = draft.metadata.generation
    status.startTime ??= now
    status.hostIP = addressOf(node)
    status.hostIPs = [{ ip: status.hostIP }]
    status.podIP = draft.spec.hostNetwork ? status.hostIP : podAddress(draft.metadata.uid)
    status.podIPs = [{ ip: status.podIP }]
    setPodConditions(draft, want, now)
    Object.assign(status, containerStatuses(draft, want, now))
  })
}

/** `simulated/csi-drivers` lists the drivers of a node and how many volumes each attaches; `none` for none at all. */
function registerDrivers(context: ControllerContext, node: KubeObject): void {
  const { store } = context
  const { name, uid } = node.metadata
  if (store.find('CSINode', undefined, name)) return
  const text = behaviorAnnotation('csi-drivers', node) ?? 'ebs.csi.aws.com=26'
  const drivers =
    text === 'none'
      ? []
      : text.split(',').map((one) => {
          const [driver = '', count] = one.split('=')
          return {
            name: driver,
            nodeID: name,
            topologyKeys: ['topology.kubernetes.io/zone'],
            ...(count ? { allocatable: { count: Number(count) } } : {})
          }
        })
  store.create({
    apiVersion: 'storage.k8s.io/v1',
    kind: 'CSINode',
    metadata: { name, ownerReferences: [{ apiVersion: 'v1', kind: 'Node', name, uid }] },
    spec: { drivers }
  })
}

/** There, from a cloud, and not silent. */
function living(node: KubeObject): boolean {
  return Boolean(node.spec?.providerID?.includes('://')) && behaviorAnnotation('silent', node) !== 'true'
}

function begun(pod: KubeObject): boolean {
  return (pod.status?.containerStatuses?.length ?? 0) > 0
}

function crashing(pod: KubeObject): boolean {
  return pod.status?.containerStatuses?.some((one: Raw) => one.state?.waiting?.reason === 'CrashLoopBackOff') === true
}

function gatesOpen(pod: KubeObject): boolean {
  return (pod.spec.readinessGates ?? []).every((gate: Raw) => isTrue(pod, gate.conditionType))
}

function ending(pod: KubeObject, killed: boolean): PodState {
  if (killed) return { phase: 'Failed', ready: false, exitCode: 137, reason: 'Error' }
  // Services leave cleanly; work is cut short.
  if (pod.spec.restartPolicy !== 'Always') return { phase: 'Failed', ready: false, exitCode: 143, reason: 'Error' }
  return { phase: 'Succeeded', ready: false, reason: 'Completed' }
}

function setPodConditions(draft: Raw, want: PodState, now: string): void {
  const running = want.phase === 'Running'
  const open = gatesOpen(draft)
  const why =
    want.phase === 'Succeeded'
      ? 'PodCompleted'
      : want.phase === 'Failed'
        ? 'PodFailed'
        : want.ready
          ? undefined
          : 'ContainersNotReady'
  const message =
    want.ready || !running
      ? undefined
      : `containers with unready status: [${draft.spec.containers.map((one: Raw) => one.name).join(' ')}]`
  const set = (type: string, yes: boolean, reason?: string, text?: string) =>
    setCondition(
      draft.status,
      {
        type,
        status: yes ? 'True' : 'False',
        lastProbeTime: null,
        observedGeneration: draft.metadata.generation,
        ...(reason ? { reason } : {}),
        ...(text ? { message: text } : {})
      },
      now
    )
  set('PodReadyToStartContainers', running)
  set('Initialized', true, running ? undefined : why)
  set('ContainersReady', want.ready, why, message)
  if (want.ready && !open) set('Ready', false, 'ReadinessGatesNotReady')
  else set('Ready', want.ready, why, message)
}
