/** Wakes those who wait for a change of the view. The real feed and the lab's share it, and the view's assembly. */
import type { ClusterView } from '../../engine/model/cluster.ts'
import type { KindName, Projected } from '../kinds.ts'

export interface ChangeBell {
  /** Something has changed. */
  ring(): void
  /** What has changed so far is seen. */
  look(): void
  /** Resolves at the next change that has not been seen, or when the signal is aborted. */
  changed(signal: AbortSignal): Promise<void>
}

/** `later` puts the waking off, so that many events make one change; by default it happens at once. */
export function changeBell(later: (wake: () => void) => void = (wake) => wake()): ChangeBell {
  let news = false
  let ringing = false
  const waiting = new Set<() => void>()

  return {
    ring() {
      news = true
      if (ringing) return
      ringing = true
      later(() => {
        ringing = false
        for (const wake of [...waiting]) wake()
      })
    },
    look() {
      news = false
    },
    changed(signal) {
      if (signal.aborted || (news && !ringing)) return Promise.resolve()
      return new Promise((resolve) => {
        const wake = (): void => {
          waiting.delete(wake)
          signal.removeEventListener('abort', wake)
          resolve()
        }
        waiting.add(wake)
        signal.addEventListener('abort', wake, { once: true })
      })
    }
  }
}

type ObjectsByKind = { [K in KindName]: { values(): readonly Projected[K][] } }

/** All kinds together, as one view. */
export function viewOf(kinds: ObjectsByKind, freshAt: number): ClusterView {
  return {
    freshAt,
    nodes: kinds.nodes.values(),
    pods: kinds.pods.values(),
    workloads: [
      ...kinds.deployments.values(),
      ...kinds.replicasets.values(),
      ...kinds.statefulsets.values(),
      ...kinds.daemonsets.values(),
      ...kinds.jobs.values()
    ],
    budgets: kinds.poddisruptionbudgets.values(),
    attachments: kinds.volumeattachments.values(),
    volumes: kinds.persistentvolumes.values(),
    csiDrivers: Object.fromEntries(kinds.csinodes.values().map(({ nodeName, drivers }) => [nodeName, drivers])),
    terminatingNamespaces: kinds.namespaces.values()
  }
}
