/** Deployments, ReplicaSets, StatefulSets, DaemonSets and Jobs of the API in the engine's words. */
import { createHash } from 'node:crypto'
import type { Workload } from '../../engine/model/cluster.ts'
import { restartedByMark } from '../../engine/model/names.ts'
import { condition, controller, identity, restartedAtAnnotation, selector } from './metadata.ts'
import { projectPlacement } from './placement.ts'
import type { RawRolling, RawTemplate, RawWorkload } from './raw.ts'

export type WorkloadKind = 'Deployment' | 'ReplicaSet' | 'StatefulSet' | 'DaemonSet' | 'Job'

type Counts = Pick<Workload, 'replicas' | 'readyReplicas' | 'availableReplicas' | 'updatedReplicas' | 'presentReplicas'>

/** Items of a list do not say their own kind, so the caller does. */
export function projectWorkload(kind: WorkloadKind, raw: RawWorkload): Workload {
  const { metadata: meta, spec, status } = raw
  const generation = meta?.generation ?? 0
  const namespace = meta?.namespace ?? ''
  return {
    ...identity(raw),
    apiVersion: kind === 'Job' ? 'batch/v1' : 'apps/v1',
    kind,
    namespace,
    generation,
    // A Job has no observedGeneration; one that is missing elsewhere means that the controller has not looked yet.
    observedGeneration: kind === 'Job' ? generation : (status?.observedGeneration ?? 0),
    ...counts(kind, raw),
    minReadySeconds: spec?.minReadySeconds ?? 0,
    selector: selector(spec?.selector),
    strategy: strategy(spec?.strategy ?? spec?.updateStrategy),
    paused: spec?.paused === true || spec?.suspend === true,
    owner: controller(meta),
    templateHash: templateHash(spec?.template),
    restartedBy: meta?.labels?.[restartedByMark],
    podLabels: spec?.template?.metadata?.labels ?? {},
    placement: projectPlacement({ ...spec?.template?.metadata, namespace }, spec?.template?.spec)
  }
}

/** Old revisions of a Deployment: they want no pods, have none, and there may be ten for each. */
export function isRetiredReplicaSet(raw: RawWorkload): boolean {
  return controller(raw.metadata) !== undefined && raw.spec?.replicas === 0 && (raw.status?.replicas ?? 0) === 0
}

function counts(kind: WorkloadKind, { spec, status }: RawWorkload): Counts {
  if (kind === 'DaemonSet') {
    return {
      replicas: status?.desiredNumberScheduled ?? 0,
      readyReplicas: status?.numberReady ?? 0,
      availableReplicas: status?.numberAvailable ?? 0,
      updatedReplicas: status?.updatedNumberScheduled ?? 0,
      presentReplicas: status?.currentNumberScheduled ?? 0
    }
  }
  if (kind === 'Job') {
    const ready = status?.ready ?? 0
    // One that has finished, or is suspended, wants no pods.
    const over = ['Complete', 'Failed', 'SuccessCriteriaMet'].some(
      (type) => condition(status?.conditions, type)?.status === 'True'
    )
    const replicas = over || spec?.suspend ? 0 : (spec?.parallelism ?? 1)
    const present = status?.active ?? 0
    const updated = { updatedReplicas: present, presentReplicas: present }
    return { replicas, readyReplicas: ready, availableReplicas: ready, ...updated }
  }
  return {
    replicas: spec?.replicas ?? 1,
    readyReplicas: status?.readyReplicas ?? 0,
    availableReplicas: status?.availableReplicas ?? 0,
    updatedReplicas: (kind === 'ReplicaSet' ? status?.replicas : status?.updatedReplicas) ?? 0,
    presentReplicas: status?.replicas ?? 0
  }
}

function strategy(raw: RawRolling | undefined): Workload['strategy'] {
  const { maxUnavailable, maxSurge } = raw?.rollingUpdate ?? {}
  return { type: raw?.type ?? '', maxUnavailable, maxSurge }
}

/**
 * A fingerprint of the pod template without `kubectl.kubernetes.io/restartedAt`: our own rolling restart must not look
 * like a change by others. The price is that another user's `kubectl rollout restart` goes unseen, which changes
 * nothing of what the pods are.
 */
export function templateHash(template: RawTemplate | undefined): string {
  const { [restartedAtAnnotation]: _, ...annotations } = template?.metadata?.annotations ?? {}
  const { creationTimestamp: __, annotations: ___, ...meta } = template?.metadata ?? {}
  const canonical = JSON.stringify(sorted({ ...template, metadata: { ...meta, annotations } }))
  return createHash('sha256').update(canonical).digest('hex')
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
  return Object.fromEntries(entries.map(([key, entry]) => [key, sorted(entry)]))
}
