/**
 * Binds pods to nodes. Filters are those of kube-scheduler; among the nodes that remain it prefers those with the fewest pods
 * of the same controller and then those with the most room. It does not preempt: no pod is taken away for another.
 */
import { byKey, type Controller, type ControllerContext, queueKey, workqueue } from './controllers/workqueue.ts'
import { pinnedNode } from './node-fit.ts'
import { conditionOf, controllerOf, type KubeObject, type Raw, same, setCondition, timestamp } from './object.ts'
import { quantity } from './quantity.ts'
import {
  type Candidate,
  firstRejection,
  type Host,
  hostOf,
  preFilter,
  type Rejection,
  requestsOfPod
} from './scheduling-filters.ts'
import type { StoreChange } from './store.ts'

const FIRST_BACKOFF_MS = 1000
const LAST_BACKOFF_MS = 10_000

export function scheduler(context: ControllerContext): Controller {
  const { clock, store, timing } = context
  const queue = workqueue(clock, timing.schedulerMs, (key) => schedule(key))
  /** Pods that fit nowhere, and how often they were tried. */
  const unschedulable = new Map<string, number>()
  const hosts = new Map<string, Host>()

  function onChange(change: StoreChange): void {
    const { object, before, type } = change
    if (object.kind === 'Pod') podChanged(change)
    else if (object.kind === 'Node') {
      hosts.delete(object.metadata.name)
      const matters = !same(
        [object.spec, object.metadata.labels, object.status?.allocatable],
        [before?.spec, before?.metadata.labels, before?.status?.allocatable]
      )
      if (type !== 'DELETED' && matters) retryAll()
      if (type === 'DELETED') retryAll()
    } else if (['PersistentVolume', 'PersistentVolumeClaim', 'StorageClass', 'CSINode'].includes(object.kind))
      retryAll()
  }

  function podChanged({ object, before, type }: StoreChange): void {
    for (const pod of [object, before]) if (pod?.spec?.nodeName) hosts.delete(pod.spec.nodeName)
    if (type === 'DELETED') unschedulable.delete(queueKey(object))
    else if (waits(object) && (!before || !same(object.spec, before.spec))) queue.add(queueKey(object))
    // Room was made, or a pod came that another one wants to be near.
    const bound = object.spec?.nodeName && (type !== 'MODIFIED' || !before?.spec?.nodeName)
    const freed =
      object.status?.phase !== before?.status?.phase && ['Succeeded', 'Failed'].includes(object.status?.phase)
    const leaving = Boolean(object.metadata.deletionTimestamp) && !before?.metadata.deletionTimestamp
    if (bound || freed || leaving) retryAll()
  }

  function retryAll(): void {
    for (const [key, tries] of unschedulable)
      queue.add(key, Math.min(LAST_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** (tries - 1)))
  }

  function host(node: KubeObject): Host {
    const { name } = node.metadata
    let found = hosts.get(name)
    if (found?.node !== node) {
      found = hostOf(store, node)
      hosts.set(name, found)
    }
    return found
  }

  function schedule(key: string): void {
    const pod = byKey(store, 'Pod', key)
    if (!pod || !waits(pod)) {
      unschedulable.delete(key)
      return
    }
    const nodes = store.list('Node')
    const problem = nodes.length === 0 ? 'no nodes available to schedule pods' : preFilter(store, pod)
    if (problem) {
      refuse(
        pod,
        key,
        nodes.length === 0
          ? problem
          : `0/${nodes.length} nodes are available: ${problem}. ${problem.endsWith('not found') ? 'not found' : unhelpful(nodes.length)}`
      )
      return
    }
    const all = nodes.map(host)
    const candidate: Candidate = { pod, requests: requestsOfPod(pod), hosts: all, store, memo: new Map() }
    const rejections = new Map<string, Rejection>()
    const feasible: Host[] = []
    const pinned = pinnedNode(pod.spec)
    for (const one of all) {
      const rejection = pinned && one.node.metadata.name !== pinned ? notThePinnedNode : firstRejection(candidate, one)
      if (rejection) rejections.set(one.node.metadata.name, rejection)
      else feasible.push(one)
    }
    if (feasible.length === 0) refuse(pod, key, explain(all.length, [...rejections.values()]))
    else bind(pod, key, best(pod, feasible))
  }

  function bind(pod: KubeObject, key: string, { node }: Host): void {
    unschedulable.delete(key)
    provision(context, pod, node)
    store.write(pod, (draft) => {
      draft.spec.nodeName = node.metadata.name
      // The admission plugin PodTopologyLabels: a bound pod has labels of where its node is.
      for (const key of ['topology.kubernetes.io/zone', 'topology.kubernetes.io/region']) {
        const value = node.metadata.labels?.[key]
        if (value !== undefined) draft.metadata.labels = { ...draft.metadata.labels, [key]: value }
      }
      setCondition(draft.status, { ...scheduled, status: 'True' }, timestamp(clock.now()))
    })
  }

  function refuse(pod: KubeObject, key: string, message: string): void {
    const tries = (unschedulable.get(key) ?? 0) + 1
    unschedulable.set(key, tries)
    const now = timestamp(clock.now())
    const was = conditionOf(pod, 'PodScheduled')
    if (was?.status === 'False' && was.message === message) return
    store.write(pod, ({ status, metadata }) => {
      const said = { status: 'False', observedGeneration: metadata.generation, reason: 'Unschedulable', message }
      setCondition(status, { ...scheduled, ...said }, now)
    })
  }

  return { onChange }
}

function waits({ spec, metadata }: KubeObject): boolean {
  return (
    !spec.nodeName &&
    !metadata.deletionTimestamp &&
    spec.schedulerName === 'default-scheduler' &&
    !spec.schedulingGates?.length
  )
}

function best(pod: KubeObject, feasible: Host[]): Host {
  const owner = controllerOf(pod)?.uid
  const zonePods = new Map<string, number>()
  const siblings = (one: Host) => (owner ? one.pods.filter((other) => controllerOf(other)?.uid === owner).length : 0)
  const zoneOf = (one: Host) => one.node.metadata.labels?.['topology.kubernetes.io/zone'] ?? ''
  for (const one of feasible) zonePods.set(zoneOf(one), (zonePods.get(zoneOf(one)) ?? 0) + siblings(one))
  const score = (one: Host) => {
    const soft = (one.node.spec?.taints ?? []).filter((taint: Raw) => taint.effect === 'PreferNoSchedule').length
    return -100 * siblings(one) - 30 * (zonePods.get(zoneOf(one)) ?? 0) - 500 * soft + leastAllocated(pod, one)
  }
  return feasible.map((one) => ({ one, points: score(one) })).reduce((a, b) => (b.points > a.points ? b : a)).one
}

/** Claims that waited for their first consumer get a volume in the zone of its node, as the CSI provisioner would make it. */
function provision(context: ControllerContext, pod: KubeObject, node: KubeObject): void {
  const { store } = context
  for (const { persistentVolumeClaim } of pod.spec.volumes ?? []) {
    const claim =
      persistentVolumeClaim &&
      store.find('PersistentVolumeClaim', pod.metadata.namespace, persistentVolumeClaim.claimName)
    if (!claim || claim.spec.volumeName) continue
    const storage = store.get('StorageClass', undefined, claim.spec.storageClassName)
    const zone = node.metadata.labels?.['topology.kubernetes.io/zone']
    const name = `pvc-${claim.metadata.uid}`
    const expression = { key: 'topology.kubernetes.io/zone', operator: 'In', values: [zone] }
    const { namespace, uid } = claim.metadata
    const volume = store.create({
      apiVersion: 'v1',
      kind: 'PersistentVolume',
      metadata: { name, annotations: { 'pv.kubernetes.io/provisioned-by': storage.provisioner } },
      spec: {
        capacity: { storage: claim.spec.resources?.requests?.storage ?? '1Gi' },
        accessModes: claim.spec.accessModes ?? ['ReadWriteOnce'],
        storageClassName: claim.spec.storageClassName,
        persistentVolumeReclaimPolicy: storage.reclaimPolicy,
        claimRef: { apiVersion: 'v1', kind: 'PersistentVolumeClaim', namespace, name: claim.metadata.name, uid },
        csi: { driver: storage.provisioner, volumeHandle: `vol-${uid.replaceAll('-', '').slice(0, 17)}` },
        ...(zone ? { nodeAffinity: { required: { nodeSelectorTerms: [{ matchExpressions: [expression] }] } } } : {})
      }
    })
    store.write(volume, (draft) => {
      draft.status = { phase: 'Bound' }
    })
    store.write(claim, (draft) => {
      draft.spec.volumeName = name
      draft.metadata.annotations = {
        ...draft.metadata.annotations,
        'volume.kubernetes.io/selected-node': node.metadata.name
      }
      draft.status = { phase: 'Bound', accessModes: volume.spec.accessModes, capacity: volume.spec.capacity }
    })
  }
}

const scheduled = { type: 'PodScheduled', lastProbeTime: null }

const notThePinnedNode: Rejection = {
  reasons: ["node(s) didn't satisfy plugin(s) [NodeAffinity]"],
  preemptionMayHelp: false
}

function explain(total: number, rejections: Rejection[]): string {
  const counts = new Map<string, number>()
  for (const { reasons } of rejections) for (const reason of reasons) counts.set(reason, (counts.get(reason) ?? 0) + 1)
  const histogram = [...counts].map(([reason, count]) => `${count} ${reason}`).sort()
  const helpless = rejections.filter((one) => !one.preemptionMayHelp).length
  const victims = total - helpless
  const preemption = [
    victims > 0 ? `${victims} No preemption victims found for incoming pod` : '',
    helpless > 0 ? `${helpless} Preemption is not helpful for scheduling` : ''
  ].filter(Boolean)
  return `0/${total} nodes are available: ${histogram.join(', ')}. preemption: 0/${total} nodes are available: ${preemption.join(', ')}.`
}

function unhelpful(total: number): string {
  return `preemption: 0/${total} nodes are available: ${total} Preemption is not helpful for scheduling.`
}

function leastAllocated(pod: KubeObject, { node, requested }: Host): number {
  const requests = requestsOfPod(pod)
  const free = ['cpu', 'memory'].map((name) => {
    const total = quantity(node.status?.allocatable?.[name])
    return total === 0 ? 0 : (total - (requested.get(name) ?? 0) - (requests.get(name) ?? 0)) / total
  })
  return ((free[0] as number) + (free[1] as number)) * 25
}
