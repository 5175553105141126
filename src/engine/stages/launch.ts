/**
 * Brings the incoming side to the count: a canary first, then wave by wave, the next wave when the last is usable. Desired is
 * never lowered. An instance that is not usable in time is replaced once, by id; the second time is a failure.
 */

import { activityAfterMs, waveNodes, waveShare } from '../model/limits.ts'
import type { Activity, Capacity, Instance } from '../model/node-group.ts'
import type { Waiting } from '../model/report.ts'
import type { OpenRun } from '../record/record.ts'
import type { Action } from '../world/action.ts'
import { type Usability, usability } from '../world/node-readiness.ts'
import { agreedLooks } from '../world/observations.ts'
import { occupancyOf } from '../world/occupancy.ts'
import { nodeOf, type World } from '../world/world.ts'
import { canaryTrouble } from './canary.ts'
import { cordonBegan } from './cordon.ts'
import { protectNew } from './freeze.ts'
import { act, done, failed, type Stage, type Step, wait } from './stage.ts'

/** An instance of incoming, and whether its node can take pods. */
interface Judged {
  instance: Instance
  is: Usability
}

/** What this pass knows of the incoming side. */
interface Launching {
  judged: readonly Judged[]
  usable: readonly Instance[]
  /** Nodes that incoming must get. */
  count: number
  /** A node of outgoing is cordoned: pods may be moving. */
  cordoned: boolean
  /** Zones of outgoing in which no usable node stands; only looked at when all nodes that are wanted are there. */
  missingZones: readonly string[]
}

export const launch: Stage = {
  name: 'launch',
  next(world, run) {
    const launching = lookAtIncoming(world, run)
    const { usable, count, cordoned } = launching
    const canaryFirst = run.settings.canaryNodes > 0 && usable.length < count
    const detail = `${usable.length} of ${count} nodes usable${canaryFirst ? ` (${run.settings.canaryNodes} canary first)` : ''}`
    const actions = [...protectNew(world.incoming), ...grow(world, run, usable.length, count)]
    const enough = usable.length >= count || (cordoned && usable.length > 0)
    // Once before more nodes are launched for nothing, and once before the first node is cordoned.
    if (usable.length > 0 && !cordoned && (actions.length > 0 || enough)) {
      const nodes = usable.flatMap((instance) => nodeOf(world.incoming, instance) ?? [])
      const trouble = canaryTrouble(nodes, world, run)
      if (trouble) return trouble
    }
    if (actions.length > 0) return act(detail, actions, cordoned ? [] : launchWaits(launching, world, run))
    if (enough && launching.missingZones.length === 0) {
      // The first node is cordoned only after two looks: one may be old.
      if (cordoned || agreedLooks(world.observations, 'launched') >= 2) return done(detail)
      return wait(detail, { what: world.incoming.group.name, seen: 'all nodes are usable; looking once more' })
    }
    return (
      launchFailure(launching, world, run) ??
      lateInstance(launching, world, run, detail) ??
      zoneFailure(launching, world, run) ??
      wait(detail, ...launchWaits(launching, world, run))
    )
  }
}

function lookAtIncoming(world: World, run: OpenRun): Launching {
  const judged = world.incoming.counted.map((instance): Judged => ({ instance, is: usability(instance, world, run) }))
  const usable = judged.filter(({ is }) => is.usable).map(({ instance }) => instance)
  const count = Math.max(run.count, world.outgoing.counted.length)
  const cordoned = cordonBegan(world, run)
  const zones = cordoned || usable.length >= count ? missingZones(world, usable) : []
  return { judged, usable, count, cordoned, missingZones: zones }
}

/** Min, Max and Desired in one write; Desired is what the present wave needs. */
function grow(world: World, run: OpenRun, usable: number, count: number): Action[] {
  const { group } = world.incoming
  const desired = Math.max(
    group.capacity.desired,
    nextWave(group.capacity.desired, usable, run.settings.canaryNodes, count)
  )
  const wanted: Capacity = { min: desired, max: Math.max(run.outgoing.capacity.max, desired), desired }
  const is = group.capacity
  if (is.min === wanted.min && is.max === wanted.max && is.desired === wanted.desired) return []
  // New instances must come up protected: the sizes wait until that is seen.
  if (!group.newInstancesProtected) return []
  return [{ kind: 'resize', group: group.name, capacity: wanted }]
}

/**
 * A cluster should not grow by double-digit percentages at once, because its control plane scales with a delay
 * (https://docs.aws.amazon.com/eks/latest/best-practices/scale-control-plane.html).
 */
export function nextWave(desired: number, usable: number, canaryNodes: number, count: number): number {
  const wave = Math.max(waveNodes, Math.ceil(count * waveShare))
  const first = Math.min(count, canaryNodes > 0 ? canaryNodes : wave)
  if (desired < first) return first
  return usable < desired ? desired : Math.max(desired, Math.min(count, desired + wave))
}

/** Pods with volumes of such a zone could go nowhere. */
function missingZones(world: World, usable: readonly Instance[]): readonly string[] {
  const zones = new Set(world.outgoing.instances.map((instance) => instance.zone))
  for (const { zone } of usable) zones.delete(zone)
  const { zones: possible } = world.incoming.group
  return [...zones].filter((zone) => possible.includes(zone) || possible.length === 0)
}

/**
 * AWS says why it launches nothing: the activity is Failed, and StatusMessage has the reason
 * (https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_DescribeScalingActivities.html). A reason that can never pass
 * fails at once, another one at the deadline.
 */
function launchFailure({ judged }: Launching, world: World, run: OpenRun): Step | undefined {
  const { group, counted } = world.incoming
  if (counted.length >= group.capacity.desired) return undefined
  const failure = failedActivity(world)
  const over = world.now - missingSince(world) >= run.settings.launchTimeoutMs
  if (failure && (isFatal(failure) || over)) {
    return failed(
      'launch-failed',
      `${group.name} cannot launch instances. AWS says: ${failure.message || failure.description}`,
      `Fix the cause, then start again. All activities: ${activitiesCommand(world)}`
    )
  }
  if (!over) return undefined
  return failed(
    'launch-timeout',
    `${group.name} has ${judged.length} of ${group.capacity.desired} instances after ${minutes(run.settings.launchTimeoutMs)}.`,
    `Look at: ${activitiesCommand(world)}`
  )
}

function failedActivity({ activities }: World): Activity | undefined {
  return activities.find((activity) => activity.status === 'Failed')
}

function activitiesCommand({ incoming }: World): string {
  return `aws autoscaling describe-scaling-activities --auto-scaling-group-name ${incoming.group.name}`
}

function minutes(ms: number): string {
  return `${ms / 60_000} min`
}

/** Since when instances are missing: since more are wanted, or since one that was there is gone (it was replaced, or died). */
function missingSince(world: World): number {
  const { name } = world.incoming.group
  const wantedAt = world.observations.desired.get(name)?.at ?? world.now
  return Math.max(wantedAt, world.observations.completeAt.get(name) ?? wantedAt)
}

/** Nothing that runs would put a node there any more: AZRebalance is suspended, and all that were wanted are there. */
function zoneFailure({ missingZones: zones, cordoned }: Launching, world: World, run: OpenRun): Step | undefined {
  const { group, counted } = world.incoming
  if (zones.length === 0 || counted.length < group.capacity.desired) return undefined
  // Not `missingSince`: no instance is missing by number. Once pods are moving, the group replaces a node that dies.
  const wantedAt = world.observations.desired.get(group.name)?.at ?? world.now
  if (cordoned || world.now - wantedAt < run.settings.launchTimeoutMs) return undefined
  return failed(
    'launch-timeout',
    `${group.name} has no usable node in ${zones.join(', ')}, a zone of outgoing nodes, after ${minutes(run.settings.launchTimeoutMs)}.`,
    `Look at: ${activitiesCommand(world)}`
  )
}

/**
 * Errors that retrying cannot fix, by the codes and texts with which EC2 refuses a launch
 * (https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html,
 * https://docs.aws.amazon.com/autoscaling/ec2/userguide/CHAP_Troubleshooting.html).
 */
export function isFatal(activity: Pick<Activity, 'message'>): boolean {
  return /VcpuLimitExceeded|InvalidParameterCombination|InvalidKMSKey|Client\.InternalError|does not exist|Invalid device name|not supported in your requested Availability Zone|configuration is currently not supported|InsufficientFreeAddressesInSubnet|not enough free addresses|UnauthorizedOperation|valid fully-formed launch template|InvalidAMIID|InvalidParameterValue/i.test(
    activity.message
  )
}

/** An instance that is not usable in time is replaced once, by id. The second time is a failure. */
function lateInstance(launching: Launching, world: World, run: OpenRun, detail: string): Step | undefined {
  const late = launching.judged.find((one) => isLate(one, world, run))
  if (!late || late.is.usable) return undefined
  const { instance, is } = late
  const busy = occupancyOf(world, run).podsOn(instance).length > 0
  if (run.replaced.includes(instance.id) && !busy) {
    const action: Action = { kind: 'terminate', group: world.incoming.group.name, instanceIds: [instance.id] }
    return act(detail, [action], [{ what: instance.id, seen: 'being replaced' }])
  }
  const secondTime = run.replaced.length > 0 && !run.beforeReplacement.includes(instance.id)
  if (secondTime || busy) {
    const patience = is.phase === 'launch' ? run.settings.launchTimeoutMs : run.settings.joinTimeoutMs
    const second = secondTime ? ' It is the second one: the first was replaced.' : ''
    return failed(
      is.phase === 'launch' ? 'launch-timeout' : 'join-timeout',
      `${instance.id} is not usable after ${minutes(patience)}: ${is.why}.${second}`,
      `Look at its console output: aws ec2 get-console-output --latest --instance-id ${instance.id}`
    )
  }
  return bookReplacement(instance, is.why, launching, detail)
}

/** Written first: a run that is resumed after a crash must know that this was the one replacement. */
function bookReplacement(instance: Instance, why: string, { judged }: Launching, detail: string): Step {
  const present = judged.map((one) => one.instance.id)
  return {
    kind: 'busy',
    detail,
    actions: [],
    waiting: [{ what: instance.id, seen: `${why}; replacing it once` }],
    first: (open) => ({
      ...open,
      replaced: [...open.replaced, instance.id],
      // Only once: the instance that comes in place of another is not one of them, however many are replaced.
      beforeReplacement: open.replaced.length === 0 ? present : open.beforeReplacement
    })
  }
}

function isLate({ instance, is }: Judged, world: World, run: OpenRun): boolean {
  if (is.usable) return false
  const known = world.observations.instances.get(instance.id)
  if (!known) return false
  if (is.phase === 'launch') {
    return world.now - Math.max(known.seenAt, known.usableAt ?? 0) >= run.settings.launchTimeoutMs
  }
  // One that was usable and is not for a moment has its time from then on.
  const since = Math.max(known.inServiceAt ?? world.now, known.usableAt ?? 0)
  // One that is Ready, and has not been for long enough yet, has come in time.
  const settling = is.rule === 'not-stable' ? run.settings.stableMs : 0
  return world.now - since >= run.settings.joinTimeoutMs + settling
}

function launchWaits(launching: Launching, world: World, run: OpenRun): readonly Waiting[] {
  const { group } = world.incoming
  const sinceAt = missingSince(world)
  const untilAt = sinceAt + run.settings.launchTimeoutMs
  const missing = group.capacity.desired - launching.judged.length
  const failure = world.now - sinceAt > activityAfterMs ? failedActivity(world) : undefined
  const aws = failure ? `; AWS says: ${failure.message}` : ''
  return [
    ...(missing > 0 ? [{ what: group.name, seen: `${missing} instances are missing${aws}`, sinceAt, untilAt }] : []),
    ...launching.judged.flatMap((one) => instanceWaits(one, world, run)),
    ...launching.missingZones.map((zone) => ({
      what: group.name,
      seen: `no usable node in ${zone}`,
      sinceAt,
      untilAt
    }))
  ]
}

function instanceWaits({ instance, is }: Judged, world: World, run: OpenRun): readonly Waiting[] {
  if (is.usable) return []
  const known = world.observations.instances.get(instance.id)
  const sinceAt = (is.phase === 'launch' ? known?.seenAt : known?.inServiceAt) ?? world.now
  const patience = is.phase === 'launch' ? run.settings.launchTimeoutMs : run.settings.joinTimeoutMs
  return [{ what: instance.id, seen: is.why, sinceAt, untilAt: sinceAt + patience }]
}
