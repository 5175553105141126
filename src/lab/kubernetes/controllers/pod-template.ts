/** Pods from templates, and the order in which a controller takes pods away. */
import { conditionOf, controlledBy, finished, type KubeObject, ownerReference, podReady, type Raw } from '../object.ts'
import type { ObjectStore } from '../store.ts'

export function podsOf(store: ObjectStore, owner: KubeObject): KubeObject[] {
  const owned: KubeObject[] = []
  for (const one of store.ownedBy(owner.metadata.uid))
    if (one.kind === 'Pod' && controlledBy(one, owner)) owned.push(one)
  return owned
}

/** Neither finished nor on its way out: what ReplicaSets and Jobs count. */
export function active(pod: KubeObject): boolean {
  return !finished(pod) && !pod.metadata.deletionTimestamp
}

export function createPod(
  store: ObjectStore,
  owner: KubeObject,
  template: Raw,
  more: { name?: string; labels?: Record<string, string>; finalizers?: string[]; spec?: (spec: Raw) => void }
): KubeObject {
  const spec = structuredClone(template.spec)
  more.spec?.(spec)
  const { labels, annotations, finalizers } = template.metadata ?? {}
  return store.create({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      generateName: `${owner.metadata.name}-`,
      ...(more.name ? { name: more.name } : {}),
      namespace: owner.metadata.namespace as string,
      labels: { ...labels, ...more.labels },
      ...(annotations ? { annotations: { ...annotations } } : {}),
      ...(finalizers || more.finalizers ? { finalizers: [...(finalizers ?? []), ...(more.finalizers ?? [])] } : {}),
      ownerReferences: [ownerReference(owner)]
    },
    spec
  })
}

export function deletePod(store: ObjectStore, pod: KubeObject, gracePeriodSeconds?: number): void {
  if (store.find('Pod', pod.metadata.namespace, pod.metadata.name)?.metadata.uid !== pod.metadata.uid) return
  store.remove('Pod', pod.metadata.namespace, pod.metadata.name, {
    preconditions: { uid: pod.metadata.uid },
    ...(gracePeriodSeconds === undefined ? {} : { gracePeriodSeconds })
  })
}

/**
 * The order of deletion when there are too many: unassigned, Pending, unready, cheap, crowded, young first.
 * https://github.com/kubernetes/kubernetes/blob/v1.37.2/pkg/controller/controller_utils.go, ActivePodsWithRanks
 */
export function dispensableFirst(pods: readonly KubeObject[], related: readonly KubeObject[]): KubeObject[] {
  const crowd = new Map<string, number>()
  for (const pod of related) if (active(pod)) crowd.set(pod.spec.nodeName, (crowd.get(pod.spec.nodeName) ?? 0) + 1)
  const phases = ['Pending', 'Unknown', 'Running']
  const cost = (pod: KubeObject) =>
    Number(pod.metadata.annotations?.['controller.kubernetes.io/pod-deletion-cost'] ?? 0)
  const readySince = (pod: KubeObject) => (podReady(pod) ? Date.parse(conditionOf(pod, 'Ready').lastTransitionTime) : 0)
  const rank = (pod: KubeObject) => [
    pod.spec.nodeName ? 1 : 0,
    phases.indexOf(pod.status?.phase),
    podReady(pod) ? 1 : 0,
    cost(pod),
    -(crowd.get(pod.spec.nodeName) ?? 0),
    -readySince(pod),
    -Date.parse(pod.metadata.creationTimestamp)
  ]
  return [...pods].sort((a, b) => {
    const [x, y] = [rank(a), rank(b)]
    const at = x.findIndex((value, index) => value !== y[index])
    return at < 0 ? 0 : (x[at] as number) - (y[at] as number)
  })
}
