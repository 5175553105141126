/**
 * The filters of kube-scheduler, in its order and with its words: the first that a node does not pass says why.
 * https://github.com/kubernetes/kubernetes/tree/v1.37.2/pkg/scheduler/framework/plugins
 */
import { csiVolumesOf } from './controllers/attachment.ts'
import {
  hostPortsOf,
  matchesNodeAffinity,
  matchesTerms,
  type NodeResources,
  requestsOf,
  untolerated
} from './node-fit.ts'
import { finished, type KubeObject, type Raw } from './object.ts'
import { quantity } from './quantity.ts'
import { matchesSelector } from './selector.ts'
import type { ObjectStore } from './store.ts'

/** A node with what is on it. */
export interface Host {
  node: KubeObject
  pods: KubeObject[]
  requested: NodeResources
}

export interface Candidate {
  pod: KubeObject
  requests: NodeResources
  hosts: readonly Host[]
  store: ObjectStore
  /** Computed once per pod; the filters below fill it. */
  memo: Map<string, Raw>
}

/** Reasons why not, and whether taking other pods away could help. */
export interface Rejection {
  reasons: string[]
  preemptionMayHelp: boolean
}

type Filter = (candidate: Candidate, host: Host) => Rejection | undefined

const never = (...reasons: string[]): Rejection => ({ reasons, preemptionMayHelp: false })
const notNow = (...reasons: string[]): Rejection => ({ reasons, preemptionMayHelp: true })

const filters: readonly Filter[] = [
  ({ pod }, { node }) => {
    const closed = { key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' }
    if (!node.spec?.unschedulable || !untolerated([closed], pod.spec.tolerations, ['NoSchedule'])) return undefined
    return never('node(s) were unschedulable')
  },
  ({ pod }, { node }) => {
    const taint = untolerated(node.spec?.taints ?? [], pod.spec.tolerations, ['NoSchedule', 'NoExecute'])
    return taint && never('node(s) had untolerated taint(s)')
  },
  ({ pod }, { node }) =>
    matchesNodeAffinity(pod.spec, node) ? undefined : never("node(s) didn't match Pod's node affinity/selector"),
  ({ pod }, host) => {
    const taken = host.pods.flatMap((one) => hostPortsOf(one.spec))
    const clash = hostPortsOf(pod.spec).some((port) => taken.some((other) => clashes(port, other)))
    return clash ? notNow("node(s) didn't have free ports for the requested pod ports") : undefined
  },
  fits,
  attachLimit,
  boundVolumes,
  topologySpread,
  interPodAffinity
]

export function firstRejection(candidate: Candidate, host: Host): Rejection | undefined {
  for (const filter of filters) {
    const rejection = filter(candidate, host)
    if (rejection) return rejection
  }
  return undefined
}

function clashes(a: string, b: string): boolean {
  const [ipA, ...restA] = a.split('/')
  const [ipB, ...restB] = b.split('/')
  return restA.join('/') === restB.join('/') && (ipA === ipB || ipA === '0.0.0.0' || ipB === '0.0.0.0')
}

function fits({ requests }: Candidate, { node, pods, requested }: Host): Rejection | undefined {
  const allocatable = node.status?.allocatable ?? {}
  const reasons: string[] = []
  let everFits = true
  if (pods.length + 1 > quantity(allocatable.pods)) reasons.push('Too many pods')
  for (const [name, wanted] of requests) {
    if (wanted === 0) continue
    const total = quantity(allocatable[name])
    // Sums of binary fractions: what differs by less than a millionth of a unit is equal.
    if (wanted <= total - (requested.get(name) ?? 0) + 1e-6) continue
    reasons.push(`Insufficient ${name}`)
    if (wanted > total) everFits = false
  }
  if (reasons.length === 0) return undefined
  return everFits ? notNow(...reasons) : never(...reasons)
}

function attachLimit({ pod, store }: Candidate, { node, pods }: Host): Rejection | undefined {
  const wanted = csiVolumesOf(store, pod)
  if (wanted.length === 0) return undefined
  const drivers: Raw[] = store.find('CSINode', undefined, node.metadata.name)?.spec?.drivers ?? []
  const attached = pods.flatMap((one) => csiVolumesOf(store, one))
  for (const { name, allocatable } of drivers) {
    if (allocatable?.count === undefined) continue
    const volumes = new Set(
      [...attached, ...wanted].filter((one) => one.spec.csi.driver === name).map((one) => one.metadata.name)
    )
    if (volumes.size > allocatable.count) return notNow('node(s) exceed max volume count')
  }
  return undefined
}

/** Claims that are bound tie the pod to where their volume is; claims that wait for a consumer do not. */
function boundVolumes({ pod, store }: Candidate, { node }: Host): Rejection | undefined {
  for (const { persistentVolumeClaim } of pod.spec.volumes ?? []) {
    if (!persistentVolumeClaim) continue
    const claim = store.find('PersistentVolumeClaim', pod.metadata.namespace, persistentVolumeClaim.claimName)
    if (!claim?.spec?.volumeName) {
      const topologies =
        claim && store.find('StorageClass', undefined, claim.spec.storageClassName ?? '')?.allowedTopologies
      const allowed =
        !topologies ||
        topologies.some((one: Raw) =>
          matchesTerms([{ matchExpressions: one.matchLabelExpressions.map(toExpression) }], node)
        )
      if (!allowed) return never("node(s) didn't find available persistent volumes to bind")
      continue
    }
    const volume = store.find('PersistentVolume', undefined, claim.spec.volumeName)
    if (!volume) return never('node(s) unavailable due to one or more pvc(s) bound to non-existent pv(s)')
    const terms = volume.spec.nodeAffinity?.required?.nodeSelectorTerms
    if (terms && !matchesTerms(terms, node)) return never("node(s) didn't match PersistentVolume's node affinity")
  }
  return undefined
}

function toExpression({ key, values }: Raw): Raw {
  return { key, operator: 'In', values }
}

/** Why a pod cannot be scheduled anywhere whatever the nodes are like; undefined when it can be tried. */
export function preFilter(store: ObjectStore, pod: KubeObject): string | undefined {
  for (const { persistentVolumeClaim } of pod.spec.volumes ?? []) {
    if (!persistentVolumeClaim) continue
    const { claimName } = persistentVolumeClaim
    const claim = store.find('PersistentVolumeClaim', pod.metadata.namespace, claimName)
    if (!claim) return `persistentvolumeclaim "${claimName}" not found`
    if (claim.metadata.deletionTimestamp) return `persistentvolumeclaim "${claimName}" is being deleted`
    if (claim.spec.volumeName) continue
    const storage = store.find('StorageClass', undefined, claim.spec.storageClassName ?? '')
    if (storage?.volumeBindingMode !== 'WaitForFirstConsumer') return 'pod has unbound immediate PersistentVolumeClaims'
  }
  return undefined
}

/**
 * DoNotSchedule constraints. Closed nodes are domains, too, unless the constraint says `nodeTaintsPolicy: Honor`: an emptied
 * node is a domain with no pod and holds the others down.
 */
function topologySpread(candidate: Candidate, { node }: Host): Rejection | undefined {
  const { pod } = candidate
  const constraints: Raw[] = (pod.spec.topologySpreadConstraints ?? []).filter(
    (one: Raw) => one.whenUnsatisfiable === 'DoNotSchedule'
  )
  for (const [index, constraint] of constraints.entries()) {
    const domain = node.metadata.labels?.[constraint.topologyKey]
    const unmatched = "node(s) didn't match pod topology spread constraints"
    if (domain === undefined) return never(`${unmatched} (missing required label)`)
    const counts: Map<string, number> = remember(candidate, `spread/${index}`, () =>
      domainCounts(candidate, constraint, constraints)
    )
    const smallest = counts.size < (constraint.minDomains ?? 1) ? 0 : Math.min(...counts.values())
    const self = matchesSelector(spreadSelector(pod, constraint), pod.metadata.labels) ? 1 : 0
    if ((counts.get(domain) ?? 0) + self - smallest > constraint.maxSkew) return notNow(unmatched)
  }
  return undefined
}

function domainCounts({ pod, hosts }: Candidate, constraint: Raw, all: Raw[]): Map<string, number> {
  const counts = new Map<string, number>()
  const selector = spreadSelector(pod, constraint)
  for (const { node, pods } of hosts) {
    const labels = node.metadata.labels ?? {}
    const domain = labels[constraint.topologyKey]
    if (domain === undefined || all.some((one) => labels[one.topologyKey] === undefined)) continue
    if ((constraint.nodeAffinityPolicy ?? 'Honor') === 'Honor' && !matchesNodeAffinity(pod.spec, node)) continue
    if (
      constraint.nodeTaintsPolicy === 'Honor' &&
      untolerated(node.spec?.taints ?? [], pod.spec.tolerations, ['NoSchedule', 'NoExecute'])
    )
      continue
    const here = pods.filter(
      (one) =>
        one.metadata.namespace === pod.metadata.namespace &&
        !one.metadata.deletionTimestamp &&
        matchesSelector(selector, one.metadata.labels)
    ).length
    counts.set(domain, (counts.get(domain) ?? 0) + here)
  }
  return counts
}

function spreadSelector(pod: KubeObject, { labelSelector, matchLabelKeys }: Raw): Raw {
  if (!matchLabelKeys?.length) return labelSelector
  const labels = pod.metadata.labels ?? {}
  const more = matchLabelKeys
    .filter((key: string) => key in labels)
    .map((key: string) => ({ key, operator: 'In', values: [labels[key]] }))
  return { ...labelSelector, matchExpressions: [...(labelSelector?.matchExpressions ?? []), ...more] }
}

function interPodAffinity(candidate: Candidate, { node }: Host): Rejection | undefined {
  const { pod } = candidate
  const labels = node.metadata.labels ?? {}
  const wanted: Raw[] = pod.spec.affinity?.podAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []
  for (const [index, term] of wanted.entries()) {
    const domains: Set<string> = remember(candidate, `with/${index}`, () => domainsOf(candidate, pod, term))
    const domain = labels[term.topologyKey]
    // The first of a group that wants its own kind around may go anywhere.
    const first = domains.size === 0 && term.topologyKey in labels && termMatches(pod, term, pod, candidate.store)
    if (!first && (domain === undefined || !domains.has(domain)))
      return never("node(s) didn't match pod affinity rules")
  }
  const unwanted: Raw[] = pod.spec.affinity?.podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []
  for (const [index, term] of unwanted.entries()) {
    const domains: Set<string> = remember(candidate, `without/${index}`, () => domainsOf(candidate, pod, term))
    if (domains.has(labels[term.topologyKey] ?? '')) return notNow("node(s) didn't match pod anti-affinity rules")
  }
  const shunned: Set<string> = remember(candidate, 'shunned', () => shunnedBy(candidate))
  for (const place of shunned) {
    const [key = '', value] = place.split('\n')
    if (labels[key] === value) return notNow("node(s) didn't satisfy existing pods anti-affinity rules")
  }
  return undefined
}

/** Values of the topology key where a pod runs that the term of `owner` selects. */
function domainsOf({ hosts, store }: Candidate, owner: KubeObject, term: Raw): Set<string> {
  const domains = new Set<string>()
  for (const { node, pods } of hosts) {
    const domain = node.metadata.labels?.[term.topologyKey]
    if (domain !== undefined && pods.some((one) => termMatches(owner, term, one, store))) domains.add(domain)
  }
  return domains
}

/** Places that pods which are there already do not want to share with this one, as `key\nvalue`. */
function shunnedBy({ hosts, pod, store }: Candidate): Set<string> {
  const places = new Set<string>()
  for (const { node, pods } of hosts) {
    for (const one of pods) {
      for (const term of one.spec.affinity?.podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []) {
        const value = node.metadata.labels?.[term.topologyKey]
        if (value !== undefined && termMatches(one, term, pod, store)) places.add(`${term.topologyKey}\n${value}`)
      }
    }
  }
  return places
}

function termMatches(owner: KubeObject, term: Raw, other: KubeObject, store: ObjectStore): boolean {
  const { namespaces = [], namespaceSelector, labelSelector } = term
  const own = namespaces.length === 0 && !namespaceSelector ? [owner.metadata.namespace] : namespaces
  const labels =
    namespaceSelector && store.find('Namespace', undefined, other.metadata.namespace ?? '')?.metadata.labels
  const there =
    own.includes(other.metadata.namespace) || (namespaceSelector && matchesSelector(namespaceSelector, labels))
  return there && matchesSelector(labelSelector, other.metadata.labels)
}

function remember<T>({ memo }: Candidate, key: string, compute: () => T): T {
  if (!memo.has(key)) memo.set(key, compute())
  return memo.get(key)
}

export function hostOf(store: ObjectStore, node: KubeObject): Host {
  const pods = [...store.podsOnNode(node.metadata.name)].filter((pod) => !finished(pod))
  const requested: NodeResources = new Map()
  for (const pod of pods)
    for (const [name, value] of requestsOfPod(pod)) requested.set(name, (requested.get(name) ?? 0) + value)
  return { node, pods, requested }
}

// A pod's spec hardly ever changes, and an object is a new one when it does.
const requestsBySpec = new WeakMap<object, NodeResources>()

export function requestsOfPod(pod: KubeObject): NodeResources {
  let requests = requestsBySpec.get(pod.spec)
  if (!requests) {
    requests = requestsOf(pod.spec)
    requestsBySpec.set(pod.spec, requests)
  }
  return requests
}
