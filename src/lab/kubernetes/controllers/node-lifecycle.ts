/**
 * Nodes that fall silent, the taints that follow from a node's state, and the eviction of pods that do not tolerate them.
 * https://github.com/kubernetes/kubernetes/tree/v1.37.2/pkg/controller/nodelifecycle and .../tainteviction
 */

import { tolerates } from '../node-fit.ts'
import { conditionOf, finished, type KubeObject, podReady, type Raw, same, setCondition, timestamp } from '../object.ts'
import type { StoreChange } from '../store.ts'
import { deletePod } from './pod-template.ts'
import { byKey, type Controller, type ControllerContext, queueKey, workqueue } from './workqueue.ts'

const PREFIX = 'node.kubernetes.io/'

export interface Heartbeats {
  /** When the kubelet of a node was last heard of, ms; undefined when it never was. */
  last(node: string): number | undefined
}

export function nodeLifecycleController(context: ControllerContext, heartbeats: Heartbeats): Controller {
  const { clock, store, timing } = context
  const queue = workqueue(clock, timing.controllerMs, sync)
  const evictions = workqueue(clock, 0, evict)

  function onChange({ object, before, type }: StoreChange): void {
    if (object.kind === 'Node') {
      if (type !== 'DELETED') queue.add(queueKey(object))
      if (!same(object.spec?.taints, before?.spec?.taints)) {
        for (const pod of store.podsOnNode(object.metadata.name)) evictions.add(queueKey(pod))
      }
    }
    if (object.kind === 'Pod' && object.spec?.nodeName && !before?.spec?.nodeName && type !== 'DELETED')
      evictions.add(queueKey(object))
  }

  function sync(key: string): void {
    const node = byKey(store, 'Node', key)
    if (!node) return
    const { name } = node.metadata
    const heard = heartbeats.last(name) ?? Date.parse(node.metadata.creationTimestamp)
    const silentFor = clock.now() - heard
    if (silentFor > timing.nodeMonitorGraceMs) markUnknown(context, node)
    // A kubelet that beats needs no timer here: that it falls silent is a change of its node.
    else if (silentFor > 0) queue.add(key, timing.nodeMonitorGraceMs - silentFor + 1)
    const current = byKey(store, 'Node', key)
    if (!current) return
    setTaints(current)
    if (conditionOf(current, 'Ready')?.status !== 'True') markPodsUnready(context, current)
  }

  /** Taints of our own keys as they should be; all others are left alone. */
  function setTaints(node: KubeObject): void {
    const ready = conditionOf(node, 'Ready')?.status
    const wanted: Raw[] = []
    const name = ready === 'True' ? undefined : ready === 'Unknown' ? 'unreachable' : 'not-ready'
    const since = { timeAdded: timestamp(clock.now()) }
    if (node.spec?.unschedulable) wanted.push({ key: `${PREFIX}unschedulable`, effect: 'NoSchedule', ...since })
    if (name) {
      wanted.push({ key: PREFIX + name, effect: 'NoSchedule', ...since })
      wanted.push({ key: PREFIX + name, effect: 'NoExecute', ...since })
    }
    const ours = [`${PREFIX}not-ready`, `${PREFIX}unreachable`, `${PREFIX}unschedulable`]
    store.write(node, ({ spec }) => {
      const was: Raw[] = spec.taints ?? []
      const kept = was.filter((one) => !ours.includes(one.key) || wanted.some((other) => equal(one, other)))
      const taints = [...kept, ...wanted.filter((one) => !kept.some((other) => equal(one, other)))]
      if (taints.length > 0) spec.taints = taints
      else delete spec.taints
    })
  }

  const equal = (a: Raw, b: Raw) => a.key === b.key && a.effect === b.effect

  /** Deletes a pod whose node has a NoExecute taint that it does not tolerate, or not for ever. */
  function evict(key: string): void {
    const pod = byKey(store, 'Pod', key)
    const node = pod && store.find('Node', undefined, pod.spec.nodeName)
    if (!pod || !node || pod.metadata.deletionTimestamp || finished(pod)) return
    const taints: Raw[] = (node.spec?.taints ?? []).filter((one: Raw) => one.effect === 'NoExecute')
    const waits = taints
      .map((taint) => toleratedUntil(context, pod, taint))
      .filter((until) => until !== Number.POSITIVE_INFINITY)
    if (waits.length === 0) return
    const until = Math.min(...waits)
    if (until > clock.now()) {
      evictions.add(key, until - clock.now())
      return
    }
    const why = { reason: 'DeletionByTaintManager', message: 'Taint manager: deleting due to NoExecute taint' }
    store.write(pod, ({ status }) =>
      setCondition(status, { type: 'DisruptionTarget', status: 'True', ...why }, timestamp(clock.now()))
    )
    deletePod(store, pod)
  }

  return { onChange }
}

function markUnknown(context: ControllerContext, node: KubeObject): void {
  const { clock, store } = context
  const now = timestamp(clock.now())
  store.write(node, (draft) => {
    draft.status ??= {}
    for (const type of ['Ready', 'MemoryPressure', 'DiskPressure', 'PIDPressure']) {
      const was = conditionOf(draft, type)
      if (was?.status === 'Unknown') continue
      const never = was === undefined
      setCondition(
        draft.status,
        {
          type,
          status: 'Unknown',
          reason: never ? 'NodeStatusNeverUpdated' : 'NodeStatusUnknown',
          message: never ? 'Kubelet never posted node status.' : 'Kubelet stopped posting node status.',
          lastHeartbeatTime: was?.lastHeartbeatTime ?? node.metadata.creationTimestamp
        },
        now
      )
    }
  })
}

function markPodsUnready(context: ControllerContext, node: KubeObject): void {
  const { clock, store } = context
  const now = timestamp(clock.now())
  for (const pod of store.podsOnNode(node.metadata.name)) {
    if (!podReady(pod)) continue
    store.write(pod, ({ status }) =>
      setCondition(status, { type: 'Ready', status: 'False', reason: 'NodeNotReady' }, now)
    )
  }
}

function toleratedUntil(context: ControllerContext, pod: KubeObject, taint: Raw): number {
  const { clock } = context
  const matching: Raw[] = (pod.spec.tolerations ?? []).filter((one: Raw) => tolerates(one, taint))
  if (matching.length === 0) return 0
  const seconds = matching.map((one) => one.tolerationSeconds).filter((one) => one !== undefined)
  if (seconds.length === 0) return Number.POSITIVE_INFINITY
  return (taint.timeAdded ? Date.parse(taint.timeAdded) : clock.now()) + Math.max(0, Math.min(...seconds)) * 1000
}
