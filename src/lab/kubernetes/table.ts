/** Lists as tables, for `kubectl get`: the columns that people look for. Kinds without an entry are answered as JSON. */
import { conditionOf, type KubeObject, podReady, type Raw } from './object.ts'

interface Column {
  name: string
  /** Shown with `-o wide` only. */
  wide?: boolean
  cell(object: KubeObject, now: number): string | number
}

const name: Column = { name: 'Name', cell: ({ metadata }) => metadata.name }
const age: Column = { name: 'Age', cell: ({ metadata }, now) => duration(now - Date.parse(metadata.creationTimestamp)) }

const columns: Record<string, readonly Column[]> = {
  Node: [
    name,
    { name: 'Status', cell: nodeStatus },
    { name: 'Roles', cell: () => '<none>' },
    age,
    { name: 'Version', cell: ({ status }) => status?.nodeInfo?.kubeletVersion ?? '' }
  ],
  Pod: [
    name,
    { name: 'Ready', cell: readyContainers },
    { name: 'Status', cell: podStatus },
    { name: 'Restarts', cell: ({ status }) => status?.containerStatuses?.[0]?.restartCount ?? 0 },
    age,
    { name: 'IP', wide: true, cell: ({ status }) => status?.podIP ?? '<none>' },
    { name: 'Node', wide: true, cell: ({ spec }) => spec.nodeName ?? '<none>' }
  ],
  Deployment: [
    name,
    { name: 'Ready', cell: ({ spec, status }) => `${status?.readyReplicas ?? 0}/${spec.replicas}` },
    { name: 'Up-to-date', cell: ({ status }) => status?.updatedReplicas ?? 0 },
    { name: 'Available', cell: ({ status }) => status?.availableReplicas ?? 0 },
    age
  ],
  StatefulSet: [
    name,
    { name: 'Ready', cell: ({ spec, status }) => `${status?.readyReplicas ?? 0}/${spec.replicas}` },
    age
  ],
  DaemonSet: [
    name,
    { name: 'Desired', cell: ({ status }) => status?.desiredNumberScheduled ?? 0 },
    { name: 'Ready', cell: ({ status }) => status?.numberReady ?? 0 },
    age
  ],
  PodDisruptionBudget: [
    name,
    { name: 'Min available', cell: ({ spec }) => spec.minAvailable ?? 'N/A' },
    { name: 'Max unavailable', cell: ({ spec }) => spec.maxUnavailable ?? 'N/A' },
    { name: 'Allowed disruptions', cell: ({ status }) => status?.disruptionsAllowed ?? 0 },
    age
  ]
}

export function wantsTable(accept: string | undefined): boolean {
  return (accept ?? '').split(',').some((one) => /;\s*as=Table/.test(one) && /;\s*v=v1(;|$)/.test(one.trim()))
}

/** Undefined for kinds that have no columns here. `metadata` is that of the list. */
export function tableOf(kind: string, objects: readonly KubeObject[], metadata: Raw, now: number): Raw | undefined {
  const wanted = columns[kind]
  if (!wanted) return undefined
  return {
    kind: 'Table',
    apiVersion: 'meta.k8s.io/v1',
    metadata,
    columnDefinitions: wanted.map((one) => ({
      name: one.name,
      type: 'string',
      format: one === name ? 'name' : '',
      description: '',
      priority: one.wide ? 1 : 0
    })),
    rows: objects.map((object) => ({
      cells: wanted.map((one) => one.cell(object, now)),
      object: { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata: object.metadata }
    }))
  }
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

function duration(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000))
  if (seconds < 120) return `${seconds}s`
  if (seconds < 7200) return `${Math.floor(seconds / 60)}m`
  return seconds < 172_800 ? `${Math.floor(seconds / 3600)}h` : `${Math.floor(seconds / 86_400)}d`
}
