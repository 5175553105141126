/** Events as `kubectl get events` and `describe` show them: what the parts of a real cluster say about the same changes. */
import type { Lab } from '../joined/lab.ts'
import { conditionOf, type KubeObject, timestamp } from '../kubernetes/object.ts'
import type { StoreChange } from '../kubernetes/store.ts'

interface Said {
  about: KubeObject
  reason: string
  message: string
  component: string
  warning?: boolean
}

/** A real cluster forgets them after an hour. */
const kept = 1000

/** Writes them into the store until it is told to end. */
export function recordEvents({ cluster, clock }: Pick<Lab, 'cluster' | 'clock'>): () => void {
  const { store } = cluster
  const names: { namespace: string; name: string }[] = []
  let count = 0

  function write({ about, reason, message, component, warning }: Said, at: string): void {
    const { kind, apiVersion, metadata } = about
    const namespace = metadata.namespace ?? 'default'
    if (store.find('Namespace', undefined, namespace)?.status?.phase === 'Terminating') return
    const name = `${metadata.name}.${(clock.now() * 1000 + (count++ % 1000)).toString(16)}`
    const involvedObject = { kind, apiVersion, name: metadata.name, namespace: metadata.namespace, uid: metadata.uid }
    store.create({
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { name, namespace },
      involvedObject,
      reason,
      message,
      type: warning ? 'Warning' : 'Normal',
      count: 1,
      firstTimestamp: at,
      lastTimestamp: at,
      source: { component },
      reportingComponent: component,
      reportingInstance: ''
    } as never)
    names.push({ namespace, name })
    const oldest = names.length > kept ? names.shift() : undefined
    if (oldest && store.find('Event', oldest.namespace, oldest.name))
      store.remove('Event', oldest.namespace, oldest.name)
  }

  return store.listen((change) => {
    const at = timestamp(clock.now())
    for (const said of eventsOf(change)) clock.after(0, () => write(said, at))
  })
}

function eventsOf(change: StoreChange): Said[] {
  switch (change.object.kind) {
    case 'Node':
      return nodeEvents(change)
    case 'Pod':
      return podEvents(change)
    case 'ReplicaSet':
      return replicaSetEvents(change)
    default:
      return []
  }
}

function nodeEvents({ type, object: about, before }: StoreChange): Said[] {
  const { name } = about.metadata
  const controller = (reason: string, what: string): Said[] => [
    {
      about,
      reason,
      message: `Node ${name} event: ${what} Node ${name} ${what === 'Removing' ? 'from' : 'in'} Controller`,
      component: 'node-controller'
    }
  ]
  if (type === 'ADDED') return controller('RegisteredNode', 'Registered')
  if (type === 'DELETED') return controller('RemovingNode', 'Removing')
  const status = (reason: string, component: string): Said => ({
    about,
    reason,
    message: `Node ${name} status is now: ${reason}`,
    component
  })
  const said: Said[] = []
  const [was, is] = [before, about].map((one) => one && conditionOf(one, 'Ready')?.status)
  if (was !== is && is === 'True') said.push(status('NodeReady', 'kubelet'))
  else if (was === 'True' && is !== 'True') said.push(status('NodeNotReady', 'node-controller'))
  const cordoned = Boolean(about.spec?.unschedulable)
  if (Boolean(before?.spec?.unschedulable) !== cordoned)
    said.push(status(cordoned ? 'NodeNotSchedulable' : 'NodeSchedulable', 'kubelet'))
  return said
}

function podEvents({ type, object: about, before }: StoreChange): Said[] {
  if (type === 'DELETED') return []
  const { name, namespace, ownerReferences } = about.metadata
  const said: Said[] = []
  const owner = ownerReferences?.[0]
  if (type === 'ADDED' && owner) {
    const message =
      owner.kind === 'StatefulSet'
        ? `create Pod ${name} in StatefulSet ${owner.name} successful`
        : `Created pod: ${name}`
    const of = {
      kind: owner.kind,
      apiVersion: owner.apiVersion,
      metadata: { name: owner.name, namespace, uid: owner.uid }
    }
    const component = `${String(owner.kind).toLowerCase()}-controller`
    said.push({ about: of as KubeObject, reason: 'SuccessfulCreate', message, component })
  }
  const node = about.spec.nodeName
  if (node && !before?.spec.nodeName) {
    const message = `Successfully assigned ${namespace}/${name} to ${node}`
    said.push({ about, reason: 'Scheduled', message, component: 'default-scheduler' })
  }
  const unscheduled = conditionOf(about, 'PodScheduled')
  if (
    unscheduled?.status === 'False' &&
    (before && conditionOf(before, 'PodScheduled'))?.message !== unscheduled.message
  ) {
    const message = unscheduled.message ?? ''
    said.push({ about, reason: 'FailedScheduling', message, component: 'default-scheduler', warning: true })
  }
  const container = about.spec.containers[0]?.name
  if (about.status?.phase === 'Running' && before?.status?.phase !== 'Running')
    said.push({ about, reason: 'Started', message: `Started container ${container}`, component: 'kubelet' })
  if (
    about.metadata.deletionTimestamp &&
    before &&
    !before.metadata.deletionTimestamp &&
    about.status?.phase === 'Running'
  )
    said.push({ about, reason: 'Killing', message: `Stopping container ${container}`, component: 'kubelet' })
  return said
}

function replicaSetEvents({ type, object, before }: StoreChange): Said[] {
  const owner = object.metadata.ownerReferences?.[0]
  const [from, to] = [before?.spec.replicas ?? 0, object.spec.replicas ?? 0]
  if (type === 'DELETED' || from === to || owner?.kind !== 'Deployment') return []
  const { name, namespace } = object.metadata
  const about = {
    kind: owner.kind,
    apiVersion: owner.apiVersion,
    metadata: { name: owner.name, namespace, uid: owner.uid }
  }
  const message = `Scaled ${from < to ? 'up' : 'down'} replica set ${name} from ${from} to ${to}`
  return [{ about: about as KubeObject, reason: 'ScalingReplicaSet', message, component: 'deployment-controller' }]
}
