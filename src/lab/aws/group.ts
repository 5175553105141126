/** An Auto Scaling group as the lab holds it: how it behaves, and which sizes it may have. */
import type { Tag, TagDescription } from '@aws-sdk/client-auto-scaling'
import { validationError } from './lab-aws-error.ts'
import type { Behavior, LabGroup } from './state.ts'

export const standardBehavior: Behavior = {
  launchAfterMs: 0,
  terminateAfterMs: 0,
  reactAfterMs: 0,
  retryLaunchAfterMs: 15_000,
  deregisterAfterMs: 0
}

/** The current behavior. The tags of the group override what was set, so that a test needs only the AWS API. */
export function behaviorOf(group: LabGroup): Behavior {
  const tag = (name: string) => group.tags.get(`simulated/${name}`)?.value
  const seconds = (name: string, standardMs: number) => {
    const given = Number.parseFloat(tag(name) ?? '')
    return Number.isFinite(given) ? given * 1000 : standardMs
  }
  return {
    ...group.behavior,
    launchAfterMs: seconds('launches-after', group.behavior.launchAfterMs),
    terminateAfterMs: seconds('terminates-after', group.behavior.terminateAfterMs),
    launchFails: tag('launch-fails') || group.behavior.launchFails,
    launchFailsIn: tag('launch-fails-in') || group.behavior.launchFailsIn
  }
}

export const isSuspended = (group: LabGroup, process: string) => group.suspended.has(process)

/**
 * Throws AWS's ValidationError if these sizes contradict each other. `desired` is undefined if the call does not set
 * it.
 */
export function checkBounds(minSize: number, maxSize: number, desired: number | undefined): void {
  for (const size of [minSize, maxSize, desired ?? 0]) {
    if (!Number.isInteger(size) || size < 0) throw validationError(`Size ${size} is not a whole number of 0 or more`)
  }
  if (minSize > maxSize) {
    throw validationError(`Max bound, ${maxSize}, must be greater than or equal to min bound, ${minSize}`)
  }
  if (desired === undefined) return
  if (desired < minSize || desired > maxSize) {
    throw validationError(
      `Desired capacity:${desired} must be between the specified min size:${minSize} and max size:${maxSize}`
    )
  }
}

/** The same for SetDesiredCapacity, whose messages differ. */
export function checkDesired(group: LabGroup, desired: number): void {
  if (!Number.isInteger(desired) || desired < 0)
    throw validationError(`Size ${desired} is not a whole number of 0 or more`)
  if (desired < group.minSize) {
    throw validationError(
      `New SetDesiredCapacity value ${desired} is below min value ${group.minSize} for the AutoScalingGroup.`
    )
  }
  if (desired > group.maxSize) {
    throw validationError(
      `New SetDesiredCapacity value ${desired} is above max value ${group.maxSize} for the AutoScalingGroup.`
    )
  }
}

export function putTag(group: LabGroup, tag: Tag): void {
  group.tags.set(tag.Key ?? '', { value: tag.Value ?? '', propagates: tag.PropagateAtLaunch ?? false })
}

export const tagsOf = (group: LabGroup): TagDescription[] =>
  [...group.tags].map(([Key, { value, propagates }]) => ({
    ResourceId: group.name,
    ResourceType: 'auto-scaling-group',
    Key,
    Value: value,
    PropagateAtLaunch: propagates
  }))
