/**
 * How a workload's pods leave the nodes that are drained, and at what pace. The plan announces it and the drain stage does it,
 * both from here, so that what is done is what was announced.
 */
import type { Budget, Pod } from '../model/cluster.ts'
import type { Settings } from '../model/settings.ts'
import {
  allowedByStatus,
  allowedWhenHealthy,
  budgetsOf,
  budgetText,
  expectedPods,
  rollingBounds,
  strategyAllows
} from './budgets.ts'
import { type Sides, surgeable, unshareableClaim } from './rolling-restart.ts'
import { type ClusterIndex, downtimeAllowed, isFinished, type PodOwner, wantedPods } from './workloads.ts'

/** A workload of which `pods` are to be moved (verdict `move`, all of them on `sides.from`). */
export interface Disruption {
  owner: PodOwner
  pods: readonly Pod[]
  index: ClusterIndex
  sides: Sides
  settings: Pick<Settings, 'allowDowntime'>
}

export type Method =
  | {
      how: 'evict'
      /** Most pods of it that may be missing at once. */
      limit: number
      /** The one budget that selects its pods. */
      budget?: Budget
      /** Where the limit comes from: `budget payments`, `its strategy`, … */
      source: string
      /** The last ready pod may go: `allow-downtime` names it, or nothing depends on it. */
      mayGoDown: boolean
    }
  | { how: 'restart'; why: string; mayGoDown: boolean }
  | { how: 'refuse'; rule: RefusalRule; why: string; budgets: readonly Budget[] }

export type RefusalRule = 'two-budgets' | 'budget-never-allows' | 'strategy-never-allows' | 'would-go-down'

/**
 * Depends on what is written about the workload and not on how it feels at this moment; that is `allowedNow`.
 */
export function methodOf(disruption: Disruption): Method {
  const { pods, index } = disruption
  const budgets = budgetsOfAll(pods, index)
  if (pods.some((pod) => budgetsOf(pod, index).length > 1)) {
    return refuse(
      'two-budgets',
      `${names(budgets)} select the same pods, and the eviction API then refuses them`,
      budgets
    )
  }
  const budget = tightest(budgets, index)
  return budget ? withBudget(disruption, budget) : withoutBudget(disruption)
}

/**
 * Available pods of the workload that may be taken away at this moment. Pods that are unavailable already, for whatever reason,
 * count against it. The caller divides a budget that several workloads share, and judges pods that are not ready
 * (`unreadyMayGo`).
 */
export function allowedNow(
  owner: PodOwner,
  method: Method & { how: 'evict' },
  index: ClusterIndex,
  now: number
): number {
  const available = index.podsOf(owner.key).filter((pod) => isAvailable(pod, owner, now)).length
  const byBudget = method.budget ? allowedByStatus(method.budget) : Number.POSITIVE_INFINITY
  if (needsNoFloor(owner)) return Math.min(method.limit, byBudget, available)
  const missing = Math.max(0, wantedPods(owner, index) - available)
  const byFloor = method.mayGoDown ? available : available - 1
  return Math.max(0, Math.min(method.limit - missing, byBudget, byFloor))
}

/**
 * Ready for the workload's `minReadySeconds`, and not on its way out
 * (https://github.com/kubernetes/kubernetes/blob/v1.37.2/pkg/api/v1/pod/util.go, `IsPodAvailable`).
 */
export function isAvailable(pod: Pod, owner: PodOwner, now: number): boolean {
  if (!pod.ready || pod.deletingAt !== undefined) return false
  const minReadyMs = (owner.workload?.minReadySeconds ?? 0) * 1000
  // Our clock may be behind the cluster's: a workload without minReadySeconds needs no clock.
  return minReadyMs === 0 || now - pod.readySinceAt >= minReadyMs
}

function withBudget(disruption: Disruption, budget: Budget): Method {
  const { owner, pods, index } = disruption
  const expected = expectedPods(budget, index)
  const allowed = allowedWhenHealthy(budget, expected)
  if (allowed === 0) return neverAllowed(disruption, budget, expected)
  const wanted = wantedPods(owner, index)
  const source = `budget ${budget.name}`
  if (needsNoFloor(owner)) return evict(Math.min(allowed, pods.length), source, true, budget)
  if (wanted <= 1 || isDown(owner, index)) return singleReplica(disruption, source, budget)
  return evict(Math.min(allowed, wanted - 1, volumeLimit(owner, pods)), source, false, budget)
}

/**
 * `maxUnavailable: 0` and `minAvailable: 100%` prevent every eviction
 * (https://kubernetes.io/docs/reference/kubernetes-api/policy-resources/pod-disruption-budget-v1/): a restart without downtime,
 * else one that `allow-downtime` accepts.
 */
function neverAllowed(disruption: Disruption, budget: Budget, expected: number): Method {
  const { owner, pods, index, sides, settings } = disruption
  // Pods that are not ready and that the budget lets go anyway serve no requests.
  if (budget.unhealthyPodEvictionPolicy === 'AlwaysAllow' && pods.every((pod) => !pod.ready)) {
    return evict(1, `budget ${budget.name}`, true, budget)
  }
  const why = `its budget ${budget.name} never allows an eviction (${budgetText(budget, expected)})`
  if (surgeable(owner, index, sides).ok) return { how: 'restart', why, mayGoDown: false }
  if (downtimeAllowed(owner.key, settings.allowDowntime) && !restartHindrance(owner, index)) {
    return { how: 'restart', why: `${why}; allow-downtime names it`, mayGoDown: true }
  }
  return refuse('budget-never-allows', why, [budget])
}

function withoutBudget(disruption: Disruption): Method {
  const { owner, pods, index, sides, settings } = disruption
  if (needsNoFloor(owner)) return evict(pods.length, 'no budget', true)
  if (wantedPods(owner, index) <= 1 || isDown(owner, index)) return singleReplica(disruption, 'no budget')
  const limit = strategyAllows(owner, index)
  if (limit > 0) return evict(Math.min(limit, volumeLimit(owner, pods)), 'its strategy', false)
  const safe = surgeable(owner, index, sides)
  const zero = 'its strategy lets no pod be missing (maxUnavailable 0)'
  if (safe.ok) return { how: 'restart', why: zero, mayGoDown: false }
  if (downtimeAllowed(owner.key, settings.allowDowntime)) return evict(1, 'allow-downtime', true)
  return refuse('strategy-never-allows', `${zero}, and it cannot be restarted without a gap: ${safe.why}`, [])
}

/** One replica: the pod that serves cannot be spared. */
function singleReplica(disruption: Disruption, source: string, budget?: Budget): Method {
  const { owner, index, sides, settings } = disruption
  // It serves no requests now, so nothing is taken away, and a restart would wait for a pod that may never be ready.
  if (isDown(owner, index)) return evict(1, source, true, budget)
  const safe = surgeable(owner, index, sides)
  if (safe.ok) return { how: 'restart', why: 'it has one replica', mayGoDown: false }
  if (downtimeAllowed(owner.key, settings.allowDowntime)) return evict(1, 'allow-downtime', true, budget)
  const why = `it has one replica, and it cannot be restarted without a gap: ${safe.why}`
  return refuse('would-go-down', why, budget ? [budget] : [])
}

/**
 * Why a rolling restart would do nothing or never end, whatever downtime is accepted: a StatefulSet with OnDelete and a paused
 * Deployment are not rolled by their controllers
 * (https://github.com/kubernetes/kubernetes/blob/v1.37.2/pkg/controller/statefulset/stateful_set_control.go,
 * https://github.com/kubernetes/kubernetes/blob/v1.37.2/pkg/controller/deployment/deployment_controller.go).
 */
export function restartHindrance(owner: PodOwner, index: ClusterIndex): string | undefined {
  const workload = owner.workload
  if (workload?.kind === 'StatefulSet') {
    return workload.strategy.type === 'OnDelete' ? 'its update strategy is OnDelete' : undefined
  }
  if (workload?.kind !== 'Deployment') return `a ${owner.kind} has no rolling restart`
  if (workload.paused) return 'its rollout is paused'
  const claim = unshareableClaim(index.podsOf(owner.key), index)
  // The new pod would wait for the volume, and the old one for the new pod.
  if (claim && workload.strategy.type !== 'Recreate' && rollingBounds(workload).unavailable === 0) {
    return `its volume ${claim} can be used on one node only`
  }
  return undefined
}

/** No ready pod has to be kept: a Job's pods, or pods that no controller makes again. */
function needsNoFloor(owner: PodOwner): boolean {
  return owner.kind === 'Job' || owner.kind === 'Pod' || owner.kind === 'DaemonSet'
}

function isDown(owner: PodOwner, index: ClusterIndex): boolean {
  return index.podsOf(owner.key).every((pod) => !pod.ready)
}

/**
 * Pods with a volume go one at a time, because each waits for its volume to detach and attach. A StatefulSet makes a new pod only
 * when the old one is gone, one at a time
 * (https://kubernetes.io/docs/concepts/workloads/controllers/statefulset/#deployment-and-scaling-guarantees).
 */
function volumeLimit(owner: PodOwner, pods: readonly Pod[]): number {
  return owner.kind === 'StatefulSet' || pods.some((pod) => pod.claims.length > 0) ? 1 : Number.POSITIVE_INFINITY
}

function budgetsOfAll(pods: readonly Pod[], index: ClusterIndex): readonly Budget[] {
  return [...new Set(pods.filter((pod) => !isFinished(pod)).flatMap((pod) => budgetsOf(pod, index)))]
}

function tightest(budgets: readonly Budget[], index: ClusterIndex): Budget | undefined {
  const allowed = (budget: Budget) => allowedWhenHealthy(budget, expectedPods(budget, index))
  return [...budgets].sort((a, b) => allowed(a) - allowed(b))[0]
}

function names(budgets: readonly Budget[]): string {
  return `the budgets ${budgets.map((budget) => budget.name).join(' and ')}`
}

function evict(limit: number, source: string, mayGoDown: boolean, budget?: Budget): Method {
  return { how: 'evict', limit, budget, source, mayGoDown }
}

function refuse(rule: RefusalRule, why: string, budgets: readonly Budget[]): Method {
  return { how: 'refuse', rule, why, budgets }
}
