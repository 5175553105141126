/** What one workload does next: which of its pods are asked to go now, or what it waits for. */

import type { Budget, Pod } from '../../model/cluster.ts'
import { unreachable } from '../../model/error.ts'
import {
  acceptedRetryMs,
  budgetRetryMs,
  deadPodMs,
  deniedRetryMs,
  madeAgainMs,
  unknownRetryMs
} from '../../model/limits.ts'
import { cordonedTaint } from '../../model/names.ts'
import { allowedByStatus, budgetsOf } from '../../policy/budgets.ts'
import { allowedNow, isAvailable, type Method, methodOf } from '../../policy/disruption-method.ts'
import { tolerated } from '../../policy/scheduling-fit.ts'
import type { OpenRun } from '../../record/record.ts'
import { type Action, isPodAction } from '../../world/action.ts'
import type { EvictionEntry } from '../../world/observations.ts'
import { podTrouble } from '../../world/workload-health.ts'
import type { World } from '../../world/world.ts'
import { type DrainingWorkload, type DrainSurvey, isCritical } from './survey.ts'

export interface WorkloadStep {
  /** It may not be moved as things are written now; since the plan, somebody has changed that. */
  refused?: Extract<Method, { how: 'refuse' }>
  actions: readonly Action[]
  /** Why nothing goes at this moment; empty when something does or nothing is left. */
  waiting: string
  first?: (run: OpenRun) => OpenRun
}

export function nextForWorkload(
  workload: DrainingWorkload,
  world: World,
  run: OpenRun,
  survey: DrainSurvey
): WorkloadStep {
  const { candidates, owner } = workload
  if (candidates.length === 0) {
    const leaving = workload.onFrom[0]
    return idle(leaving ? `${leaving.name} is stopping` : '')
  }
  if (
    isCritical(workload.onFrom) &&
    survey.workloads.some((other) => !isCritical(other.onFrom) && other.candidates.length > 0)
  ) {
    return idle('goes after the ordinary workloads')
  }
  const mark = restartMark(run)
  if (owner.workload?.restartedBy === mark) return restarted(workload, world, run)
  const names = (nodes: readonly { name: string }[]) => new Set(nodes.map((node) => node.name))
  const sides = { from: names(world.from.nodes), to: names(world.to.nodes) }
  const method = methodOf(owner, candidates, world.index, sides, run.settings)
  switch (method.how) {
    case 'evict':
      return evictSome(workload, method, world, run)
    case 'restart':
      return owner.workload
        ? { actions: [{ kind: 'restart', workload: owner.workload, mark }], waiting: '' }
        : idle('cannot be restarted')
    case 'refuse':
      // On the way back what cannot go by itself may still go where it serves nobody.
      return run.direction === 'reverting'
        ? evictUnready(workload, world, run, method.why)
        : { ...idle(method.why), refused: method }
    default:
      return unreachable(method)
  }
}

export function restartMark(run: OpenRun): string {
  return `${run.id}.${run.direction === 'reverting' ? 'back' : 'forward'}`
}

/** The rollout replaces its pods by itself; what it leaves unready on a cordoned node may be helped on. */
function restarted(workload: DrainingWorkload, world: World, run: OpenRun): WorkloadStep {
  const deployment = workload.owner.workload
  if (!deployment) return idle('')
  const rolledOut =
    deployment.observedGeneration >= deployment.generation &&
    deployment.updatedReplicas >= deployment.replicas &&
    deployment.availableReplicas >= deployment.replicas
  // It is through, and a pod is on *from* all the same: it tolerates cordoned nodes.
  if (rolledOut) return evictUnready(workload, world, run, 'its new pod came back to a cordoned node')
  const fresh = world.index.podsOf(workload.owner.key).find((pod) => !pod.ready && pod.deletingAt === undefined)
  const text = fresh ? `restarting: ${podTrouble(fresh)}` : 'restarting'
  return run.direction === 'reverting' ? evictUnready(workload, world, run, text) : idle(text)
}

function evictUnready(workload: DrainingWorkload, world: World, run: OpenRun, otherwise: string): WorkloadStep {
  const unready = workload.candidates.filter((pod) => !pod.ready)
  const actions = unready.flatMap((pod) => ask(pod, workload, world, run)).filter(oneRemoval())
  return actions.length > 0 ? { actions, waiting: '' } : idle(otherwise)
}

function evictSome(
  workload: DrainingWorkload,
  method: Method & { how: 'evict' },
  world: World,
  run: OpenRun
): WorkloadStep {
  const { owner } = workload
  // What is not available takes nothing away when it goes; what is goes within the allowance.
  const gone = (pod: Pod) => !isAvailable(pod, owner, world.now)
  const idlePods = workload.candidates.filter((pod) => !pod.ready)
  const settling = workload.candidates.filter((pod) => pod.ready && gone(pod))
  const serving = workload.candidates.filter((pod) => !gone(pod))
  const actions: Action[] = idlePods
    .filter((pod) => unreadyMayGo(pod, world, run))
    .flatMap((pod) => ask(pod, workload, world, run))
    .filter(oneRemoval())
  const spared = allowedNow(owner, method, world.index, world.now) - settling.length
  // A budget that has just refused one of them refuses the others, too, whatever its status says.
  const refused = serving.some((pod) => isRefused(pod, world))
  let allowed = refused ? 0 : Math.max(0, spared - notMadeAgain(workload, world, run))
  for (const pod of inOrder(workload, serving)) {
    if (allowed <= 0) break
    const asked = ask(pod, workload, world, run)
    if (asked.length === 0) continue
    actions.push(...asked)
    allowed -= 1
  }
  if (actions.length === 0) return idle(reason(workload, method, world))
  const first = cameBack(actions, workload, world, run)
  return first ? { actions, waiting: 'came back to a cordoned node', first } : { actions, waiting: '' }
}

/**
 * Pods that a kind which nobody told us about has still to make again. Nothing says how many it wants, and its pods that are
 * leaving are wanted no more by any count of ours; an operator may make the new one only when the old one is gone. One that has
 * not come for a minute was not wanted any more.
 */
function notMadeAgain({ owner }: DrainingWorkload, world: World, run: OpenRun): number {
  if (owner.workload || owner.kind === 'Pod' || owner.kind === 'Job') return 0
  const pods = world.index.podsOf(owner.key)
  const leaving = pods.filter((pod) => pod.deletingAt !== undefined).length
  const progressAt = world.observations.workloads.get(owner.key)?.progressAt ?? world.now
  const lacking = (run.baseline[owner.key]?.replicas ?? 0) - pods.length
  return leaving + (world.now - progressAt < madeAgainMs ? Math.max(0, lacking) : 0)
}

/** One per workload at a time: the next is judged by what became of this one. */
function oneRemoval(): (action: Action) => boolean {
  let removals = 0
  return (action) => action.kind !== 'remove' || ++removals === 1
}

/** An unready pod without a budget may always go; with one, by the rule of its unhealthyPodEvictionPolicy. */
function unreadyMayGo(pod: Pod, world: World, run: OpenRun): boolean {
  if (pod.phase === 'Pending' || run.direction === 'reverting') return true
  return budgetsOf(pod, world.index).every((budget) => letsUnreadyGo(budget))
}

function letsUnreadyGo(budget: Budget): boolean {
  if (budget.unhealthyPodEvictionPolicy === 'AlwaysAllow') return true
  return (budget.currentHealthy >= budget.desiredHealthy && budget.desiredHealthy > 0) || allowedByStatus(budget) > 0
}

function isRefused(pod: Pod, world: World): boolean {
  const entry = world.observations.evictions.get(pod.uid)
  return entry?.answer?.kind === 'budget' && !mayAskAgain(entry, budgetVersionOf(pod, world), world.now)
}

function budgetVersionOf(pod: Pod, world: World): string | undefined {
  const budgets = budgetsOf(pod, world.index)
  return budgets.map((budget) => budget.resourceVersion).join() || undefined
}

/** Asks one pod to go, if its last answer says that it is time to ask (again). */
function ask(pod: Pod, workload: DrainingWorkload, world: World, run: OpenRun): readonly Action[] {
  const budgets = budgetsOf(pod, world.index)
  const budgetVersion = budgetVersionOf(pod, world)
  const lane = budgets[0] ? `${pod.namespace}/${budgets[0].name}` : pod.uid
  const entry = world.observations.evictions.get(pod.uid)
  if (entry && safeToDelete(pod, entry, workload, world, run)) {
    return [{ kind: 'remove', pod, lane, budgetVersion }]
  }
  if (entry && !mayAskAgain(entry, budgetVersion, world.now)) return []
  return [{ kind: 'evict', pod, lane, budgetVersion }]
}

function mayAskAgain(entry: EvictionEntry, budgetVersion: string | undefined, now: number): boolean {
  const { answer } = entry
  const waited = now - (entry.answeredAt ?? now)
  if (!answer) return false
  switch (answer.kind) {
    case 'accepted':
      return waited >= acceptedRetryMs
    case 'gone':
    case 'replaced':
      // The feed will tell; another pod has another UID and an entry of its own.
      return waited >= acceptedRetryMs
    case 'budget':
      return answer.retryAfterMs !== undefined
        ? waited >= answer.retryAfterMs
        : entry.budgetVersion !== budgetVersion || waited >= budgetRetryMs
    case 'throttled':
      return waited >= answer.retryAfterMs
    case 'namespace-terminating':
      return waited >= budgetRetryMs
    case 'denied':
      return waited >= deniedRetryMs
    case 'unknown':
      return waited >= unknownRetryMs
    case 'two-budgets':
    case 'forbidden':
      return false
    default:
      return unreachable(answer)
  }
}

/**
 * The one exception to "never delete": on the way back a budget counts pods that are not ready as missing, and may refuse
 * the very eviction that would mend it. One per workload at a time.
 */
function safeToDelete(pod: Pod, entry: EvictionEntry, workload: DrainingWorkload, world: World, run: OpenRun): boolean {
  if (run.direction !== 'reverting' || entry.answer?.kind !== 'budget') return false
  if (pod.ready || world.now - pod.readySinceAt < deadPodMs) return false
  const holdsState = workload.owner.kind === 'StatefulSet' || pod.claims.length > 0
  if (holdsState && !pod.neverReady) return false
  const node = world.from.nodes.find((one) => one.name === pod.nodeName)
  if (!node || node.schedulable || node.cordonedBy === undefined) return false
  const others = world.index.podsOf(workload.owner.key).filter((other) => other.uid !== pod.uid && !other.ready)
  // The replacement of the last one is not ready yet: wait for it, unless this one never served.
  const underWay = others.some(
    (other) => other.nodeName === undefined || !world.from.nodes.some((one) => one.name === other.nodeName)
  )
  const deleting = others.some((other) => other.deletingAt !== undefined)
  return !deleting && (!underWay || pod.neverReady)
}

/**
 * A workload that tolerates cordoned nodes may come back to one: so often it is moved again (within its allowance, as ever), then
 * it is named. Counted in the record before its pod is asked to go, each pod once: the UID beside the count says which were.
 */
function cameBack(
  actions: readonly Action[],
  workload: DrainingWorkload,
  world: World,
  run: OpenRun
): WorkloadStep['first'] | undefined {
  const cordonedAt = world.observations.cordonedAt
  if (cordonedAt === undefined || !tolerates(workload)) return undefined
  // Creation times are whole seconds, rounded down.
  const again = actions.flatMap((action) =>
    isPodAction(action) && action.pod.createdAt > cordonedAt - 1_000 && run.returned[action.pod.uid] === undefined
      ? [action.pod.uid]
      : []
  )
  if (again.length === 0) return undefined
  const key = workload.owner.key
  return (open) => ({
    ...open,
    returned: {
      ...open.returned,
      ...Object.fromEntries(again.map((uid) => [uid, 1])),
      [key]: (open.returned[key] ?? 0) + 1
    }
  })
}

function tolerates(workload: DrainingWorkload): boolean {
  return workload.candidates.some((pod) => tolerated(cordonedTaint, pod.placement.tolerations))
}

/** StatefulSets from the highest ordinal down, as their controller would; else the youngest first. */
function inOrder(workload: DrainingWorkload, pods: readonly Pod[]): readonly Pod[] {
  const ordinal = (pod: Pod) => Number(/-(\d+)$/.exec(pod.name)?.[1] ?? -1)
  return workload.owner.kind === 'StatefulSet' ? [...pods].sort((a, b) => ordinal(b) - ordinal(a)) : pods
}

function reason(workload: DrainingWorkload, method: Method & { how: 'evict' }, world: World): string {
  const pods = world.index.podsOf(workload.owner.key)
  const answers = workload.candidates.map((pod) => world.observations.evictions.get(pod.uid)?.answer)
  const said = answers.find(
    (answer) => answer?.kind === 'denied' || answer?.kind === 'unknown' || answer?.kind === 'namespace-terminating'
  )
  if (said && 'message' in said) return said.message
  const unready = pods.find((pod) => pod.deletingAt === undefined && !isAvailable(pod, workload.owner, world.now))
  if (unready) return unready.ready ? `waiting for ${unready.name} to be ready long enough` : podTrouble(unready)
  const leaving = pods.find((pod) => pod.deletingAt !== undefined)
  if (leaving) return `waiting for the replacement of ${leaving.name}`
  return method.budget
    ? `its budget ${method.budget.name} allows no eviction now`
    : 'its strategy allows no pod to be missing now'
}

function idle(waiting: string): WorkloadStep {
  return { actions: [], waiting }
}
