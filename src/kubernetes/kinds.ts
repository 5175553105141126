/** The kinds that the feed follows, and what becomes of each object. */
import type { Budget, Node, Pod, Volume, VolumeAttachment, Workload } from '../engine/model/cluster.ts'
import { projectBudget } from './projection/budget.ts'
import { projectNode } from './projection/node.ts'
import { projectPod } from './projection/pod.ts'
import type { RawObject, RawWorkload } from './projection/raw.ts'
import {
  type CsiDrivers,
  projectCsiNode,
  projectTerminatingNamespace,
  projectVolume,
  projectVolumeAttachment
} from './projection/volume.ts'
import { isRetiredReplicaSet, projectWorkload, type WorkloadKind } from './projection/workload.ts'

/** What each kind becomes. */
export interface Projected {
  nodes: Node
  pods: Pod
  deployments: Workload
  replicasets: Workload
  statefulsets: Workload
  daemonsets: Workload
  jobs: Workload
  poddisruptionbudgets: Budget
  volumeattachments: VolumeAttachment
  persistentvolumes: Volume
  csinodes: CsiDrivers
  namespaces: string
}

export type KindName = keyof Projected

export interface Kind<T> {
  /** Plural, as in RBAC and in the URL. */
  name: KindName
  path: string
  /** Must not throw: an object that we cannot read is one that we do not see. undefined: not of interest. */
  project(raw: RawObject): T | undefined
}

const workloads = (kind: WorkloadKind) => (raw: RawObject) => projectWorkload(kind, raw as RawWorkload)

const kinds: { [K in KindName]: Omit<Kind<Projected[K]>, 'name'> } = {
  nodes: { path: '/api/v1/nodes', project: projectNode },
  pods: { path: '/api/v1/pods', project: projectPod },
  deployments: { path: '/apis/apps/v1/deployments', project: workloads('Deployment') },
  replicasets: {
    path: '/apis/apps/v1/replicasets',
    project: (raw) => (isRetiredReplicaSet(raw as RawWorkload) ? undefined : workloads('ReplicaSet')(raw))
  },
  statefulsets: { path: '/apis/apps/v1/statefulsets', project: workloads('StatefulSet') },
  daemonsets: { path: '/apis/apps/v1/daemonsets', project: workloads('DaemonSet') },
  jobs: { path: '/apis/batch/v1/jobs', project: workloads('Job') },
  poddisruptionbudgets: { path: '/apis/policy/v1/poddisruptionbudgets', project: projectBudget },
  volumeattachments: { path: '/apis/storage.k8s.io/v1/volumeattachments', project: projectVolumeAttachment },
  persistentvolumes: { path: '/api/v1/persistentvolumes', project: projectVolume },
  csinodes: { path: '/apis/storage.k8s.io/v1/csinodes', project: projectCsiNode },
  namespaces: { path: '/api/v1/namespaces', project: projectTerminatingNamespace }
}

export const kindNames = Object.keys(kinds) as KindName[]

export function kindOf<K extends KindName>(name: K): Kind<Projected[K]> {
  return { name, ...kinds[name] }
}
