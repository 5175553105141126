/** The part of a pod's (or a pod template's) spec that decides where it may run. */
import type { Placement, Resources, Selector } from '../../engine/model/cluster.ts'
import { requirements, selector } from './metadata.ts'
import { parseResources } from './quantity.ts'
import type { RawContainer, RawMeta, RawNodeTerm, RawPodAffinityTerm, RawPodSpec, RawResources } from './raw.ts'

export function projectPlacement(meta: RawMeta | undefined, spec: RawPodSpec | undefined): Placement {
  const labels = meta?.labels ?? {}
  const affinity = spec?.affinity
  return {
    nodeSelector: spec?.nodeSelector ?? {},
    requiredNodeTerms: nodeTerms(
      affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms
    ),
    tolerations: (spec?.tolerations ?? []).map(({ key, operator, value, effect }) => ({
      key,
      operator,
      value,
      effect
    })),
    requests: effectiveRequests(spec),
    hostPorts: hostPorts(spec),
    spread: (spec?.topologySpreadConstraints ?? []).map((constraint) => ({
      topologyKey: constraint.topologyKey ?? '',
      maxSkew: constraint.maxSkew ?? 1,
      whenUnsatisfiable: constraint.whenUnsatisfiable ?? 'DoNotSchedule',
      selector: selector(constraint.labelSelector),
      nodeTaintsPolicy: constraint.nodeTaintsPolicy,
      nodeAffinityPolicy: constraint.nodeAffinityPolicy
    })),
    antiAffinityKeys: (affinity?.podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? [])
      .filter((term) => coversOwnNamespace(term, meta?.namespace) && coversLabels(term, labels))
      .map(({ topologyKey = '' }) => topologyKey)
  }
}

export function nodeTerms(raw: readonly RawNodeTerm[] | undefined): Placement['requiredNodeTerms'] {
  return (raw ?? []).map((term) => ({
    expressions: requirements(term.matchExpressions),
    fields: requirements(term.matchFields)
  }))
}

/**
 * As the scheduler counts: the larger of what the containers and sidecars need together and of what any init container
 * needs beside the sidecars started before it; plus the runtime's overhead. Requests of the pod itself win.
 * https://kubernetes.io/docs/concepts/workloads/pods/sidecar-containers/#resource-sharing-within-containers
 */
function effectiveRequests(spec: RawPodSpec | undefined): Resources {
  let sidecars: Resources = {}
  let starting: Resources = {}
  for (const container of spec?.initContainers ?? []) {
    const own = containerRequests(container)
    if (container.restartPolicy === 'Always') {
      sidecars = sum(sidecars, own)
      starting = largest(starting, sidecars)
    } else {
      starting = largest(starting, sum(sidecars, own))
    }
  }
  const running = (spec?.containers ?? []).map(containerRequests).reduce(sum, sidecars)
  const needed = largest(running, starting)
  return sum({ ...needed, ...podRequests(spec?.resources, needed) }, parseResources(spec?.overhead))
}

/** The API server fills requests in from limits for pods, but not for templates. */
function containerRequests({ resources }: RawContainer): Resources {
  return { ...parseResources(resources?.limits), ...parseResources(resources?.requests) }
}

function podRequests(resources: RawResources | undefined, needed: Resources): Resources {
  const limits = Object.entries(parseResources(resources?.limits)).filter(([name]) => !(name in needed))
  return { ...Object.fromEntries(limits), ...parseResources(resources?.requests) }
}

function sum(a: Resources, b: Resources): Resources {
  return combine(a, b, (x, y) => x + y)
}

function largest(a: Resources, b: Resources): Resources {
  return combine(a, b, Math.max)
}

function combine(a: Resources, b: Resources, how: (x: number, y: number) => number): Resources {
  const result: Record<string, number> = { ...a }
  for (const [name, amount] of Object.entries(b)) result[name] = how(result[name] ?? 0, amount)
  return result
}

/** `8080/TCP`, or `10.0.0.1:8080/TCP` where only one address of the node is taken. */
function hostPorts(spec: RawPodSpec | undefined): string[] {
  const containers = [...(spec?.containers ?? []), ...(spec?.initContainers ?? [])]
  return containers
    .flatMap(({ ports = [] }) => ports)
    .filter(({ hostPort }) => hostPort)
    .map(({ hostPort, hostIP, protocol = 'TCP' }) => {
      const everywhere = !hostIP || hostIP === '0.0.0.0' || hostIP === '::'
      return everywhere ? `${hostPort}/${protocol}` : `${hostIP}:${hostPort}/${protocol}`
    })
}

/** Without namespaces of its own a term is about the pod's namespace; one chosen by labels counts only if it takes all. */
function coversOwnNamespace(term: RawPodAffinityTerm, namespace: string | undefined): boolean {
  const { namespaces = [], namespaceSelector } = term
  if (namespaces.length === 0 && !namespaceSelector) return true
  if (namespace !== undefined && namespaces.includes(namespace)) return true
  if (!namespaceSelector) return false
  const { matchLabels, matchExpressions } = selector(namespaceSelector)
  return Object.keys(matchLabels).length === 0 && matchExpressions.length === 0
}

/** A term without a selector selects no pod. */
function coversLabels(term: RawPodAffinityTerm, labels: Readonly<Record<string, string>>): boolean {
  return term.labelSelector !== undefined && selects(selector(term.labelSelector), labels)
}

function selects({ matchLabels, matchExpressions }: Selector, labels: Readonly<Record<string, string>>): boolean {
  if (Object.entries(matchLabels).some(([key, value]) => labels[key] !== value)) return false
  return matchExpressions.every(({ key, operator, values }) => {
    const value = labels[key]
    if (operator === 'In') return value !== undefined && values.includes(value)
    if (operator === 'NotIn') return value === undefined || !values.includes(value)
    if (operator === 'Exists') return value !== undefined
    return operator === 'DoesNotExist' && value === undefined
  })
}
