/** How Auto Scaling spreads instances over zones, and which one it terminates if there are too many. */

import { counts } from './instance.ts'
import type { Account, LabGroup, LabInstance } from './state.ts'

/** The number of counted instances per zone of the group, including zones that the group has left. */
export function heldByZone(group: LabGroup): Map<string, number> {
  const held = new Map(group.zones.map((zone) => [zone, 0]))
  for (const instance of group.instances) {
    if (counts(instance)) held.set(instance.zone, (held.get(instance.zone) ?? 0) + 1)
  }
  return held
}

/** The zone of the next instance: the one of these with the fewest instances. */
export function neediestZone(group: LabGroup, zones: readonly string[]): string | undefined {
  const held = heldByZone(group)
  return [...zones].sort((a, b) => (held.get(a) ?? 0) - (held.get(b) ?? 0) || a.localeCompare(b))[0]
}

export function subnetIn(account: Account, group: LabGroup, zone: string): string | undefined {
  return group.subnetIds.find((id) => account.subnets.get(id)?.AvailabilityZone === zone)
}

/**
 * The next instance to terminate: first by the zone with the most instances, then by the termination policies of the
 * group, at last at random. Never a protected one; undefined if all are protected.
 * https://docs.aws.amazon.com/autoscaling/ec2/userguide/as-instance-termination.html
 */
export function nextVictim(account: Account, group: LabGroup, zone?: string): LabInstance | undefined {
  const free = group.instances.filter(
    (one) => counts(one) && !one.isProtected && (zone === undefined || one.zone === zone)
  )
  const held = heldByZone(group)
  const most = Math.max(...free.map((one) => held.get(one.zone) ?? 0))
  let candidates = free.filter((one) => (held.get(one.zone) ?? 0) === most)
  for (const policy of group.terminationPolicies) candidates = preferred(policy, candidates)
  return candidates[Math.floor(account.ids.chance() * candidates.length)]
}

function preferred(policy: string, candidates: LabInstance[]): LabInstance[] {
  switch (policy) {
    case 'OldestInstance':
      return least(candidates, (one) => one.launchedAt)
    case 'NewestInstance':
      return least(candidates, (one) => -one.launchedAt)
    case 'Default':
    case 'OldestLaunchTemplate':
      return least(candidates, (one) => Number(one.launchTemplate?.Version ?? 0))
    default:
      return candidates // ClosestToNextInstanceHour and others: at random
  }
}

function least(candidates: LabInstance[], measure: (one: LabInstance) => number): LabInstance[] {
  const lowest = Math.min(...candidates.map(measure))
  return candidates.filter((one) => measure(one) === lowest)
}
