/** DaemonSets: one pod for every node that it may run on, new nodes included, closed ones too. */

import { matchesNodeAffinity, untolerated } from '../node-fit.ts'
import { availableIn, finished, type KubeObject, podReady, type Raw, templateHash } from '../object.ts'
import { scaled } from '../quantity.ts'
import type { StoreChange } from '../store.ts'
import { createPod, deletePod, podsOf } from './pod-template.ts'
import { byKey, type Controller, type ControllerContext, ownerKey, queueKey, workqueue } from './workqueue.ts'

const HASH = 'controller-revision-hash'

/** What every DaemonSet pod tolerates: https://kubernetes.io/docs/concepts/workloads/controllers/daemonset/ */
const tolerations: readonly Raw[] = [
  ...['not-ready', 'unreachable'].map((name) => ({
    key: `node.kubernetes.io/${name}`,
    operator: 'Exists',
    effect: 'NoExecute'
  })),
  ...['disk-pressure', 'memory-pressure', 'pid-pressure', 'unschedulable'].map((name) => ({
    key: `node.kubernetes.io/${name}`,
    operator: 'Exists',
    effect: 'NoSchedule'
  }))
]
const hostNetworkToleration = {
  key: 'node.kubernetes.io/network-unavailable',
  operator: 'Exists',
  effect: 'NoSchedule'
}

export function daemonSetController(context: ControllerContext): Controller {
  const { clock, store, timing } = context
  const queue = workqueue(clock, timing.controllerMs, sync)

  function onChange({ object, before, type }: StoreChange): void {
    if (object.kind === 'DaemonSet') queue.add(queueKey(object))
    else if (object.kind === 'Pod') {
      const owner = ownerKey(object, 'DaemonSet')
      if (owner) queue.add(owner)
    } else if (object.kind === 'Node' && (type !== 'MODIFIED' || decides(object) !== decides(before as KubeObject))) {
      for (const set of store.list('DaemonSet')) queue.add(queueKey(set))
    }
  }

  const decides = ({ metadata, spec }: KubeObject) => JSON.stringify([metadata.labels, spec?.taints])

  function sync(key: string): void {
    const set = byKey(store, 'DaemonSet', key)
    if (!set || set.metadata.deletionTimestamp) return
    const hash = templateHash(set.spec.template)
    const podsByNode = Map.groupBy(podsOf(store, set), nodeOf)
    for (const node of store.list('Node')) place(context, set, node, podsByNode.get(node.metadata.name) ?? [], hash)
    if (set.spec.updateStrategy.type === 'RollingUpdate') update(context, set, hash)
    report(set, key, hash)
  }

  function report(set: KubeObject, key: string, hash: string): void {
    const nodes = store.list('Node')
    const wanted = new Set(nodes.filter((node) => verdict(set, node).shouldRun).map((node) => node.metadata.name))
    const pods = podsOf(store, set).filter((pod) => !pod.metadata.deletionTimestamp)
    const placed = pods.filter((pod) => wanted.has(nodeOf(pod)))
    const waits = placed.map((pod) => availableIn(pod, set.spec.minReadySeconds ?? 0, clock.now()))
    const later = waits.filter((wait) => wait !== undefined && wait > 0) as number[]
    if (later.length > 0) queue.add(key, Math.min(...later))
    const available = waits.filter((wait) => wait === 0).length
    const found = byKey(store, 'DaemonSet', key)
    if (!found) return
    store.write(found, (draft) => {
      draft.status = {
        ...draft.status,
        currentNumberScheduled: placed.length,
        numberMisscheduled: pods.length - placed.length,
        desiredNumberScheduled: wanted.size,
        numberReady: placed.filter(podReady).length,
        observedGeneration: draft.metadata.generation,
        updatedNumberScheduled: placed.filter((pod) => pod.metadata.labels?.[HASH] === hash).length,
        numberAvailable: available,
        numberUnavailable: wanted.size - available
      }
    })
  }

  return { onChange }
}

function place(context: ControllerContext, set: KubeObject, node: KubeObject, pods: KubeObject[], hash: string): void {
  const { store } = context
  const { shouldRun, mayStay } = verdict(set, node)
  for (const pod of pods.filter((one) => !one.metadata.deletionTimestamp)) {
    if (finished(pod) || !mayStay) deletePod(store, pod)
  }
  const taken = pods.some((pod) => !(finished(pod) && pod.metadata.deletionTimestamp))
  if (shouldRun && !taken) create(context, set, node.metadata.name, hash)
}

function create(context: ControllerContext, set: KubeObject, node: string, hash: string): void {
  const { store } = context
  createPod(store, set, set.spec.template, {
    labels: { [HASH]: hash },
    spec(spec) {
      const affinity = structuredClone(spec.affinity ?? {})
      const fields = [{ key: 'metadata.name', operator: 'In', values: [node] }]
      const required = affinity.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution
      const terms = required?.nodeSelectorTerms?.map((term: Raw) => ({ ...term, matchFields: fields })) ?? [
        { matchFields: fields }
      ]
      affinity.nodeAffinity = {
        ...affinity.nodeAffinity,
        requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: terms }
      }
      spec.affinity = affinity
      spec.tolerations = [
        ...(spec.tolerations ?? []),
        ...tolerations,
        ...(spec.hostNetwork ? [hostNetworkToleration] : [])
      ]
    }
  })
}

/** With RollingUpdate: outdated pods go, as many at once as may be unavailable. maxSurge is not simulated. */
function update(context: ControllerContext, set: KubeObject, hash: string): void {
  const { store, clock } = context
  const pods = podsOf(store, set).filter((pod) => !pod.metadata.deletionTimestamp)
  const outdated = pods.filter((pod) => pod.metadata.labels?.[HASH] !== hash)
  if (outdated.length === 0) return
  const wanted = store.list('Node').filter((node) => verdict(set, node).shouldRun).length
  const maxUnavailable = Math.max(1, scaled(set.spec.updateStrategy.rollingUpdate.maxUnavailable, wanted, 'up'))
  const isAvailable = (pod: KubeObject) => availableIn(pod, set.spec.minReadySeconds ?? 0, clock.now()) === 0
  const broken = outdated.filter((pod) => !isAvailable(pod))
  const spare = maxUnavailable - (wanted - pods.filter(isAvailable).length)
  for (const pod of [...broken, ...outdated.filter(isAvailable).slice(0, Math.max(0, spare))]) deletePod(store, pod)
}

function nodeOf(pod: KubeObject): string {
  if (pod.spec.nodeName) return pod.spec.nodeName
  const terms = pod.spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms
  return terms?.[0]?.matchFields?.[0]?.values?.[0] ?? ''
}

function verdict(set: KubeObject, node: KubeObject): { shouldRun: boolean; mayStay: boolean } {
  const template = set.spec.template.spec
  const spec = {
    ...template,
    tolerations: [
      ...(template.tolerations ?? []),
      ...tolerations,
      ...(template.hostNetwork ? [hostNetworkToleration] : [])
    ]
  }
  if (spec.nodeName && spec.nodeName !== node.metadata.name) return { shouldRun: false, mayStay: false }
  if (!matchesNodeAffinity(spec, node)) return { shouldRun: false, mayStay: false }
  const taints: Raw[] = node.spec?.taints ?? []
  return {
    shouldRun: !untolerated(taints, spec.tolerations, ['NoSchedule', 'NoExecute']),
    mayStay: !untolerated(taints, spec.tolerations, ['NoExecute'])
  }
}
