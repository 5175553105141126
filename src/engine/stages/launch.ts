/**
 * Brings the incoming side to the count: a canary first, then wave by wave, the next when the last is usable. Desired is
 * never lowered. An instance that does not get there in time is replaced once, by id; the second time is a failure.
 */

import { activityAfterMs, waveNodes, waveShare } from '../model/limits.ts'
import type { Activity, Capacity, Instance } from '../model/node-group.ts'
import type { Waiting } from '../model/report.ts'
import { judgePod } from '../policy/pod-filters.ts'
import type { OpenRun } from '../record/record.ts'
import type { Action } from '../world/action.ts'
import { type Usability, usability } from '../world/node-readiness.ts'
import { nodeOf, type World } from '../world/world.ts'
import { canaryTrouble } from './canary.ts'
import { cordonBegan } from './cordon.ts'
import { protectNew } from './freeze.ts'
import { done, failed, type Stage, type Step } from './stage.ts'

interface Seen {
  instance: Instance
  is: Usability
}

export const launch: Stage = {
  name: 'launch',
  next(world, run) {
    const seen = world.incoming.instances.map((instance): Seen => ({ instance, is: usability(instance, world, run) }))
    const usable = seen.filter(({ is }) => is.usable)
    const count = Math.max(run.count, world.outgoing.instances.length)
    const detail = `${usable.length} of ${count} nodes usable${run.settings.canaryNodes > 0 && usable.length < count ? ` (${run.settings.canaryNodes} canary first)` : ''}`
    const actions = [...protectNew(world.incoming), ...grow(world, run, usable.length, count)]
    const cordoned = cordonBegan(world, run)
    // Which zones have a node shows only when all that are wanted are there.
    const zones = cordoned || usable.length >= count ? missingZones(world, usable) : []
    const enough = usable.length >= count || (cordoned && usable.length > 0)
    // Once, before more nodes are launched for nothing, and once before the first is cordoned.
    if (usable.length > 0 && !cordoned && (actions.length > 0 || enough)) {
      const trouble = canaryTrouble(
        usable.flatMap(({ instance }) => nodeOf(world.incoming, instance) ?? []),
        world,
        run
      )
      if (trouble) return trouble
    }
    if (actions.length > 0)
      return { kind: 'busy', detail, actions, waiting: cordoned ? [] : waiting(seen, world, run, zones) }
    if (enough && zones.length === 0) return done(detail)
    return (
      troubles(seen, world, run, detail) ??
      zoneFailure(zones, world, run) ?? {
        kind: 'busy',
        detail,
        actions: [],
        waiting: waiting(seen, world, run, zones)
      }
    )
  }
}

/** Min, Max and Desired in one write; Desired is what the present wave asks for. */
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

/** EKS advises against growing a cluster by double-digit percentages at once. */
export function nextWave(desired: number, usable: number, canaryNodes: number, count: number): number {
  const wave = Math.max(waveNodes, Math.ceil(count * waveShare))
  const first = Math.min(count, canaryNodes > 0 ? canaryNodes : wave)
  if (desired < first) return first
  return usable < desired ? desired : Math.max(desired, Math.min(count, desired + wave))
}

/** Zones of outgoing in which no usable node stands; pods with volumes of that zone could go nowhere. */
function missingZones(world: World, usable: readonly Seen[]): readonly string[] {
  const zones = new Set(world.outgoing.instances.map((instance) => instance.zone))
  for (const { instance } of usable) zones.delete(instance.zone)
  return [...zones].filter(
    (zone) => world.incoming.group.zones.includes(zone) || world.incoming.group.zones.length === 0
  )
}

function troubles(seen: readonly Seen[], world: World, run: OpenRun, detail: string): Step | undefined {
  return launchFailure(seen, world, run) ?? lateInstance(seen, world, run, detail)
}

/** AWS says why it launches nothing. What can never work fails at once, what may pass has until the deadline. */
function launchFailure(seen: readonly Seen[], world: World, run: OpenRun): Step | undefined {
  const { group } = world.incoming
  if (world.incoming.instances.length >= group.capacity.desired) return undefined
  const failure = world.activities.find((activity) => activity.status === 'Failed')
  const over = world.now - missingSince(world) >= run.settings.launchTimeoutMs
  if (failure && (isFatal(failure) || over)) {
    return failed(
      'launch-failed',
      `${group.name} cannot launch instances. AWS says: ${failure.message || failure.description}`,
      `Mend the cause, then start again. All activities: aws autoscaling describe-scaling-activities --auto-scaling-group-name ${group.name}`
    )
  }
  if (!over) return undefined
  return failed(
    'launch-timeout',
    `${group.name} has ${seen.length} of ${group.capacity.desired} instances after ${run.settings.launchTimeoutMs / 60_000} min.`,
    `Look at: aws autoscaling describe-scaling-activities --auto-scaling-group-name ${group.name}`
  )
}

/** Since when instances are missing: since more are wanted, or since one that was there is gone (it was replaced, or died). */
function missingSince(world: World): number {
  const { name } = world.incoming.group
  const wantedAt = world.observations.desired.get(name)?.at ?? world.now
  return Math.max(wantedAt, world.observations.completeAt.get(name) ?? wantedAt)
}

/** Nothing that runs would put a node there any more: AZRebalance is suspended, and all that were wanted are there. */
function zoneFailure(zones: readonly string[], world: World, run: OpenRun): Step | undefined {
  const { group, instances } = world.incoming
  if (zones.length === 0 || instances.length < group.capacity.desired) return undefined
  // Not `missingSince`: nothing is missing by number. Once pods are on their way a node that dies is its group's business.
  const wantedAt = world.observations.desired.get(group.name)?.at ?? world.now
  if (cordonBegan(world, run) || world.now - wantedAt < run.settings.launchTimeoutMs) return undefined
  return failed(
    'launch-timeout',
    `${group.name} has no usable node in ${zones.join(', ')}, where outgoing nodes stand, after ${run.settings.launchTimeoutMs / 60_000} min.`,
    `Look at: aws autoscaling describe-scaling-activities --auto-scaling-group-name ${group.name}`
  )
}

/** Errors that no patience mends (the field's list of status messages). */
export function isFatal(activity: Pick<Activity, 'message'>): boolean {
  return /VcpuLimitExceeded|InvalidParameterCombination|InvalidKMSKey|Client\.InternalError|does not exist|Invalid device name|not supported in your requested Availability Zone|configuration is currently not supported|InsufficientFreeAddressesInSubnet|not enough free addresses|UnauthorizedOperation|valid fully-formed launch template|InvalidAMIID|InvalidParameterValue/i.test(
    activity.message
  )
}

function lateInstance(seen: readonly Seen[], world: World, run: OpenRun, detail: string): Step | undefined {
  const late = seen.find((one) => isLate(one, world, run))
  if (!late || late.is.usable) return undefined
  const { instance, is } = late
  const minutes = (is.phase === 'launch' ? run.settings.launchTimeoutMs : run.settings.joinTimeoutMs) / 60_000
  const secondTime = run.replaced.length > 0 && !run.beforeReplacement.includes(instance.id)
  const busy = hasMovablePods(instance, world, run)
  if (run.replaced.includes(instance.id) && !busy) {
    return {
      kind: 'busy',
      detail,
      actions: [terminate(world, instance)],
      waiting: [{ what: instance.id, seen: 'being replaced' }]
    }
  }
  if (secondTime || busy) {
    return failed(
      is.phase === 'launch' ? 'launch-timeout' : 'join-timeout',
      `${instance.id} is not usable after ${minutes} min: ${is.why}.${secondTime ? ' It is the second one: the first was replaced.' : ''}`,
      `Look at how it starts (console output): aws ec2 get-console-output --latest --instance-id ${instance.id}`
    )
  }
  const present = seen.map((one) => one.instance.id)
  return {
    kind: 'busy',
    detail,
    actions: [],
    waiting: [{ what: instance.id, seen: `${is.why}; replacing it once` }],
    // Written first: whoever starts after a crash must know that this was the one replacement.
    first: (open) => ({
      ...open,
      replaced: [...open.replaced, instance.id],
      beforeReplacement: [...new Set([...open.beforeReplacement, ...present])]
    })
  }
}

function isLate({ instance, is }: Seen, world: World, run: OpenRun): boolean {
  if (is.usable) return false
  const known = world.observations.instances.get(instance.id)
  if (!known) return false
  if (is.phase === 'launch') {
    return world.now - Math.max(known.seenAt, known.usableAt ?? 0) >= run.settings.launchTimeoutMs
  }
  // One that was usable and is not for a moment has its time from then on.
  const since = Math.max(known.inServiceAt ?? world.now, known.usableAt ?? 0)
  return world.now - since >= run.settings.joinTimeoutMs
}

function hasMovablePods(instance: Instance, world: World, run: OpenRun): boolean {
  const node = nodeOf(world.incoming, instance)
  return (
    node !== undefined &&
    world.view.pods.some(
      (pod) => pod.nodeName === node.name && judgePod(pod, run.settings, world.index).kind !== 'leave'
    )
  )
}

function terminate(world: World, instance: Instance): Action {
  return { kind: 'terminate', group: world.incoming.group.name, instanceIds: [instance.id] }
}

function waiting(seen: readonly Seen[], world: World, run: OpenRun, zones: readonly string[]): readonly Waiting[] {
  const { group } = world.incoming
  const since = missingSince(world)
  const list = seen.flatMap(({ instance, is }): Waiting[] => {
    if (is.usable) return []
    const known = world.observations.instances.get(instance.id)
    const sinceAt = (is.phase === 'launch' ? known?.seenAt : known?.inServiceAt) ?? world.now
    const patience = is.phase === 'launch' ? run.settings.launchTimeoutMs : run.settings.joinTimeoutMs
    return [{ what: instance.id, seen: is.why, sinceAt, untilAt: sinceAt + patience }]
  })
  const missing = group.capacity.desired - seen.length
  if (missing > 0) {
    const failure = world.activities.find((activity) => activity.status === 'Failed')
    const aws = failure && world.now - since > activityAfterMs ? `; AWS says: ${failure.message}` : ''
    list.unshift({
      what: group.name,
      seen: `${missing} instances are missing${aws}`,
      sinceAt: since,
      untilAt: since + run.settings.launchTimeoutMs
    })
  }
  for (const zone of zones)
    list.push({
      what: group.name,
      seen: `no usable node in ${zone}`,
      sinceAt: since,
      untilAt: since + run.settings.launchTimeoutMs
    })
  return list
}
