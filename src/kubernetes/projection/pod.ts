/** A Pod of the API in the engine's words. */
import type { ContainerTrouble, Pod } from '../../engine/model/cluster.ts'
import { condition, controller, identity, instant } from './metadata.ts'
import { projectPlacement } from './placement.ts'
import type { RawContainerStatus, RawPod } from './raw.ts'

const phases = new Set<string>(['Pending', 'Running', 'Succeeded', 'Failed'])

/** Reasons for waiting that every healthy pod goes through. */
const starting = new Set(['ContainerCreating', 'PodInitializing', ''])

/** The kubelet sets Ready=False when it accepts a pod, in the same second as startTime. */
const acceptedWithinMs = 1000

export function projectPod(raw: RawPod): Pod {
  const meta = raw.metadata
  const { conditions, containerStatuses = [], initContainerStatuses = [] } = raw.status ?? {}
  const createdAt = instant(meta?.creationTimestamp)
  const ready = condition(conditions, 'Ready')
  const statuses = [...initContainerStatuses, ...containerStatuses]
  return {
    ...identity(raw),
    namespace: meta?.namespace ?? '',
    createdAt,
    labels: meta?.labels ?? {},
    owner: controller(meta),
    nodeName: raw.spec?.nodeName || undefined,
    phase: phases.has(raw.status?.phase ?? '') ? (raw.status?.phase as Pod['phase']) : 'Unknown',
    ready: ready?.status === 'True',
    readySinceAt: instant(ready?.lastTransitionTime, createdAt),
    neverReady: neverReady(raw),
    deletingAt: meta?.deletionTimestamp ? instant(meta.deletionTimestamp) : undefined,
    mirror: meta?.annotations?.['kubernetes.io/config.mirror'] !== undefined,
    priorityClass: raw.spec?.priorityClassName ?? '',
    unschedulable: unschedulable(raw, createdAt),
    claims: claims(raw),
    emptyDir: (raw.spec?.volumes ?? []).some(({ emptyDir }) => emptyDir !== undefined),
    troubles: statuses.flatMap((status) => trouble(status) ?? []),
    restarts: statuses.reduce((total, { restartCount = 0 }) => total + restartCount, 0),
    placement: projectPlacement(meta, raw.spec)
  }
}

/**
 * Ready=False that has stood since the pod was accepted. A pod that was ready once, or whose node was lost, has a later
 * transition. This permits a deletion in a revert, so whatever is in doubt counts as "was ready".
 */
function neverReady(raw: RawPod): boolean {
  const ready = condition(raw.status?.conditions, 'Ready')
  if (ready?.status === 'True') return false
  if (!ready || raw.status?.phase === 'Pending') return true
  const acceptedAt = instant(raw.status?.startTime, Number.NaN)
  return instant(ready.lastTransitionTime, Number.NaN) <= acceptedAt + acceptedWithinMs
}

function unschedulable(raw: RawPod, createdAt: number): Pod['unschedulable'] {
  const scheduled = condition(raw.status?.conditions, 'PodScheduled')
  if (scheduled?.status !== 'False' || scheduled.reason !== 'Unschedulable') return undefined
  return { message: scheduled.message ?? '', sinceAt: instant(scheduled.lastTransitionTime, createdAt) }
}

/** A generic ephemeral volume is a claim named after the pod and the volume. */
function claims(raw: RawPod): string[] {
  return (raw.spec?.volumes ?? []).flatMap(({ name, persistentVolumeClaim, ephemeral }) => {
    if (persistentVolumeClaim?.claimName) return [persistentVolumeClaim.claimName]
    return ephemeral ? [`${raw.metadata?.name}-${name}`] : []
  })
}

/** The container's own last words (its termination message) say more than the kubelet's "back-off restarting". */
function trouble(status: RawContainerStatus): ContainerTrouble | undefined {
  const { name: container = '', restartCount: restarts = 0, state, lastState } = status
  const last = lastState?.terminated
  const waiting = state?.waiting
  if (waiting && !starting.has(waiting.reason ?? '')) {
    const message = last?.message ?? waiting.message ?? ''
    return { container, reason: waiting.reason ?? '', message, exitCode: last?.exitCode, restarts }
  }
  // Between two crashes a container is running or waits to start, and only its last state tells what ails it.
  const ended = state?.terminated ?? (status.ready ? undefined : last)
  if (!ended?.exitCode) return undefined
  return {
    container,
    reason: ended.reason ?? 'Error',
    message: ended.message ?? '',
    exitCode: ended.exitCode,
    restarts
  }
}
