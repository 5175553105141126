/** Does a pod's spec suit a node: taints, selectors, affinity to nodes, what it asks for. Pure; shared by scheduler and controllers. */
import type { KubeObject, Raw } from './object.ts'
import { quantity } from './quantity.ts'
import { holds } from './selector.ts'

export function tolerates(toleration: Raw, taint: Raw): boolean {
  if (toleration.effect && toleration.effect !== taint.effect) return false
  if (toleration.key && toleration.key !== taint.key) return false
  if (toleration.operator === 'Exists') return true
  return Boolean(toleration.key) && (toleration.value ?? '') === (taint.value ?? '')
}

/** The first taint of these effects that nothing tolerates. */
export function untolerated(
  taints: readonly Raw[],
  tolerations: readonly Raw[] | undefined,
  effects: readonly string[]
): Raw | undefined {
  return taints.find((taint) => effects.includes(taint.effect) && !tolerations?.some((one) => tolerates(one, taint)))
}

/** nodeSelector and required node affinity of a pod spec. */
export function matchesNodeAffinity(spec: Raw, node: KubeObject): boolean {
  const labels = node.metadata.labels ?? {}
  for (const [key, value] of Object.entries(spec.nodeSelector ?? {})) if (labels[key] !== value) return false
  const required = spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution
  return !required || matchesTerms(required.nodeSelectorTerms, node)
}

/** A term with nothing in it matches no node; terms are alternatives. */
export function matchesTerms(terms: readonly Raw[] | undefined, node: KubeObject): boolean {
  const fields = { 'metadata.name': node.metadata.name }
  return (terms ?? []).some(({ matchExpressions = [], matchFields = [] }) => {
    if (matchExpressions.length + matchFields.length === 0) return false
    const byLabels = matchExpressions.every((one: Raw) =>
      holds(one.key, one.operator, one.values ?? [], node.metadata.labels ?? {})
    )
    return byLabels && matchFields.every((one: Raw) => holds(one.key, one.operator, one.values ?? [], fields))
  })
}

/** The only node that may take the pod, where its affinity names it (as DaemonSets do). */
export function pinnedNode(spec: Raw): string | undefined {
  const terms = spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms
  if (terms?.length !== 1) return undefined
  const field = terms[0].matchFields?.find((one: Raw) => one.key === 'metadata.name' && one.operator === 'In')
  return field?.values?.length === 1 ? field.values[0] : undefined
}

export type NodeResources = Map<string, number>

/** What the scheduler counts for a pod: containers and sidecars together, or its biggest init container, plus overhead. */
export function requestsOf(spec: Raw): NodeResources {
  const total: NodeResources = new Map()
  const add = (into: NodeResources, more: Raw) => {
    for (const [name, value] of Object.entries<Raw>(more ?? {})) into.set(name, (into.get(name) ?? 0) + quantity(value))
  }
  for (const container of spec.containers ?? []) add(total, container.resources?.requests)
  const sidecars: NodeResources = new Map()
  const peak: NodeResources = new Map()
  for (const container of spec.initContainers ?? []) {
    if (container.restartPolicy === 'Always') {
      add(total, container.resources?.requests)
      add(sidecars, container.resources?.requests)
      continue
    }
    const needs = new Map(sidecars)
    add(needs, container.resources?.requests)
    for (const [name, value] of needs) peak.set(name, Math.max(peak.get(name) ?? 0, value))
  }
  for (const [name, value] of peak) total.set(name, Math.max(total.get(name) ?? 0, value))
  for (const [name, value] of Object.entries<Raw>(spec.resources?.requests ?? {})) total.set(name, quantity(value))
  add(total, spec.overhead)
  return total
}

/** `ip/protocol/port` of every host port that a pod takes. */
export function hostPortsOf(spec: Raw): string[] {
  const ports: string[] = []
  for (const container of spec.containers ?? []) {
    for (const port of container.ports ?? []) {
      const number = port.hostPort ?? (spec.hostNetwork ? port.containerPort : undefined)
      if (number) ports.push(`${port.hostIP ?? '0.0.0.0'}/${port.protocol ?? 'TCP'}/${number}`)
    }
  }
  return ports
}
