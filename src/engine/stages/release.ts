/**
 * Restores every setting as it was found (sizes follow the role after an upgrade) and removes the run's marks. The order is the
 * safety: Desired covers the instances before their protection is lifted. Otherwise Auto Scaling would choose instances and
 * terminate them (https://docs.aws.amazon.com/autoscaling/ec2/userguide/as-instance-termination.html).
 */

import { isRetained } from '../model/lifecycle.ts'
import { descriptionLagMs, tagValueLength } from '../model/limits.ts'
import { originalsTag, retiredConfigurationTag, retiredTag, runTag } from '../model/names.ts'
import type { Capacity, Instance } from '../model/node-group.ts'
import { retiredCopy } from '../plan/retired-configuration.ts'
import type { OpenRun } from '../record/record.ts'
import type { Action } from '../world/action.ts'
import { agreedLooks } from '../world/observations.ts'
import type { Side, World } from '../world/world.ts'
import { frozenProcesses } from './freeze.ts'
import { compareSettings } from './restored-settings.ts'
import { act, done, type Stage, type Step, wait } from './stage.ts'
import { versionsAsFound } from './template-version.ts'

export const release: Stage = {
  name: 'release',
  next(world, run) {
    const steps: readonly (() => readonly Action[])[] = [
      () => (isSettled(world.to) ? [] : cover(world.to)),
      () => sizes(world, run),
      () => [...unprotect(world, run), ...protectNew(world), ...resume(world)],
      () => versionsAsFound(world, run),
      () => removeMarks(world, run),
      () => finalTags(world, run)
    ]
    for (const step of steps) {
      const actions = step()
      if (actions.length > 0) return act('restoring settings', actions)
      // Only after two looks agree, protection is lifted and the processes that replace instances at once are resumed.
      if (step === steps[1] && !isSettled(world.to) && agreedLooks(world.observations, 'covered') < 2)
        return lookAgain(world.to, 'Desired covers its instances')
      if (step !== steps[2]) continue
      const recovering = undecided(world)
      if (recovering) return lookAgain(recovering, 'every instance is Healthy')
      const [coming] = comingProtected(world, run)
      if (coming) {
        const seen = `${coming.lifecycle}, to be unprotected once it is in service`
        return wait('restoring settings', { what: coming.id, seen })
      }
    }
    // A description that is older than the last write, of this engine or of the one before, shows tags and settings that are not so.
    if (world.groupsAt < world.observations.wroteGroupsAt + descriptionLagMs)
      return lookAgain(world.to, 'everything is as it should be')
    const { asFound, total, different } = compareSettings(world, run)
    return done(`settings as found: ${asFound.length} of ${total}`, [...different, ...left(world)])
  }
}

/** Whether neither Desired nor Max is below the number of instances. */
export function desiredCoversInstances(side: Side): boolean {
  const { max, desired } = side.group.capacity
  return desired >= side.counted.length && max >= side.counted.length
}

/**
 * Its processes run again. From here on the number of instances is Auto Scaling's affair: AZRebalance launches one before it
 * terminates another, and that one is not kept
 * (https://docs.aws.amazon.com/autoscaling/ec2/userguide/auto-scaling-benefits.html#AutoScalingBehavior.InstanceUsage).
 */
function isSettled({ group, original }: Side): boolean {
  return group.suspended.every((process) => process !== 'AZRebalance' || original.suspended.includes(process))
}

function cover(side: Side): readonly Action[] {
  if (desiredCoversInstances(side)) return []
  const { max, desired } = side.group.capacity
  const wanted = Math.max(desired, side.counted.length)
  return [{ kind: 'resize', group: side.group.name, capacity: { max: Math.max(max, wanted), desired: wanted } }]
}

/**
 * Sizes belong to the role: after an upgrade incoming has what outgoing had, and the retired side is at rest. Of the side that
 * stays Desired is only raised: others may have raised it since this look.
 */
function sizes(world: World, run: OpenRun): readonly Action[] {
  const { to, from } = world
  const { min, max } = run.outgoing.capacity
  const { desired } = to.group.capacity
  const there = isSettled(to) ? desired : Math.max(to.counted.length, desired)
  const wanted = Math.max(there, min)
  const staying = { min, max: Math.max(max, wanted), ...(wanted > desired ? { desired: wanted } : {}) }
  const leaving = run.direction === 'reverting' ? run.incoming.capacity : { min: 0, max: 0, desired: 0 }
  return [...resize(to, staying), ...resize(from, leaving)]
}

/** Only what differs: what others write to another field at the same moment stays. */
function resize({ group }: Side, wanted: Partial<Capacity>): readonly Action[] {
  const is = group.capacity
  const capacity: Partial<Capacity> = {
    ...(wanted.min !== undefined && wanted.min !== is.min ? { min: wanted.min } : {}),
    ...(wanted.max !== undefined && wanted.max !== is.max ? { max: wanted.max } : {}),
    ...(wanted.desired !== undefined && wanted.desired !== is.desired ? { desired: wanted.desired } : {})
  }
  return Object.keys(capacity).length === 0 ? [] : [{ kind: 'resize', group: group.name, capacity }]
}

function unprotect(world: World, run: OpenRun): readonly Action[] {
  const ours = protectedByUs(world, run).filter((instance) => instance.lifecycle === 'InService')
  return ours.length === 0
    ? []
    : [{ kind: 'protect', group: world.to.group.name, instanceIds: ours.map((instance) => instance.id), on: false }]
}

function protectedByUs(world: World, run: OpenRun): readonly Instance[] {
  const { original, instances } = world.to
  const keep = new Set(original.protectedInstances)
  // If the group protects new instances, it would have protected those that the run launched.
  if (original.newInstancesProtected && run.direction !== 'reverting') return []
  return instances.filter((instance) => instance.protectedFromScaleIn && !keep.has(instance.id))
}

function protectNew(world: World): readonly Action[] {
  return [world.outgoing, world.incoming].flatMap((side): Action[] =>
    side.group.newInstancesProtected === side.original.newInstancesProtected
      ? []
      : [{ kind: 'protect-new', group: side.group.name, on: side.original.newInstancesProtected }]
  )
}

/**
 * Only what the run suspended. ReplaceUnhealthy and HealthCheck are resumed only when two reads show every instance Healthy:
 * instances that are marked Unhealthy would be replaced at once
 * (https://docs.aws.amazon.com/autoscaling/ec2/userguide/understand-how-suspending-processes-affects-other-processes.html).
 */
function resume(world: World): readonly Action[] {
  const sides = [
    { side: world.outgoing, role: 'outgoing' as const },
    { side: world.incoming, role: 'incoming' as const }
  ]
  return sides.flatMap(({ side, role }): Action[] => {
    const ours = suspendedByUs(side, role)
    const due = ours.filter(
      (process) => !riskyToResume(process) || agreedLooks(world.observations, `healthy ${side.group.name}`) >= 2
    )
    return due.length === 0 ? [] : [{ kind: 'resume', group: side.group.name, processes: due }]
  })
}

function suspendedByUs(side: Side, role: 'outgoing' | 'incoming'): readonly string[] {
  return frozenProcesses(side, role).filter(
    (process) => side.group.suspended.includes(process) && !side.original.suspended.includes(process)
  )
}

/** A side whose health processes the run suspended, and which has looked healthy only once so far. */
function undecided(world: World): Side | undefined {
  const isUndecided = (side: Side, role: 'outgoing' | 'incoming') =>
    side.group.instances.every((instance) => instance.healthy) && suspendedByUs(side, role).some(riskyToResume)
  if (isUndecided(world.outgoing, 'outgoing')) return world.outgoing
  return isUndecided(world.incoming, 'incoming') ? world.incoming : undefined
}

/** An instance that is still launching was protected by its group, and can be unprotected only once it is in service. */
function comingProtected(world: World, run: OpenRun): readonly Instance[] {
  return protectedByUs(world, run).filter((instance) => instance.lifecycle.startsWith('Pending'))
}

function lookAgain(side: Side, seen: string): Step {
  return wait('restoring settings', { what: side.group.name, seen: `${seen}; looking once more` })
}

function riskyToResume(process: string): boolean {
  return process === 'ReplaceUnhealthy' || process === 'HealthCheck'
}

function removeMarks(world: World, run: OpenRun): readonly Action[] {
  const nodes = [...world.outgoing.nodes, ...world.incoming.nodes].filter((node) => node.cordonedBy !== undefined)
  const staying = new Set(world.to.nodes.map((node) => node.uid))
  return [
    ...nodes.filter((node) => staying.has(node.uid)).map((node): Action => ({ kind: 'uncordon', node })),
    ...world.view.workloads
      .filter((workload) => workload.restartedBy?.startsWith(run.id))
      .map((workload): Action => ({ kind: 'unmark-workload', workload }))
  ]
}

/** The copy of the retired configuration is written before the tags that lead to the record are removed. */
function finalTags(world: World, run: OpenRun): readonly Action[] {
  const actions: Action[] = []
  if (run.direction === 'retiring') {
    const copy = retiredCopy(run.outgoingConfiguration)
    const { group } = world.outgoing
    if (group.tags[retiredConfigurationTag] !== copy || !group.tags[retiredTag]?.includes(run.id)) {
      const words = `retired by run ${run.id} started ${new Date(run.startedAt).toISOString()}; its node group is served by ${run.incoming.name}`
      actions.push({
        kind: 'tag',
        group: group.name,
        tags: { [retiredConfigurationTag]: copy, [retiredTag]: words.slice(0, tagValueLength) }
      })
    }
  }
  for (const side of [world.outgoing, world.incoming]) {
    const ours = [runTag, originalsTag]
    if (run.direction === 'retiring' && side === world.incoming) ours.push(retiredTag, retiredConfigurationTag)
    const keys = ours.filter((key) => side.group.tags[key] !== undefined)
    if (keys.length > 0) actions.push({ kind: 'untag', group: side.group.name, keys })
  }
  return actions
}

function left(world: World): readonly string[] {
  const stuck = [world.outgoing, world.incoming].flatMap((side) =>
    side.group.suspended
      .filter((process) => riskyToResume(process) && !side.original.suspended.includes(process))
      .map(
        (process) =>
          `${side.group.name}: ${process} stays suspended, because an instance is not Healthy; resume it when all are`
      )
  )
  const retained = world.from.group.instances
    .filter(isRetained)
    .map((instance) => `${instance.id} is retained by a lifecycle policy`)
  return [...stuck, ...retained]
}
