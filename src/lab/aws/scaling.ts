/**
 * Auto Scaling itself: brings a group to its size, replaces unhealthy instances, keeps zones in balance. It runs only
 * when something has changed, and does nothing that belongs to a suspended process.
 * https://docs.aws.amazon.com/autoscaling/ec2/userguide/understand-how-suspending-processes-affects-other-processes.html
 */

import { instantText, isOver, recordActivity } from './activities.ts'
import { behaviorOf, isSuspended } from './group.ts'
import { counts, isPending, weightOf } from './instance.ts'
import { LabAwsError } from './lab-aws-error.ts'
import { launchInto } from './launching.ts'
import { later, leave, takenOut } from './life.ts'
import type { Account, LabGroup, LabInstance } from './state.ts'
import { heldByZone, neediestZone, nextVictim, subnetIn } from './zones.ts'

export function reconcile(account: Account, group: LabGroup): void {
  if (group.deleted) return
  replaceUnhealthy(account, group)
  const missing = group.desired - sizeOf(group)
  if (missing > 0) launchMissing(account, group)
  else if (missing < 0) terminateSurplus(account, group)
  else rebalance(account, group)
}

/** The size of the group in capacity units: instances that are in service or pending. */
const sizeOf = (group: LabGroup) =>
  group.instances.filter(counts).reduce((size, instance) => size + weightOf(instance), 0)

export interface Sizes {
  minSize?: number
  maxSize?: number
  desired?: number
}

/** Sets sizes that have been checked. `by` is the cause in activities, such as "a user request". */
export function setSizes(account: Account, group: LabGroup, sizes: Sizes, by: string): void {
  const before = group.desired
  group.minSize = sizes.minSize ?? group.minSize
  group.maxSize = sizes.maxSize ?? group.maxSize
  // New bounds move Desired if it lies outside of them.
  // https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_UpdateAutoScalingGroup.html
  group.desired = sizes.desired ?? Math.min(Math.max(group.desired, group.minSize), group.maxSize)
  if (group.desired === before) return
  const { minSize, maxSize, desired } = group
  const how =
    sizes.minSize === undefined && sizes.maxSize === undefined
      ? `${by} explicitly set group desired capacity`
      : `${by} update of AutoScalingGroup constraints to min: ${minSize}, max: ${maxSize}, desired: ${desired}`
  const now = account.clock.now()
  group.reason = `At ${instantText(now)} ${how} changing the desired capacity from ${before} to ${desired}.`
  group.lastScaledAt = now
  group.refusedAt = undefined
  group.failedZones.clear()
  const { reactAfterMs } = behaviorOf(group)
  if (reactAfterMs > 0) later(account, group, reactAfterMs, () => reconcile(account, group))
  else reconcile(account, group)
}

/** Throws ScalingActivityInProgress if the group simulates being busy, or if the call honors its cooldown. */
export function checkIdle(account: Account, group: LabGroup, honorCooldown = false): void {
  const running = group.activities.find((activity) => !isOver(activity))
  const cooling = group.lastScaledAt !== undefined && account.clock.now() < group.lastScaledAt + group.cooldownMs
  const blocked = running && behaviorOf(group).busyWhileScaling
  if (!blocked && !(honorCooldown && cooling)) return
  const what = blocked ? `Scaling activity ${running.id} is in progress` : 'A cooldown is in progress'
  throw new LabAwsError('autoscaling', 400, 'ScalingActivityInProgress', `${what} and blocks this action.`)
}

function launchMissing(account: Account, group: LabGroup): void {
  if (isSuspended(group, 'Launch')) return
  while (sizeOf(group) < group.desired) {
    const zone = neediestZone(group, launchableZones(account, group))
    if (zone === undefined) return
    if (!launchInto(account, group, zone)) leaveZoneAlone(account, group, zone)
  }
}

/** If a launch fails, Auto Scaling tries the other zones and returns to this one later. */
function leaveZoneAlone(account: Account, group: LabGroup, zone: string): void {
  const { retryLaunchAfterMs } = behaviorOf(group)
  group.failedZones.set(zone, account.clock.now() + retryLaunchAfterMs)
  later(account, group, retryLaunchAfterMs, () => reconcile(account, group))
}

function launchableZones(account: Account, group: LabGroup): string[] {
  const now = account.clock.now()
  return group.zones.filter(
    (zone) => subnetIn(account, group, zone) !== undefined && (group.failedZones.get(zone) ?? 0) <= now
  )
}

const allProtected = 'Could not scale to desired capacity because all remaining instances are protected from scale-in.'

function terminateSurplus(account: Account, group: LabGroup): void {
  if (isSuspended(group, 'Terminate')) return
  // An instance that was launched for balance has not replaced another one yet.
  const arriving = group.instances.filter((one) => one.balances && isPending(one)).length
  for (;;) {
    const surplus = sizeOf(group) - arriving - group.desired
    if (surplus <= 0) return
    const victim = nextVictim(account, group)
    if (!victim) tellAllProtected(account, group)
    if (!victim || weightOf(victim) > surplus) return
    leave(account, group, victim, takenOut(account, group, `instance ${victim.id} was selected for termination.`))
  }
}

function tellAllProtected(account: Account, group: LabGroup): void {
  if (group.refusedAt === group.desired) return
  group.refusedAt = group.desired
  recordActivity(account, group, {
    description: 'Terminating EC2 instance',
    cause: group.reason,
    status: 'Cancelled',
    message: allProtected
  })
}

function replaceUnhealthy(account: Account, group: LabGroup): void {
  if (isSuspended(group, 'ReplaceUnhealthy') || isSuspended(group, 'Terminate')) return
  // Protection from scale-in does not apply here.
  // https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-instance-protection.html
  const unhealthy = group.instances.filter((one) => one.state === 'InService' && one.health === 'Unhealthy')
  const why = `At ${instantText(account.clock.now())} an instance was taken out of service in response to a health check.`
  for (const instance of unhealthy) leave(account, group, instance, why)
}

/**
 * Launches one into the emptiest zone if the fullest has two more; the surplus then leaves the fullest. For that it may
 * exceed Max. If all instances of the fullest zone are protected, it does nothing.
 */
function rebalance(account: Account, group: LabGroup): void {
  if (isSuspended(group, 'AZRebalance') || isSuspended(group, 'Launch') || group.instances.some(isPending)) return
  const held = heldByZone(group)
  const emptiest = neediestZone(group, launchableZones(account, group))
  const [fullest, most] = [...held].reduce((a, b) => (b[1] > a[1] ? b : a), ['', 0])
  if (emptiest === undefined || most - (held.get(emptiest) ?? 0) < 2) return
  if (!nextVictim(account, group, fullest)) return
  const cause =
    `At ${instantText(account.clock.now())} instances were launched to balance instances in zones ${emptiest} with other ` +
    'zones resulting in more than desired number of instances in the group.'
  const instance = launchInto(account, group, emptiest, cause)
  if (instance) instance.balances = true
  else leaveZoneAlone(account, group, emptiest)
}

/** A health check found an instance dead or not serving. While HealthCheck is suspended, that has no effect. */
export function failHealthCheck(account: Account, group: LabGroup, instance: LabInstance, check: 'EC2' | 'ELB'): void {
  if (isSuspended(group, 'HealthCheck') || instance.state !== 'InService') return
  if (check === 'ELB' && !group.healthCheckType.includes('ELB')) return
  // Only the checks of a load balancer wait for the grace period.
  if (check === 'ELB' && inGrace(account, group, instance)) return
  instance.health = 'Unhealthy'
  reconcile(account, group)
}

export const inGrace = (account: Account, group: LabGroup, instance: LabInstance) =>
  account.clock.now() < (instance.inServiceAt ?? Number.POSITIVE_INFINITY) + group.healthCheckGraceMs
