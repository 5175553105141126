// Follows every pod, node, budget and workload from the API's own watches and writes down, at every event, what must never
// be: a workload without a ready pod (I3), a budget below its minimum (I1), both sides cordoned (I23), by the numbers of
// docs/invariants.md. It judges by the objects' specs, not by what controllers have counted, so it is neither late nor
// lenient. It shares no code with src/ on purpose: what checks the product must not trust the product's parts.

import { type Ground, isOfGround, sideLabel } from './ground.ts'
import type { Kubernetes, KubernetesObject } from './kubernetes-client.ts'
import { follow } from './watcher.ts'

export interface ObservedPod {
  uid: string
  namespace: string
  name: string
  /** `namespace/Kind/name` of its workload; a bare pod's is its own. */
  workload: string
  kind: string
  node: string
  ready: boolean
  leaving: boolean
  finished: boolean
  labels: Record<string, string>
  /** When the observer first saw it bound, being deleted, gone. */
  seenAt: number
  leavingAt?: number
  goneAt?: number
}

/** I3: a time in which a workload had no ready pod. */
export interface ServingGap {
  workload: string
  at: number
  untilAt?: number
}

/** I1: a budget that was below its minimum. */
export interface BrokenBudget {
  budget: string
  at: number
  healthy: number
  desired: number
  /** The pod whose change broke it. */
  pod: string
  how: string
}

export interface Observer {
  /** From now on things are written down; what was seen before is forgotten. */
  start(): void
  readonly gaps: readonly ServingGap[]
  readonly brokenBudgets: readonly BrokenBudget[]
  /** I23: moments in which no node of the pair would have taken a pod. */
  readonly bothCordoned: readonly { at: number; untilAt?: number }[]
  /** Lowest number of ready pods that was seen per workload, of how many. */
  readonly lowest: ReadonlyMap<string, { ready: number; wanted: number }>
  /** Pods that must move (no DaemonSet's, no Job's, none finished) on that side now, being deleted or not. */
  podsOn(group: string): ObservedPod[]
  /** The group's nodes as they are now. */
  nodesOf(group: string): KubernetesObject[]
  /** Names of all nodes that the group ever had. */
  nodesWere(group: string): ReadonlySet<string>
  workloads(): KubernetesObject[]
  /** The pod that had that name at that instant. */
  podAt(namespace: string, name: string, at: number): ObservedPod | undefined
  /** Resolves as soon as it holds, looking at every event; rejects after the time. */
  when(what: string, seconds: number, holds: () => boolean): Promise<void>
  stop(): void
}

interface Budget {
  key: string
  object: KubernetesObject
  broken: boolean
}

const controllers = ['deployments', 'statefulsets', 'daemonsets']
const judged = new Set(['Deployment', 'StatefulSet'])

export async function observe(kubernetes: Kubernetes, ground: Ground): Promise<Observer> {
  const stopping = new AbortController()
  const pods = new Map<string, ObservedPod>()
  const past: ObservedPod[] = []
  const ofWorkload = new Map<string, Set<ObservedPod>>()
  const budgets = new Map<string, Budget>()
  const workloads = new Map<string, KubernetesObject>()
  const nodes = new Map<string, KubernetesObject>()
  const sideOfNode = new Map<string, string>()
  const openGaps = new Map<string, ServingGap>()
  const waiting = new Set<() => void>()
  const served = new Set<string>()
  let recording = false
  const gaps: ServingGap[] = []
  const breaks: BrokenBudget[] = []
  const cordoned: { at: number; untilAt?: number }[] = []
  const lowest = new Map<string, { ready: number; wanted: number }>()

  function podChanged(gone: boolean, object: KubernetesObject): void {
    const uid = object.metadata.uid ?? ''
    const before = pods.get(uid)
    const now = Date.now()
    const pod: ObservedPod = before ?? { ...readPod(object), seenAt: now }
    const was = { ready: before?.ready ?? false, leaving: before?.leaving ?? false }
    Object.assign(pod, readPod(object))
    if (pod.leaving) pod.leavingAt ??= now
    if (gone) {
      pod.goneAt = now
      pod.ready = false
      pods.delete(uid)
      past.push(pod)
    } else pods.set(uid, pod)
    const mates = ofWorkload.get(pod.workload) ?? new Set()
    ofWorkload.set(pod.workload, mates)
    if (gone) mates.delete(pod)
    else mates.add(pod)
    judgeWorkload(pod.workload)
    const how = gone ? 'gone' : pod.leaving && !was.leaving ? 'being deleted' : 'not ready'
    if (serves(pod) !== (was.ready && !was.leaving)) judgeBudgets(pod, how)
  }

  function judgeWorkload(key: string): void {
    const workload = workloads.get(key)
    if (!workload || !judged.has(workload.kind ?? '') || !isOfGround(workload.metadata.namespace ?? '', ground)) return
    const ready = [...(ofWorkload.get(key) ?? [])].filter(serves).length
    if (ready > 0) served.add(key)
    if (!recording || !served.has(key) || workload.spec.replicas === 0) return
    const low = lowest.get(key)
    if (!low || ready < low.ready) lowest.set(key, { ready, wanted: workload.spec.replicas })
    const open = openGaps.get(key)
    if (ready === 0 && !open) {
      const gap = { workload: key, at: Date.now() }
      gaps.push(gap)
      openGaps.set(key, gap)
    } else if (ready > 0 && open) {
      open.untilAt = Date.now()
      openGaps.delete(key)
    }
  }

  function judgeBudgets(pod: ObservedPod, how: string): void {
    for (const budget of budgets.values()) {
      if (budget.object.metadata.namespace !== pod.namespace || !selects(budget.object.spec.selector, pod.labels))
        continue
      const { healthy, desired } = count(budget.object)
      const broken = healthy < desired
      if (broken && !budget.broken && recording)
        breaks.push({ budget: budget.key, at: Date.now(), healthy, desired, pod: `${pod.namespace}/${pod.name}`, how })
      budget.broken = broken
    }
  }

  /** As the disruption controller counts, but from the pods as they are at this event. */
  function count({ metadata, spec }: KubernetesObject): { healthy: number; desired: number } {
    let [healthy, expected] = [0, 0]
    const owners = new Set<string>()
    for (const pod of pods.values()) {
      if (pod.namespace !== metadata.namespace || pod.finished || !selects(spec.selector, pod.labels)) continue
      owners.add(pod.workload)
      if (serves(pod)) healthy++
    }
    for (const owner of owners) expected += workloads.get(owner)?.spec.replicas ?? 0
    const { minAvailable, maxUnavailable } = spec
    const desired =
      minAvailable !== undefined ? share(minAvailable, expected) : expected - share(maxUnavailable ?? 1, expected)
    return { healthy, desired: Math.max(desired, 0) }
  }

  function nodeChanged(gone: boolean, object: KubernetesObject): void {
    const { name, labels = {} } = object.metadata
    sideOfNode.set(name, labels[sideLabel] ?? '')
    if (gone) nodes.delete(name)
    else nodes.set(name, object)
    const sides = [ground.blue, ground.green]
    const open = [...nodes.values()].some((node) => sides.includes(sideOf(node)) && takesPods(node))
    const last = cordoned.at(-1)
    if (!recording) return
    if (!open && (!last || last.untilAt)) cordoned.push({ at: Date.now() })
    else if (open && last && !last.untilAt) last.untilAt = Date.now()
  }

  const sideOf = (node: KubernetesObject) => node.metadata.labels?.[sideLabel] ?? ''
  function told(handle: (gone: boolean, object: KubernetesObject) => void) {
    return ({ type, object }: { type: 'SET' | 'GONE'; object: KubernetesObject }) => {
      handle(type === 'GONE', object)
      for (const look of [...waiting]) look()
    }
  }

  for (const kind of controllers) {
    await follow(
      kubernetes,
      `/apis/apps/v1/${kind}`,
      told((gone, object) => {
        const { namespace, name } = object.metadata
        object.kind = { deployments: 'Deployment', statefulsets: 'StatefulSet', daemonsets: 'DaemonSet' }[kind]
        const key = `${namespace}/${object.kind}/${name}`
        if (gone) workloads.delete(key)
        else workloads.set(key, object)
      }),
      stopping.signal
    )
  }
  await follow(
    kubernetes,
    '/apis/policy/v1/poddisruptionbudgets',
    told((gone, object) => {
      const key = `${object.metadata.namespace}/${object.metadata.name}`
      if (gone) budgets.delete(key)
      else budgets.set(key, { key, object, broken: budgets.get(key)?.broken ?? false })
    }),
    stopping.signal
  )
  await follow(kubernetes, '/api/v1/nodes', told(nodeChanged), stopping.signal)
  await follow(kubernetes, '/api/v1/pods', told(podChanged), stopping.signal)

  return {
    gaps,
    brokenBudgets: breaks,
    bothCordoned: cordoned,
    lowest,
    start() {
      recording = true
      for (const found of [gaps, breaks, cordoned]) found.length = 0
      lowest.clear()
      openGaps.clear()
      for (const key of workloads.keys()) judgeWorkload(key)
    },
    podsOn(group) {
      return [...pods.values()].filter(
        (pod) => sideOfNode.get(pod.node) === group && !pod.finished && pod.kind !== 'DaemonSet' && pod.kind !== 'Job'
      )
    },
    nodesOf: (group) => [...nodes.values()].filter((node) => sideOf(node) === group),
    nodesWere: (group) => new Set([...sideOfNode].filter(([, side]) => side === group).map(([name]) => name)),
    workloads: () => [...workloads.values()],
    podAt(namespace, name, at) {
      const same = [...past, ...pods.values()].filter((pod) => pod.namespace === namespace && pod.name === name)
      return same.filter(({ seenAt }) => seenAt <= at).sort((a, b) => b.seenAt - a.seenAt)[0]
    },
    when(what, seconds, holds) {
      return new Promise((resolve, reject) => {
        const timer = setTimeout(() => {
          waiting.delete(look)
          reject(new Error(`waited ${seconds} s, and it never was that ${what}`))
        }, seconds * 1000)
        const look = () => {
          if (!holds()) return
          waiting.delete(look)
          clearTimeout(timer)
          resolve()
        }
        waiting.add(look)
        look()
      })
    },
    stop: () => stopping.abort()
  }
}

function readPod(object: KubernetesObject): Omit<ObservedPod, 'seenAt'> {
  const { metadata, spec, status = {} } = object
  const conditions: { type: string; status: string }[] = status.conditions ?? []
  const owner = metadata.ownerReferences?.find(({ controller }) => controller)
  const hash = metadata.labels?.['pod-template-hash']
  const ofDeployment = owner?.kind === 'ReplicaSet' && hash !== undefined && owner.name.endsWith(`-${hash}`)
  const kind = ofDeployment ? 'Deployment' : (owner?.kind ?? 'Pod')
  const name = ofDeployment ? owner.name.slice(0, -hash.length - 1) : (owner?.name ?? metadata.name)
  return {
    uid: metadata.uid ?? '',
    namespace: metadata.namespace ?? '',
    name: metadata.name,
    workload: `${metadata.namespace}/${kind}/${name}`,
    kind,
    node: spec.nodeName ?? '',
    ready: status.phase === 'Running' && conditions.some(({ type, status }) => type === 'Ready' && status === 'True'),
    leaving: metadata.deletionTimestamp !== undefined,
    finished: status.phase === 'Succeeded' || status.phase === 'Failed',
    labels: metadata.labels ?? {}
  }
}

function serves(pod: ObservedPod): boolean {
  return pod.ready && !pod.leaving
}

function takesPods({ spec, status }: KubernetesObject): boolean {
  const conditions: { type: string; status: string }[] = status?.conditions ?? []
  return !spec.unschedulable && conditions.some(({ type, status }) => type === 'Ready' && status === 'True')
}

interface Selector {
  matchLabels?: Record<string, string>
}

function selects(selector: Selector | undefined, labels: Record<string, string>): boolean {
  return (
    selector !== undefined && Object.entries(selector.matchLabels ?? {}).every(([key, value]) => labels[key] === value)
  )
}

/** Both kinds of percentage round up, as the disruption controller does. */
function share(of: number | string, whole: number): number {
  return typeof of === 'number' ? of : Math.ceil((Number.parseFloat(of) / 100) * whole)
}
