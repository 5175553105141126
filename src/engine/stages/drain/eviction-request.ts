/** Asking one pod to go: whether its last answer says that it is time to ask (again), and in which form. */

import type { Pod } from '../../model/cluster.ts'
import { unreachable } from '../../model/error.ts'
import { acceptedRetryMs, budgetRetryMs, deniedRetryMs, unknownRetryMs } from '../../model/limits.ts'
import { budgetsOf } from '../../policy/budgets.ts'
import type { PodOwner } from '../../policy/workloads.ts'
import type { OpenRun } from '../../record/record.ts'
import type { Action } from '../../world/action.ts'
import type { EvictionEntry } from '../../world/observations.ts'
import type { World } from '../../world/world.ts'
import { safeToDelete } from './unready-exception.ts'

export function askToGo(pod: Pod, owner: PodOwner, world: World, run: OpenRun): readonly Action[] {
  const budgets = budgetsOf(pod, world.index)
  const budgetVersion = budgetVersionOf(pod, world)
  const lane = budgets[0] ? `${pod.namespace}/${budgets[0].name}` : pod.uid
  const entry = world.observations.evictions.get(pod.uid)
  if (run.direction === 'reverting' && entry?.answer?.kind === 'budget' && safeToDelete(pod, owner, world)) {
    return [{ kind: 'remove', pod, lane, budgetVersion }]
  }
  if (entry && !mayAskAgain(entry, budgetVersion, world.now)) return []
  return [{ kind: 'evict', pod, lane, budgetVersion }]
}

/** Its budget has refused it, and nothing that could change the answer has happened since. */
export function isRefusedByBudget(pod: Pod, world: World): boolean {
  const entry = world.observations.evictions.get(pod.uid)
  return entry?.answer?.kind === 'budget' && !mayAskAgain(entry, budgetVersionOf(pod, world), world.now)
}

function budgetVersionOf(pod: Pod, world: World): string | undefined {
  const budgets = budgetsOf(pod, world.index)
  return budgets.map((budget) => budget.resourceVersion).join() || undefined
}

/** Each answer of the eviction API has its own pace (https://kubernetes.io/docs/concepts/scheduling-eviction/api-eviction/). */
function mayAskAgain(entry: EvictionEntry, budgetVersion: string | undefined, now: number): boolean {
  const { answer } = entry
  const waited = now - (entry.answeredAt ?? now)
  if (!answer) return false
  switch (answer.kind) {
    case 'accepted':
      return waited >= acceptedRetryMs
    case 'gone':
    case 'replaced':
      // The watch will tell. Another pod has another UID and an entry of its own.
      return waited >= acceptedRetryMs
    case 'budget':
      if (answer.retryAfterMs !== undefined) return waited >= answer.retryAfterMs
      return entry.budgetVersion !== budgetVersion || waited >= budgetRetryMs
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
