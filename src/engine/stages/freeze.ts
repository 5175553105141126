/**
 * Pins both groups: while the run lasts, nothing else shrinks, replaces or rebalances them. Growth stays possible: alarms and
 * Cluster Autoscaler are bounded by Min, Max and protection, never stopped.
 */

import { tagValueLength } from '../model/limits.ts'
import { originalsTag, runTag } from '../model/names.ts'
import type { OpenRun, Original } from '../record/record.ts'
import type { Action } from '../world/action.ts'
import type { Side, World } from '../world/world.ts'
import { act, done, type Stage } from './stage.ts'
import { newVersions } from './template-version.ts'

/**
 * Each would terminate or replace instances by itself
 * (https://docs.aws.amazon.com/autoscaling/ec2/userguide/as-suspend-resume-processes.html).
 */
const processesOfBoth = ['AZRebalance', 'ScheduledActions', 'InstanceRefresh'] as const

/** Processes that are suspended on a group while a run is open, whether or not they were before. */
export function frozenProcesses(side: Side, role: 'outgoing' | 'incoming'): readonly string[] {
  const processes: string[] = [...processesOfBoth]
  if (role === 'outgoing') processes.push('ReplaceUnhealthy')
  // Empty nodes fail a load balancer's health check, and an instance that is marked Unhealthy stays so until it is replaced
  // (https://docs.aws.amazon.com/autoscaling/ec2/userguide/health-checks-overview.html).
  if (side.group.healthCheckType !== 'EC2' && side.group.healthCheckType !== '') processes.push('HealthCheck')
  return processes
}

export const freeze: Stage = {
  name: 'freeze',
  next(world, run) {
    // First of all: the groups must show that a run has touched them before anything else is changed.
    const tags = runTags(world, run)
    if (tags.length > 0) return act('pinning settings', tags)
    const actions = [
      ...suspensions(world),
      ...outgoingSize(world.outgoing, run),
      ...protection(world.outgoing),
      ...protectNew(world.outgoing)
    ]
    if (actions.length > 0) return act('pinning settings', actions)
    return newVersions(world, run) ?? done('settings of both groups recorded and pinned')
  }
}

/** For people at a console: which run, and what it found. Nothing is decided from these two. */
function runTags(world: World, run: OpenRun): Action[] {
  return [world.outgoing, world.incoming].flatMap((side): Action[] =>
    side.group.tags[runTag] === run.id && side.group.tags[originalsTag]
      ? []
      : [
          {
            kind: 'tag',
            group: side.group.name,
            tags: { [runTag]: run.id, [originalsTag]: originalsText(side.original) }
          }
        ]
  )
}

export function originalsText(original: Original): string {
  const { min, max, desired } = original.capacity
  const suspended = original.suspended.length === 0 ? 'nothing' : original.suspended.join(' ')
  return `min ${min} max ${max} desired ${desired} / suspended ${suspended} / new instances ${original.newInstancesProtected ? 'protected' : 'not protected'}`.slice(
    0,
    tagValueLength
  )
}

function suspensions(world: World): Action[] {
  const sides = [
    { side: world.outgoing, role: 'outgoing' as const },
    { side: world.incoming, role: 'incoming' as const }
  ]
  return sides.flatMap(({ side, role }): Action[] => {
    const missing = frozenProcesses(side, role).filter((process) => !side.group.suspended.includes(process))
    return missing.length === 0 ? [] : [{ kind: 'suspend', group: side.group.name, processes: missing }]
  })
}

/**
 * Desired cannot go below Min (https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_UpdateAutoScalingGroup.html), so Min
 * at the count keeps others from shrinking the group. Desired is repaired, never lowered.
 */
function outgoingSize(outgoing: Side, run: OpenRun): Action[] {
  const { min, max, desired } = outgoing.group.capacity
  const wantedMin = Math.max(run.count, 0)
  if (min === wantedMin && desired >= wantedMin) return []
  // Desired is written only to raise it: others may have raised it further since this look.
  return [
    {
      kind: 'resize',
      group: outgoing.group.name,
      capacity: {
        min: wantedMin,
        ...(desired < wantedMin ? { desired: wantedMin } : {}),
        ...(max < wantedMin ? { max: wantedMin } : {})
      }
    }
  ]
}

/** An instance that comes later is protected from its first moment: sizes go to zero only while every one is. */
export function protectNew({ group }: Side): Action[] {
  return group.newInstancesProtected ? [] : [{ kind: 'protect-new', group: group.name, on: true }]
}

/**
 * Only an instance in service can be protected
 * (https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-instance-protection.html); one that is launching is
 * protected when it is.
 */
export function protection(side: Side): Action[] {
  const open = side.instances.filter((instance) => instance.lifecycle === 'InService' && !instance.protectedFromScaleIn)
  return open.length === 0
    ? []
    : [{ kind: 'protect', group: side.group.name, instanceIds: open.map((instance) => instance.id), on: true }]
}
