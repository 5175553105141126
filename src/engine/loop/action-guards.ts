/** Production guards of the invariants that matter most, next to the door: what must never be sent is not. */

import { judgePod } from '../policy/pod-filters.ts'
import type { OpenRun } from '../record/record.ts'
import { covered } from '../stages/release.ts'
import type { Action } from '../world/action.ts'
import { isStranded, type World } from '../world/world.ts'

export function allowedActions(actions: readonly Action[], world: World, run: OpenRun): readonly Action[] {
  const from = new Set(world.from.nodes.map((node) => node.name))
  const emptied = new Set(world.from.nodes.filter((node) => !node.schedulable).map((node) => node.name))
  return actions.filter((action) => {
    // I2: a pod that is not on a node being emptied is never asked to go.
    if (action.kind === 'evict' || action.kind === 'remove') {
      // I1: nothing is deleted past its budget but what serves nobody, and only on the way back.
      if (action.kind === 'remove' && (action.pod.ready || world.from !== world.incoming)) return false
      return action.pod.nodeName !== undefined && emptied.has(action.pod.nodeName)
    }
    // I4, I6: only what is seen to hold no pod that could move; of outgoing nothing before it is retired.
    if (action.kind === 'terminate') return action.instanceIds.every((id) => mayTerminate(id, action.group, world, run))
    if (action.kind === 'resize' || action.kind === 'protect') return keepsInstances(action, world, run)
    // I23: only nodes of *from* are cordoned, and only while *to* has an open one for their pods.
    if (action.kind === 'cordon') {
      return (
        from.has(action.node.name) &&
        (world.to.nodes.some((node) => node.schedulable && node.ready === 'True') || world.from.nodes.length === 0)
      )
    }
    return true
  })
}

/**
 * I4, I6: Desired is lowered only while every instance is protected, and of outgoing only when it is retired; protection is lifted
 * only where Desired is not below the number of instances. Auto Scaling can never pick one.
 */
function keepsInstances(action: Extract<Action, { kind: 'resize' | 'protect' }>, world: World, run: OpenRun): boolean {
  const side = action.group === world.outgoing.group.name ? world.outgoing : world.incoming
  const { desired } = side.group.capacity
  if (action.kind === 'protect') return action.on || covered(side)
  const next = action.capacity.desired ?? Math.min(desired, action.capacity.max ?? desired)
  if (next >= desired) return true
  if (side === world.outgoing && run.direction !== 'retiring') return false
  return side.instances.every((instance) => instance.protectedFromScaleIn)
}

function mayTerminate(id: string, group: string, world: World, run: OpenRun): boolean {
  if (group === run.outgoing.name && run.direction !== 'retiring') return false
  const names = new Set(world.view.nodes.filter((node) => node.instanceId === id).map((node) => node.name))
  return !world.view.pods.some(
    (pod) =>
      pod.nodeName &&
      names.has(pod.nodeName) &&
      !isStranded(pod, world.from, world.now) &&
      judgePod(pod, run.settings, world.index).kind !== 'leave'
  )
}
