/** The resources that the lab's API server knows. What is not here is answered with 404, as for a CRD that is not installed. */
export interface Resource {
  kind: string
  group: string
  version: string
  plural: string
  singular: string
  namespaced: boolean
  shortNames?: readonly string[]
  /** Main writes leave `status` alone and writes to /status leave the rest alone. */
  statusSubresource: boolean
  /** `metadata.generation` counts changes of spec. */
  generation: boolean
  categories?: readonly string[]
}

function resource(
  kind: string,
  group: string,
  plural: string,
  more: Partial<Resource> & { namespaced: boolean }
): Resource {
  return {
    kind,
    group,
    version: 'v1',
    plural,
    singular: kind.toLowerCase(),
    statusSubresource: false,
    generation: false,
    ...more
  }
}

const workload = { namespaced: true, statusSubresource: true, generation: true, categories: ['all'] }

export const resources: readonly Resource[] = [
  resource('Node', '', 'nodes', { namespaced: false, shortNames: ['no'], statusSubresource: true }),
  resource('Pod', '', 'pods', { ...workload, shortNames: ['po'] }),
  resource('Namespace', '', 'namespaces', { namespaced: false, shortNames: ['ns'], statusSubresource: true }),
  resource('Service', '', 'services', {
    namespaced: true,
    shortNames: ['svc'],
    statusSubresource: true,
    categories: ['all']
  }),
  resource('ConfigMap', '', 'configmaps', { namespaced: true, shortNames: ['cm'] }),
  resource('Event', '', 'events', { namespaced: true, shortNames: ['ev'] }),
  resource('PersistentVolume', '', 'persistentvolumes', {
    namespaced: false,
    shortNames: ['pv'],
    statusSubresource: true
  }),
  resource('PersistentVolumeClaim', '', 'persistentvolumeclaims', {
    namespaced: true,
    shortNames: ['pvc'],
    statusSubresource: true
  }),
  resource('PodDisruptionBudget', 'policy', 'poddisruptionbudgets', {
    namespaced: true,
    shortNames: ['pdb'],
    statusSubresource: true,
    generation: true
  }),
  resource('Deployment', 'apps', 'deployments', { ...workload, shortNames: ['deploy'] }),
  resource('ReplicaSet', 'apps', 'replicasets', { ...workload, shortNames: ['rs'] }),
  resource('StatefulSet', 'apps', 'statefulsets', { ...workload, shortNames: ['sts'] }),
  resource('DaemonSet', 'apps', 'daemonsets', { ...workload, shortNames: ['ds'] }),
  resource('Job', 'batch', 'jobs', workload),
  resource('Lease', 'coordination.k8s.io', 'leases', { namespaced: true }),
  resource('CSINode', 'storage.k8s.io', 'csinodes', { namespaced: false }),
  resource('VolumeAttachment', 'storage.k8s.io', 'volumeattachments', { namespaced: false, statusSubresource: true }),
  resource('StorageClass', 'storage.k8s.io', 'storageclasses', { namespaced: false, shortNames: ['sc'] }),
  resource('PriorityClass', 'scheduling.k8s.io', 'priorityclasses', { namespaced: false, shortNames: ['pc'] })
]

const byKind = new Map(resources.map((one) => [one.kind, one]))

export function resourceOfKind(kind: string): Resource {
  const found = byKind.get(kind)
  if (!found) throw new Error(`the lab's Kubernetes has no kind ${kind}`)
  return found
}

export function knownKind(kind: string): boolean {
  return byKind.has(kind)
}

export function apiVersionOf(resource: Resource): string {
  return resource.group ? `${resource.group}/${resource.version}` : resource.version
}

/** As error messages name it: `deployments.apps`, `nodes`. */
export function qualified(resource: Resource): string {
  return resource.group ? `${resource.plural}.${resource.group}` : resource.plural
}
