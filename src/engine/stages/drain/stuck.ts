/** Workloads that have made no progress for pod-timeout, each with the best explanation there is. */
import type { ErrorCode } from '../../model/error.ts'
import { commandText } from '../../model/next-command.ts'
import type { OpenRun } from '../../record/record.ts'
import { type Ailment, podTrouble } from '../../world/workload-health.ts'
import type { World } from '../../world/world.ts'
import { type DrainingWorkload, isCritical } from './draining-workload.ts'

export interface Stuck {
  label: string
  code: ErrorCode
  text: string
  hint: string
}

type Explanation = Omit<Stuck, 'label'>

export function stuckWorkloads(
  world: World,
  run: OpenRun,
  workloads: readonly DrainingWorkload[],
  ailing: readonly Ailment[]
): readonly Stuck[] {
  // Of some workloads not a single pod is left: only the baseline knows them.
  const known = new Set(workloads.map(({ owner }) => owner.key))
  const podless = ailing.filter(({ key }) => !known.has(key) && isOutOfTime(key, world, run))
  const stuck = workloads.flatMap((workload): Stuck[] => {
    const ailment = ailing.find((one) => one.key === workload.owner.key)
    if (workload.onFrom.length === 0 && !ailment) return []
    if (world.now - progressAt(workload, world) < run.settings.podTimeoutMs) return []
    return [{ label: workload.label, ...explain(workload, ailment, world, run) }]
  })
  return [
    ...stuck,
    ...podless.map(({ label, text }): Stuck => {
      const namespace = label.slice(0, label.indexOf('/'))
      return { label, code: 'pod-timeout', text, hint: `kubectl -n ${namespace} get events --sort-by=.lastTimestamp` }
    })
  ]
}

/** The workload has made no progress for pod-timeout. */
export function isOutOfTime(ownerKey: string, world: World, run: OpenRun): boolean {
  const since = world.observations.workloads.get(ownerKey)?.progressAt ?? world.now
  return world.now - since >= run.settings.podTimeoutMs
}

/** A critical workload waits for the others, so the time that they took is not counted against it. */
function progressAt(workload: DrainingWorkload, world: World): number {
  const { workloads } = world.observations
  const own = workloads.get(workload.owner.key)?.progressAt ?? world.now
  if (!isCritical(workload.onFrom)) return own
  return Math.max(own, ...[...workloads.values()].map((one) => one.progressAt))
}

/** The best explanation first: what the scheduler says, what the new pod says, what the API says, what is still there. */
function explain(workload: DrainingWorkload, ailment: Ailment | undefined, world: World, run: OpenRun): Explanation {
  const { namespace, name } = workload.owner
  return (
    newPodTrouble(workload, world, run) ??
    evictionAnswer(workload, world) ??
    stillLeaving(workload) ?? {
      code: 'pod-timeout',
      text: ailment?.text ?? `${workload.onFrom.length} pods are still on old nodes`,
      hint: `kubectl -n ${namespace} get pods -o wide | grep ${name}`
    }
  )
}

function newPodTrouble(workload: DrainingWorkload, world: World, run: OpenRun): Explanation | undefined {
  const pods = world.index.podsOf(workload.owner.key)
  const unplaced = pods.find((pod) => pod.unschedulable)
  if (unplaced) {
    const hint = `kubectl -n ${unplaced.namespace} describe pod ${unplaced.name}`
    return { code: 'unschedulable', text: podTrouble(unplaced), hint }
  }
  const unready = pods.find((pod) => !pod.ready && pod.deletingAt === undefined)
  if (!unready) return undefined
  // The pod itself is gone when this is read, because the run has reverted.
  const command = commandText('plan', run.settings, run.settings.group ?? '', '--diff')
  const hint = `See what differs between the new and the old nodes: ${command}`
  return { code: 'pod-timeout', text: podTrouble(unready), hint }
}

function evictionAnswer(workload: DrainingWorkload, world: World): Explanation | undefined {
  const answer = workload.candidates
    .map((pod) => world.observations.evictions.get(pod.uid)?.answer)
    .find((one) => one !== undefined)
  if (!answer || !('message' in answer)) return undefined
  const text = answer.message
  if (answer.kind === 'denied') {
    return { code: 'eviction-denied', text, hint: 'kubectl get validatingwebhookconfigurations' }
  }
  return { code: 'pod-timeout', text, hint: `kubectl -n ${workload.owner.namespace} get poddisruptionbudgets` }
}

function stillLeaving({ onFrom, owner }: DrainingWorkload): Explanation | undefined {
  const leaving = onFrom.find((pod) => pod.deletingAt !== undefined)
  return (
    leaving && {
      code: 'pod-timeout',
      text: `${leaving.name} is being deleted and does not go`,
      hint: `kubectl -n ${owner.namespace} describe pod ${leaving.name}`
    }
  )
}
