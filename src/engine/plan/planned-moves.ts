/** What moves, workload by workload: how its pods leave the outgoing nodes, and how fast. */
import type { Pod } from '../model/cluster.ts'
import type { PlannedMove } from '../model/report.ts'
import type { Settings } from '../model/settings.ts'
import { expectedPods } from '../policy/budgets.ts'
import { type Method, methodOf } from '../policy/disruption-method.ts'
import { judgePod, type PodVerdict } from '../policy/pod-filters.ts'
import type { Sides } from '../policy/rolling-restart.ts'
import { type ClusterIndex, ownerLabel, type PodOwner, wantedPods } from '../policy/workloads.ts'
import { replacementMs } from './forecast.ts'

export type MoveSettings = Pick<Settings, 'jobs' | 'podsWithoutController' | 'emptydirData' | 'allowDowntime'>

/** Pods of one workload on the outgoing nodes, each with what may be done with it. */
export interface OutgoingWorkload {
  owner: PodOwner
  label: string
  pods: readonly { pod: Pod; verdict: PodVerdict }[]
  /** Those with the verdict `move`. */
  moving: readonly Pod[]
  /** Undefined if nothing of it moves. */
  method?: Method
}

export interface MoveSurvey {
  workloads: readonly OutgoingWorkload[]
  moves: readonly PlannedMove[]
  podsToMove: number
  workloadsToMove: number
  daemonSetPods: number
  emptyDirPods: number
}

export function surveyMoves(index: ClusterIndex, outgoing: ReadonlySet<string>, settings: MoveSettings): MoveSurvey {
  const workloads = outgoingWorkloads(index, { from: outgoing }, settings)
  const moves = workloads.map((one) => plannedMove(one, index)).filter((move) => move !== undefined)
  const moved = moves.filter(({ how }) => how === 'evict' || how === 'restart')
  const all = workloads.flatMap(({ pods }) => pods)
  return {
    workloads,
    moves: moves.sort((a, b) => rank(a) - rank(b) || b.estimateMs - a.estimateMs || (a.workload < b.workload ? -1 : 1)),
    podsToMove: moved.reduce((sum, move) => sum + move.pods, 0),
    workloadsToMove: moved.length,
    daemonSetPods: all.filter(({ verdict }) => verdict.rule === 'daemonset').length,
    emptyDirPods: all.filter(({ pod, verdict }) => verdict.kind === 'move' && pod.emptyDir).length
  }
}

function outgoingWorkloads(index: ClusterIndex, sides: Sides, settings: MoveSettings): readonly OutgoingWorkload[] {
  const byKey = new Map<string, { owner: PodOwner; pods: { pod: Pod; verdict: PodVerdict }[] }>()
  for (const pod of index.view.pods) {
    if (pod.nodeName === undefined || !sides.from.has(pod.nodeName)) continue
    const owner = index.ownerOf(pod)
    const entry = byKey.get(owner.key) ?? { owner, pods: [] }
    entry.pods.push({ pod, verdict: judgePod(pod, settings, index) })
    byKey.set(owner.key, entry)
  }
  return [...byKey.values()].map(({ owner, pods }) => {
    const moving = pods.filter(({ verdict }) => verdict.kind === 'move').map(({ pod }) => pod)
    const method = moving.length > 0 ? methodOf({ owner, pods: moving, index, sides, settings }) : undefined
    return { owner, label: ownerLabel(owner), pods, moving, method }
  })
}

/** undefined: it blocks the upgrade and is reported as a finding, or there is nothing to say about it. */
function plannedMove(
  { owner, label, pods, moving, method }: OutgoingWorkload,
  index: ClusterIndex
): PlannedMove | undefined {
  const row = (how: PlannedMove['how'], number: number, pace: string, estimateMs: number): PlannedMove => ({
    workload: label,
    kind: owner.kind,
    pods: number,
    how,
    pace,
    estimateMs
  })
  const podMs = replacementMs(moving, owner.workload?.minReadySeconds)
  if (method?.how === 'evict') {
    const rounds = Math.ceil(moving.length / Math.max(1, method.limit))
    return row('evict', moving.length, paceText(method, owner, index), rounds * podMs)
  }
  if (method?.how === 'restart') {
    const pace = `rolling restart: ${method.why}${method.mayGoDown ? '; it may be unavailable for a moment' : ''}`
    return row('restart', moving.length, pace, moving.length * podMs)
  }
  if (method) return undefined
  const waits = pods.filter(({ verdict }) => verdict.kind === 'wait')
  if (waits[0]) return row('wait', waits.length, waits[0].verdict.why, 0)
  const stays = pods.filter(({ verdict }) => verdict.kind === 'leave' && verdict.rule !== 'finished')
  return stays[0] ? row('leave', stays.length, stays[0].verdict.why, 0) : undefined
}

function paceText(method: Method & { how: 'evict' }, owner: PodOwner, index: ClusterIndex): string {
  const of = method.budget ? expectedPods(method.budget, index) : wantedPods(owner, index)
  const total = Number.isFinite(of) && of > 0 ? ` of ${of}` : ''
  return `${method.source}: ${method.limit}${total} at a time`
}

/** What moves comes first, the longest on top. */
function rank({ how }: PlannedMove): number {
  return how === 'leave' ? 2 : how === 'wait' ? 1 : 0
}
