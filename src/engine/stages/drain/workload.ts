/** What one workload does next: which of its pods are asked to go now, or what it waits for. */

import type { Pod } from '../../model/cluster.ts'
import { unreachable } from '../../model/error.ts'
import { madeAgainMs, returnsAllowed } from '../../model/limits.ts'
import { budgetsOf, unreadyMayGo } from '../../policy/budgets.ts'
import { allowedNow, isAvailable, type Method, methodOf } from '../../policy/disruption-method.ts'
import type { OpenRun } from '../../record/record.ts'
import type { Action } from '../../world/action.ts'
import { podTrouble } from '../../world/workload-health.ts'
import type { World } from '../../world/world.ts'
import { countReturns } from './came-back.ts'
import { type DrainingWorkload, isCritical } from './draining-workload.ts'
import { askToGo, isRefusedByBudget } from './eviction-request.ts'
import type { DrainSurvey } from './survey.ts'
import { oneDeletion } from './unready-exception.ts'

export interface WorkloadStep {
  /** It may not be moved as it is defined now: its definition has changed since the plan. */
  refused?: Extract<Method, { how: 'refuse' }>
  actions: readonly Action[]
  /** Why no pod goes at this moment; empty if one does or none is left. */
  waiting: string
  /** What must be in the record before any of the actions. */
  first?: (run: OpenRun) => OpenRun
}

/** A workload, and what it does next. */
export interface PlannedWorkload {
  workload: DrainingWorkload
  step: WorkloadStep
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
    if (!leaving) return idle('')
    return idle(
      leaving.deletingAt === undefined ? `the Node object of ${leaving.name} is gone` : `${leaving.name} is stopping`
    )
  }
  if (
    isCritical(workload.onFrom) &&
    survey.workloads.some((other) => !isCritical(other.onFrom) && other.candidates.length > 0)
  ) {
    return idle('goes after the ordinary workloads')
  }
  const mark = restartMark(run)
  if (owner.workload?.restartedBy === mark) return restarted(workload, world, run)
  const method = methodNow(workload, world, run)
  switch (method.how) {
    case 'evict':
      return evictSome(workload, method, world, run)
    case 'restart':
      return owner.workload
        ? { actions: [{ kind: 'restart', workload: owner.workload, mark }], waiting: '' }
        : idle('cannot be restarted')
    case 'refuse':
      // During a revert a pod that is not ready may go even if the workload may not be moved.
      return run.direction === 'reverting'
        ? evictUnready(workload, world, run, method.why)
        : { ...idle(method.why), refused: method }
    default:
      return unreachable(method)
  }
}

function methodNow({ owner, candidates }: DrainingWorkload, world: World, run: OpenRun): Method {
  const sides = { from: world.from.nodeNames, to: world.to.nodeNames }
  return methodOf({ owner, pods: candidates, index: world.index, sides, settings: run.settings })
}

/** Each direction restarts a workload once, so each has a mark of its own. */
export function restartMark(run: OpenRun): string {
  return `${run.id}.${run.direction === 'reverting' ? 'back' : 'forward'}`
}

/** The rollout replaces the pods. Pods that it leaves unready on a cordoned node may be evicted. */
function restarted(workload: DrainingWorkload, world: World, run: OpenRun): WorkloadStep {
  const deployment = workload.owner.workload
  if (!deployment) return idle('')
  // As `kubectl rollout status` judges it: no pod of the old template is left, and all new ones are available.
  const rolledOut =
    deployment.observedGeneration >= deployment.generation &&
    deployment.updatedReplicas >= deployment.replicas &&
    deployment.presentReplicas <= deployment.updatedReplicas &&
    deployment.availableReplicas >= deployment.updatedReplicas
  if (rolledOut) return cameBackRestarted(workload, world, run)
  const fresh = world.index.podsOf(workload.owner.key).find((pod) => !pod.ready && pod.deletingAt === undefined)
  const text = fresh ? `restarting: ${podTrouble(fresh)}` : 'restarting'
  return run.direction === 'reverting' ? evictUnready(workload, world, run, text) : idle(text)
}

/** The rollout is complete and a pod is on *from* again, because it tolerates cordoned nodes. A second one would end there as well. */
function cameBackRestarted(workload: DrainingWorkload, world: World, run: OpenRun): WorkloadStep {
  const text = 'its new pod came back to a cordoned node'
  if (run.direction === 'reverting') return evictUnready(workload, world, run, text)
  const { key } = workload.owner
  const first = (open: OpenRun) => ({ ...open, returned: { ...open.returned, [key]: returnsAllowed } })
  return { actions: [], waiting: text, first }
}

function evictUnready(workload: DrainingWorkload, world: World, run: OpenRun, otherwise: string): WorkloadStep {
  const unready = workload.candidates.filter((pod) => !pod.ready)
  const actions = unready.flatMap((pod) => askToGo(pod, workload.owner, world, run)).filter(oneDeletion())
  return actions.length > 0 ? { actions, waiting: '' } : idle(otherwise)
}

function evictSome(
  workload: DrainingWorkload,
  method: Method & { how: 'evict' },
  world: World,
  run: OpenRun
): WorkloadStep {
  const { owner } = workload
  // A pod that is not ready serves no requests, so that its eviction takes nothing away. Available pods go within the allowance.
  const unready = workload.candidates
    .filter((pod) => !pod.ready)
    .filter((pod) => run.direction === 'reverting' || unreadyMayGo(pod, budgetsOf(pod, world.index)))
    .flatMap((pod) => askToGo(pod, owner, world, run))
    .filter(oneDeletion())
  const actions = [...unready, ...askAvailable(workload, method, world, run)]
  if (actions.length === 0) return idle(whyNothingGoes(workload, method, world))
  const first = countReturns(actions, workload, world, run)
  return first ? { actions, waiting: 'came back to a cordoned node', first } : { actions, waiting: '' }
}

function askAvailable(
  workload: DrainingWorkload,
  method: Method & { how: 'evict' },
  world: World,
  run: OpenRun
): readonly Action[] {
  const { owner, candidates } = workload
  const available = candidates.filter((pod) => isAvailable(pod, owner, world.now))
  // If a budget has just refused one of them, it refuses the others also, whatever its status says.
  if (available.some((pod) => isRefusedByBudget(pod, world))) return []
  const settling = candidates.filter((pod) => pod.ready && !available.includes(pod)).length
  const allowance = allowedNow(owner, method, world.index, world.now) - settling - notMadeAgain(workload, world, run)
  return inOrder(workload, available)
    .flatMap((pod) => askToGo(pod, owner, world, run))
    .slice(0, Math.max(0, allowance))
}

/**
 * Pods that a workload of a kind that is not watched has still to make again. It does not say how many pods it wants, so its
 * pods that are leaving are not counted as wanted; and its operator may make the new pod only when the old one is gone. A pod
 * that has not come within `madeAgainMs` is not wanted any more.
 */
function notMadeAgain({ owner }: DrainingWorkload, world: World, run: OpenRun): number {
  if (owner.workload || owner.kind === 'Pod' || owner.kind === 'Job') return 0
  const pods = world.index.podsOf(owner.key)
  const leaving = pods.filter((pod) => pod.deletingAt !== undefined).length
  const progressAt = world.observations.workloads.get(owner.key)?.progressAt ?? world.now
  const lacking = (run.baseline[owner.key]?.replicas ?? 0) - pods.length
  return leaving + (world.now - progressAt < madeAgainMs ? Math.max(0, lacking) : 0)
}

/**
 * A StatefulSet from the highest ordinal down, as its controller does
 * (https://github.com/kubernetes/kubernetes/blob/v1.37.2/pkg/controller/statefulset/stateful_set_control.go); others as they come.
 */
function inOrder(workload: DrainingWorkload, pods: readonly Pod[]): readonly Pod[] {
  const ordinal = (pod: Pod) => Number(/-(\d+)$/.exec(pod.name)?.[1] ?? -1)
  return workload.owner.kind === 'StatefulSet' ? [...pods].sort((a, b) => ordinal(b) - ordinal(a)) : pods
}

function whyNothingGoes(workload: DrainingWorkload, method: Method & { how: 'evict' }, world: World): string {
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
