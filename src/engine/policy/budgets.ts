/**
 * How many pods of a workload may be missing. If it has a PodDisruptionBudget, the arithmetic is that of the disruption
 * controller (https://github.com/kubernetes/kubernetes/blob/v1.37.2/pkg/controller/disruption/disruption.go): every percentage is
 * rounded up. If it has none, the workload's own strategy is the budget, with the rounding of the Deployment controller.
 */
import type { Budget, IntOrPercent, Pod, Workload } from '../model/cluster.ts'
import { selects } from './selectors.ts'
import { type ClusterIndex, type PodOwner, wantedPods } from './workloads.ts'

/**
 * Budgets that select this pod. If there are several, the eviction API answers 500, whatever they say
 * (https://github.com/kubernetes/kubernetes/blob/v1.37.2/pkg/registry/core/pod/storage/eviction.go).
 */
export function budgetsOf(pod: Pod, index: ClusterIndex): readonly Budget[] {
  const inNamespace = index.budgets.get(pod.namespace) ?? []
  return inNamespace.filter((budget) => budget.selector !== undefined && selects(budget.selector, pod.labels))
}

/** `value` of `total`, a percentage rounded as told. What cannot be read counts as 0. */
export function resolve(value: IntOrPercent, total: number, rounding: 'up' | 'down'): number {
  if (typeof value === 'number') return value
  const percent = /^(\d+)%$/.exec(value)
  if (!percent) return /^\d+$/.test(value) ? Number(value) : 0
  // Whole numbers throughout: 29 % of 100 is 28.999… in floating point.
  const product = Number(percent[1]) * total
  const whole = Math.floor(product / 100)
  return rounding === 'up' && product % 100 !== 0 ? whole + 1 : whole
}

/** Healthy pods that the budget demands when its workloads want `expected` pods. */
export function demandedHealthy(budget: Pick<Budget, 'minAvailable' | 'maxUnavailable'>, expected: number): number {
  if (budget.maxUnavailable !== undefined) {
    return Math.max(0, expected - resolve(budget.maxUnavailable, expected, 'up'))
  }
  if (budget.minAvailable !== undefined) return resolve(budget.minAvailable, expected, 'up')
  // A budget that says neither allows nothing: the controller expects no pod of it.
  return expected
}

/** Disruptions that the budget allows when every one of `expected` pods is healthy. */
export function allowedWhenHealthy(budget: Pick<Budget, 'minAvailable' | 'maxUnavailable'>, expected: number): number {
  return Math.max(0, expected - demandedHealthy(budget, expected))
}

/** What was counted for one look at the cluster: every workload asks, and a large cluster has many. */
const counted = new WeakMap<ClusterIndex, Map<Budget, number>>()

/** Pods that the budget's workloads want: what `maxUnavailable` and percentages are of. */
export function expectedPods(budget: Budget, index: ClusterIndex): number {
  const known = counted.get(index) ?? new Map<Budget, number>()
  counted.set(index, known)
  const expected = known.get(budget) ?? countExpected(budget, index)
  known.set(budget, expected)
  return expected
}

/**
 * The disruption controller (`getExpectedPodCount`, `getExpectedScale` in
 * https://github.com/kubernetes/kubernetes/blob/v1.37.2/pkg/controller/disruption/disruption.go) counts in two ways. With an
 * integer minAvailable: the selected pods. With maxUnavailable or a percentage: the sum of the scales of the controllers of the
 * selected pods. Then a pod without a controller does not count, and a pod whose controller has no scale (a Job, a DaemonSet)
 * makes it fail, so that the status allows nothing.
 *
 * This function differs in three cases: it adds up what the workloads want for an integer minAvailable also; it counts a pod
 * without a controller as 1; and it counts a Job or a DaemonSet by the pods that it wants. So the plan may announce evictions
 * that such a budget never allows. No pod goes against its budget then: `allowedByStatus` is the controller's own answer, and
 * the drain waits until its time is over.
 */
function countExpected(budget: Budget, index: ClusterIndex): number {
  const selector = budget.selector
  if (selector === undefined) return 0
  const pods = index.namespaces.get(budget.namespace) ?? []
  const owners = new Set(pods.filter((pod) => selects(selector, pod.labels)).map((pod) => index.ownerOf(pod)))
  let expected = 0
  for (const owner of owners) {
    // The controller may know the scale of a kind that is not watched here, so its own count is better.
    if (!owner.workload && owner.kind !== 'Pod' && statusIsCurrent(budget) && budget.expectedPods > 0) {
      return budget.expectedPods
    }
    expected += wantedPods(owner, index)
  }
  return expected
}

/** The budget allows nothing even when every replica is healthy. */
export function neverAllows(budget: Budget, index: ClusterIndex): boolean {
  return allowedWhenHealthy(budget, expectedPods(budget, index)) === 0
}

/**
 * What the API server would let through now. A status that lags behind its spec is answered with 429
 * (https://github.com/kubernetes/kubernetes/blob/v1.37.2/pkg/registry/core/pod/storage/eviction.go, `checkAndDecrement`).
 */
export function allowedByStatus(budget: Budget): number {
  return statusIsCurrent(budget) ? Math.max(0, budget.disruptionsAllowed) : 0
}

/**
 * Whether the eviction API lets a pod go that is not ready. It asks no budget for a Pending pod. For another it asks the
 * budget's `unhealthyPodEvictionPolicy`: AlwaysAllow, or (IfHealthyBudget, the default) only while the budget's other pods are
 * as many as it demands (https://github.com/kubernetes/kubernetes/blob/v1.37.2/pkg/registry/core/pod/storage/eviction.go,
 * `EvictionREST.Create`, `canIgnorePDB`).
 */
export function unreadyMayGo(pod: Pick<Pod, 'phase'>, budgets: readonly Budget[]): boolean {
  return pod.phase === 'Pending' || budgets.every(letsUnreadyGo)
}

function letsUnreadyGo(budget: Budget): boolean {
  if (budget.unhealthyPodEvictionPolicy === 'AlwaysAllow') return true
  return (budget.currentHealthy >= budget.desiredHealthy && budget.desiredHealthy > 0) || allowedByStatus(budget) > 0
}

/** `minAvailable 1 of 1`, for people. */
export function budgetText(budget: Pick<Budget, 'minAvailable' | 'maxUnavailable'>, expected: number): string {
  if (budget.maxUnavailable !== undefined) return `maxUnavailable ${budget.maxUnavailable} of ${expected}`
  if (budget.minAvailable !== undefined) return `minAvailable ${budget.minAvailable} of ${expected}`
  return `neither minAvailable nor maxUnavailable, of ${expected}`
}

/**
 * Pods that the workload's own strategy lets be missing at once, if it has no budget. 0: none may be.
 * At least one pod stays, so a workload of one has 0.
 */
export function strategyAllows(owner: PodOwner, index: ClusterIndex): number {
  const wanted = wantedPods(owner, index)
  return Math.max(0, Math.min(strategyLimit(owner, wanted), wanted - 1))
}

function strategyLimit(owner: PodOwner, wanted: number): number {
  const workload = owner.workload
  if (workload?.kind !== 'Deployment' || workload.strategy.type === 'Recreate') return 1
  const { maxUnavailable = '25%' } = workload.strategy
  const { unavailable } = rollingBounds(workload)
  if (unavailable > 0) return unavailable
  // 25 % of two replicas is none, rounded down, but a percentage is not meant as "never".
  return isPositivePercentage(maxUnavailable) && wanted >= 2 ? 1 : 0
}

/**
 * A Deployment's bounds in pods, as its controller resolves them: surge up, unavailable down, and if both are 0, one may be
 * unavailable (https://github.com/kubernetes/kubernetes/blob/v1.37.2/pkg/controller/deployment/util/deployment_util.go,
 * `ResolveFenceposts`). The API server fills in the defaults of 25 %
 * (https://github.com/kubernetes/kubernetes/blob/v1.37.2/pkg/apis/apps/v1/defaults.go).
 */
export function rollingBounds(workload: Pick<Workload, 'strategy' | 'replicas'>): {
  surge: number
  unavailable: number
} {
  const { maxSurge = '25%', maxUnavailable = '25%' } = workload.strategy
  const surge = resolve(maxSurge, workload.replicas, 'up')
  const unavailable = Math.min(resolve(maxUnavailable, workload.replicas, 'down'), workload.replicas)
  if (surge === 0 && unavailable === 0) return { surge: 0, unavailable: 1 }
  return { surge, unavailable }
}

function isPositivePercentage(value: IntOrPercent): boolean {
  return typeof value === 'string' && value.endsWith('%') && Number.parseInt(value, 10) > 0
}

function statusIsCurrent(budget: Budget): boolean {
  return budget.observedGeneration >= budget.generation
}
