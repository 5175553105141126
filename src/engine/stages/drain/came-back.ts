/**
 * A workload that tolerates cordoned nodes may come back to one. It is moved again `returnsAllowed` times (within its
 * allowance, as always), then it stays and is named. The count is written to the record before the pod is asked to go, and
 * each pod counts once: the UIDs beside the count say which ones were counted.
 */

import type { Pod } from '../../model/cluster.ts'
import { creationTimeRoundingMs, evictionsOfOne, returnsAllowed } from '../../model/limits.ts'
import { cordonedTaint } from '../../model/names.ts'
import { tolerated } from '../../policy/scheduling-fit.ts'
import type { PodOwner } from '../../policy/workloads.ts'
import type { OpenRun } from '../../record/record.ts'
import { type Action, isPodAction } from '../../world/action.ts'
import type { World } from '../../world/world.ts'

/**
 * It came back as often as it may: its pods keep their node. A revert cannot leave them there: the nodes that are empty go, one
 * after the other, and each eviction has a better chance than the last.
 */
export function cameBackTooOften(ownerKey: string, run: OpenRun): boolean {
  const allowed = run.direction === 'reverting' ? evictionsOfOne : returnsAllowed
  return (run.returned[ownerKey] ?? 0) >= allowed
}

/** The change of the record that counts the pods which came back and are about to be asked to go; undefined if there are none. */
export function countReturns(
  actions: readonly Action[],
  workload: { owner: PodOwner; candidates: readonly Pod[] },
  world: World,
  run: OpenRun
): ((run: OpenRun) => OpenRun) | undefined {
  const { cordonedAt } = world.observations
  if (cordonedAt === undefined || !toleratesCordon(workload.candidates)) return undefined
  const again = actions.flatMap((action) => {
    if (!isPodAction(action)) return []
    const { createdAt, uid } = action.pod
    const madeSince = createdAt > cordonedAt - creationTimeRoundingMs
    return madeSince && run.returned[uid] === undefined ? [uid] : []
  })
  if (again.length === 0) return undefined
  const { key } = workload.owner
  return (open) => ({
    ...open,
    returned: {
      ...open.returned,
      ...Object.fromEntries(again.map((uid) => [uid, 1])),
      [key]: (open.returned[key] ?? 0) + 1
    }
  })
}

function toleratesCordon(pods: readonly Pod[]): boolean {
  return pods.some((pod) => tolerated(cordonedTaint, pod.placement.tolerations))
}
