/** The columns that people look for, as the printers of the API server have them. */
import { conditionOf, type KubeObject, podReady, type Raw } from './object.ts'

export interface Column {
  name: string
  /** Shown with `-o wide` only. */
  wide?: boolean
  cell(object: KubeObject, now: number): string | number
}

export const columnsOf = (kind: string): readonly Column[] => columns[kind] ?? [name, age]

export const name: Column = { name: 'Name', cell: ({ metadata }) => metadata.name }
const age: Column = { name: 'Age', cell: ({ metadata }, now) => since(metadata.creationTimestamp, now) }

const wide = (title: string, cell: Column['cell']): Column => ({ name: title, wide: true, cell })
const plain = (title: string, cell: Column['cell']): Column => ({ name: title, cell })
const containersOf = ({ spec }: KubeObject): Raw[] => spec.template.spec.containers
const workload = [
  wide('Containers', (object) =>
    containersOf(object)
      .map((one) => one.name)
      .join(',')
  ),
  wide('Images', (object) =>
    containersOf(object)
      .map(({ image }) => image)
      .join(',')
  ),
  wide('Selector', ({ spec }) => pairs(spec.selector?.matchLabels))
]
const readyOfAll = plain('Ready', ({ spec, status }) => `${status?.readyReplicas ?? 0}/${spec.replicas}`)

const columns: Record<string, readonly Column[]> = {
  Node: [
    name,
    plain('Status', nodeStatus),
    plain('Roles', () => '<none>'),
    age,
    plain('Version', ({ status }) => status?.nodeInfo?.kubeletVersion ?? ''),
    wide('Internal-IP', (node) => addressOf(node, 'InternalIP')),
    wide('External-IP', (node) => addressOf(node, 'ExternalIP')),
    wide('OS-Image', ({ status }) => status?.nodeInfo?.osImage || '<unknown>'),
    wide('Kernel-Version', ({ status }) => status?.nodeInfo?.kernelVersion || '<unknown>'),
    wide('Container-Runtime', ({ status }) => status?.nodeInfo?.containerRuntimeVersion || '<unknown>')
  ],
  Pod: [
    name,
    plain('Ready', readyContainers),
    plain('Status', podStatus),
    plain('Restarts', ({ status }) => status?.containerStatuses?.[0]?.restartCount ?? 0),
    age,
    wide('IP', ({ status }) => status?.podIP ?? '<none>'),
    wide('Node', ({ spec }) => spec.nodeName ?? '<none>'),
    wide('Nominated Node', ({ status }) => status?.nominatedNodeName ?? '<none>'),
    wide('Readiness Gates', readinessGates)
  ],
  Deployment: [
    name,
    readyOfAll,
    plain('Up-to-date', ({ status }) => status?.updatedReplicas ?? 0),
    plain('Available', ({ status }) => status?.availableReplicas ?? 0),
    age,
    ...workload
  ],
  ReplicaSet: [
    name,
    plain('Desired', ({ spec }) => spec.replicas ?? 0),
    plain('Current', ({ status }) => status?.replicas ?? 0),
    plain('Ready', ({ status }) => status?.readyReplicas ?? 0),
    age,
    ...workload
  ],
  StatefulSet: [name, readyOfAll, age, ...workload.slice(0, 2)],
  DaemonSet: [
    name,
    plain('Desired', ({ status }) => status?.desiredNumberScheduled ?? 0),
    plain('Current', ({ status }) => status?.currentNumberScheduled ?? 0),
    plain('Ready', ({ status }) => status?.numberReady ?? 0),
    plain('Up-to-date', ({ status }) => status?.updatedNumberScheduled ?? 0),
    plain('Available', ({ status }) => status?.numberAvailable ?? 0),
    plain('Node Selector', ({ spec }) => pairs(spec.template.spec.nodeSelector)),
    age,
    ...workload
  ],
  PodDisruptionBudget: [
    name,
    plain('Min available', ({ spec }) => spec.minAvailable ?? 'N/A'),
    plain('Max unavailable', ({ spec }) => spec.maxUnavailable ?? 'N/A'),
    plain('Allowed disruptions', ({ status }) => status?.disruptionsAllowed ?? 0),
    age
  ],
  Event: [
    plain('Last Seen', ({ lastTimestamp, metadata }: Raw, now) =>
      since(lastTimestamp ?? metadata.creationTimestamp, now)
    ),
    plain('Type', ({ type }: Raw) => type ?? ''),
    plain('Reason', ({ reason }: Raw) => reason ?? ''),
    plain('Object', ({ involvedObject: { kind, name: of } }: Raw) => `${String(kind).toLowerCase()}/${of}`),
    wide('Source', ({ source, reportingComponent }: Raw) => source?.component ?? reportingComponent ?? ''),
    plain('Message', ({ message }: Raw) => message ?? ''),
    wide('Count', ({ count }: Raw) => count ?? 1),
    wide('Name', ({ metadata }) => metadata.name)
  ],
  Namespace: [name, plain('Status', ({ status }) => status?.phase ?? 'Active'), age],
  ConfigMap: [name, plain('Data', ({ data, binaryData }: Raw) => Object.keys({ ...data, ...binaryData }).length), age],
  Lease: [name, plain('Holder', ({ spec }) => spec?.holderIdentity ?? ''), age]
}

function nodeStatus(node: KubeObject): string {
  const ready = conditionOf(node, 'Ready')?.status
  const said = ready === 'True' ? 'Ready' : ready === undefined ? 'Unknown' : 'NotReady'
  return node.spec?.unschedulable ? `${said},SchedulingDisabled` : said
}

function readyContainers(pod: KubeObject): string {
  const ready = (pod.status?.containerStatuses ?? []).filter((one: Raw) => one.ready).length
  return `${ready}/${pod.spec.containers.length}`
}

function podStatus(pod: KubeObject): string {
  if (pod.metadata.deletionTimestamp && pod.status?.phase !== 'Succeeded' && pod.status?.phase !== 'Failed')
    return 'Terminating'
  const [first] = pod.status?.containerStatuses ?? []
  const reason = first?.state?.waiting?.reason ?? first?.state?.terminated?.reason
  if (reason && !podReady(pod)) return reason
  return pod.spec.nodeName && pod.status?.phase === 'Pending' ? 'ContainerCreating' : (pod.status?.phase ?? 'Unknown')
}

function addressOf({ status }: KubeObject, type: string): string {
  return status?.addresses?.find((one: Raw) => one.type === type)?.address ?? '<none>'
}

function readinessGates({ spec, status }: KubeObject): string {
  const gates: Raw[] = spec.readinessGates ?? []
  if (gates.length === 0) return '<none>'
  const met = gates.filter(({ conditionType }) =>
    status?.conditions?.some((one: Raw) => one.type === conditionType && one.status === 'True')
  )
  return `${met.length}/${gates.length}`
}

function pairs(labels: Record<string, string> = {}): string {
  const all = Object.entries(labels).map(([key, value]) => `${key}=${value}`)
  return all.length === 0 ? '<none>' : all.join(',')
}

const since = (at: string | undefined, now: number) => (at ? duration(now - Date.parse(at)) : '<unknown>')

/** As the API server shortens it: two units while the first of them is small. */
function duration(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000))
  if (seconds < 120) return `${seconds}s`
  const minutes = Math.floor(seconds / 60)
  const hours = Math.floor(minutes / 60)
  if (minutes < 10) return both(minutes, 'm', seconds % 60, 's')
  if (hours < 3) return `${minutes}m`
  if (hours < 8) return both(hours, 'h', minutes % 60, 'm')
  if (hours < 48) return `${hours}h`
  const days = Math.floor(hours / 24)
  return days < 8 ? both(days, 'd', hours % 24, 'h') : `${days}d`
}

function both(first: number, unit: string, second: number, smaller: string): string {
  return second === 0 ? `${first}${unit}` : `${first}${unit}${second}${smaller}`
}
