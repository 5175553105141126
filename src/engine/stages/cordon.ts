/**
 * Every node of *from* is cordoned at once, nodes that join later included, so that no pod moves twice. Cordoned is
 * `spec.unschedulable` (https://github.com/kubernetes/kubernetes/blob/v1.37.2/staging/src/k8s.io/kubectl/pkg/drain/cordon.go).
 */

import type { OpenRun } from '../record/record.ts'
import type { Action } from '../world/action.ts'
import type { World } from '../world/world.ts'
import { act, done, type Stage, type Step } from './stage.ts'

export const cordon: Stage = {
  name: 'cordon',
  next(world, run) {
    const growth = growthStopped(world, run)
    if (growth) return growth
    const open = world.from.nodes.filter((node) => node.schedulable)
    const total = world.from.nodes.length
    const actions: Action[] = open.map((node) => ({ kind: 'cordon', node, runId: run.id }))
    // The side that pods leave must not grow: Max goes down to what is there, and never below Min or Desired.
    const { group, counted } = world.from
    const most = Math.max(group.capacity.desired, counted.length, group.capacity.min)
    // A side without instances is at rest, and release restores its Max, which may be more than 0.
    if (most > 0 && group.capacity.max > most)
      actions.push({ kind: 'resize', group: group.name, capacity: { max: most } })
    const side = run.direction === 'reverting' ? 'new' : 'old'
    return actions.length === 0
      ? done(total === 0 ? `no ${side} node to cordon` : `${total} of ${total} ${side} nodes cordoned`)
      : act(`${total - open.length} of ${total} ${side} nodes cordoned`, actions)
  }
}

/** The count is fixed here, before the first node is cordoned: incoming must get as many nodes as outgoing has grown to. */
function growthStopped(world: World, run: OpenRun): Step | undefined {
  if (run.direction !== 'forward' || world.outgoing.counted.length <= run.count) return undefined
  const count = world.outgoing.counted.length
  return {
    kind: 'busy',
    detail: `outgoing has grown to ${count} nodes`,
    actions: [],
    waiting: [],
    first: (open) => ({ ...open, count })
  }
}

/** A node of outgoing has this run's mark: from here on pods may be moving. */
export function cordonBegan(world: World, run: OpenRun): boolean {
  return world.outgoing.nodes.some((node) => !node.schedulable && node.cordonedBy === run.id)
}
