/**
 * How a workload's pods leave the nodes that are emptied, and at what pace. The plan announces it and the move stage does it,
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

export type MethodSettings = Pick<Settings, 'allowDowntime'>

export type Method =
  | {
      how: 'evict'
      /** Most pods of it that may be missing at once. */
      limit: number
      /** The one budget that selects its pods. */
      budget?: Budget
      /** Where the limit comes from: `budget payments`, `its strategy`, … */
      source: string
      /** The last ready pod may go: somebody allowed it, or nothing waits for it. */
      mayGoDown: boolean
    }
  | { how: 'restart'; why: string; mayGoDown: boolean }
  | { how: 'refuse'; rule: RefusalRule; why: string; budgets: readonly Budget[] }

export type RefusalRule = 'two-budgets' | 'budget-never-allows' | 'strategy-never-allows' | 'would-go-down'

/**
 * For a workload of which `pods` are to be moved (verdict `move`, all of them on `sides.from`). Depends on what is written
 * about the workload and not on how it feels at this moment; that is `allowedNow`.
 */
export function methodOf(
  owner: PodOwner,
  pods: readonly Pod[],
  index: ClusterIndex,
  sides: Sides,
  settings: MethodSettings
): Method {
  const budgets = budgetsOfAll(pods, index)
  if (pods.some((pod) => budgetsOf(pod, index).length > 1)) {
    return refuse(
      'two-budgets',
      `${names(budgets)} select the same pods, and the eviction API then refuses them`,
      budgets
    )
  }
  const budget = tightest(budgets, index)
  if (budget) return withBudget(owner, pods, budget, index, sides, settings)
  return withoutBudget(owner, pods, index, sides, settings)
}

/**
 * Serving pods of the workload that may be taken away at this moment. What is unavailable already, for whatever reason, counts
 * against it. A budget that several workloads share is shared out by the caller, and pods that serve nobody are another matter
 * (`servesNobody`).
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
 * The pod does not serve, so that its eviction takes nothing away, and its budget (if any) will let it go: the API server asks
 * no budget for a Pending pod, nor for an unready one as its unhealthyPodEvictionPolicy says.
 */
export function servesNobody(pod: Pod, budget: Budget | undefined): boolean {
  if (pod.ready || pod.deletingAt !== undefined) return false
  if (!budget || pod.phase === 'Pending' || budget.unhealthyPodEvictionPolicy === 'AlwaysAllow') return true
  return (budget.currentHealthy >= budget.desiredHealthy && budget.desiredHealthy > 0) || allowedByStatus(budget) > 0
}

/** Ready for the workload's `minReadySeconds`, and not on its way out. */
export function isAvailable(pod: Pod, owner: PodOwner, now: number): boolean {
  if (!pod.ready || pod.deletingAt !== undefined) return false
  const minReadyMs = (owner.workload?.minReadySeconds ?? 0) * 1000
  // Our clock may be behind the cluster's: a pod that is ready needs none.
  return minReadyMs === 0 || now - pod.readySinceAt >= minReadyMs
}

function withBudget(
  owner: PodOwner,
  pods: readonly Pod[],
  budget: Budget,
  index: ClusterIndex,
  sides: Sides,
  settings: MethodSettings
): Method {
  const expected = expectedPods(budget, index)
  const allowed = allowedWhenHealthy(budget, expected)
  const wanted = wantedPods(owner, index)
  const source = `budget ${budget.name}`
  if (allowed === 0) {
    // Unready pods that the budget lets go anyway serve nobody.
    if (budget.unhealthyPodEvictionPolicy === 'AlwaysAllow' && pods.every((pod) => !pod.ready)) {
      return evict(1, source, true, budget)
    }
    const never = `its budget ${budget.name} never allows an eviction (${budgetText(budget, expected)})`
    return restartOr(owner, index, sides, settings, never, () => refuse('budget-never-allows', never, [budget]))
  }
  if (needsNoFloor(owner)) return evict(Math.min(allowed, pods.length), source, true, budget)
  if (wanted <= 1 || isDown(owner, index)) return single(owner, index, sides, settings, source, budget)
  return evict(Math.min(allowed, wanted - 1, volumeLimit(owner, pods)), source, false, budget)
}

function withoutBudget(
  owner: PodOwner,
  pods: readonly Pod[],
  index: ClusterIndex,
  sides: Sides,
  settings: MethodSettings
): Method {
  if (needsNoFloor(owner)) return evict(pods.length, 'no budget', true)
  if (wantedPods(owner, index) <= 1 || isDown(owner, index)) return single(owner, index, sides, settings, 'no budget')
  const limit = strategyAllows(owner, index)
  if (limit > 0) return evict(Math.min(limit, volumeLimit(owner, pods)), 'its strategy', false)
  const safe = surgeable(owner, index, sides)
  const zero = 'its strategy lets no pod be missing (maxUnavailable 0)'
  if (safe.ok) return { how: 'restart', why: zero, mayGoDown: false }
  if (downtimeAllowed(owner.key, settings.allowDowntime)) return evict(1, 'allow-downtime', true)
  return refuse('strategy-never-allows', `${zero}, and it cannot be restarted without a gap: ${safe.why}`, [])
}

/** One replica: the one that serves cannot be spared. */
function single(
  owner: PodOwner,
  index: ClusterIndex,
  sides: Sides,
  settings: MethodSettings,
  source: string,
  budget?: Budget
): Method {
  // Nobody is served by it now, so nothing is taken away, and a restart would wait for a pod that may never be ready.
  if (isDown(owner, index)) return evict(1, source, true, budget)
  const safe = surgeable(owner, index, sides)
  if (safe.ok) return { how: 'restart', why: 'it has one replica', mayGoDown: false }
  if (downtimeAllowed(owner.key, settings.allowDowntime)) return evict(1, 'allow-downtime', true, budget)
  const why = `it has one replica, and it cannot be restarted without a gap: ${safe.why}`
  return refuse('would-go-down', why, budget ? [budget] : [])
}

/** No eviction will ever be allowed: a safe restart, else one that was consented to, else what `otherwise` says. */
function restartOr(
  owner: PodOwner,
  index: ClusterIndex,
  sides: Sides,
  settings: MethodSettings,
  why: string,
  otherwise: () => Method
): Method {
  if (surgeable(owner, index, sides).ok) return { how: 'restart', why, mayGoDown: false }
  if (downtimeAllowed(owner.key, settings.allowDowntime) && !restartHindrance(owner, index)) {
    return { how: 'restart', why: `${why}; allow-downtime names it`, mayGoDown: true }
  }
  return otherwise()
}

/** Why a rolling restart would do nothing or never end, whatever anybody consents to. */
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

/** Nothing waits for such pods to be ready: a Job's, or one that nobody will make again. */
function needsNoFloor(owner: PodOwner): boolean {
  return owner.kind === 'Job' || owner.kind === 'Pod' || owner.kind === 'DaemonSet'
}

function isDown(owner: PodOwner, index: ClusterIndex): boolean {
  return index.podsOf(owner.key).every((pod) => !pod.ready)
}

/** Pods with a volume go one at a time, waiting for detach and attach; StatefulSets in their order anyway. */
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
