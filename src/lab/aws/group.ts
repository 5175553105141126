/** An Auto Scaling group as the lab holds it: what is set, what is there, and how it behaves. */
import type {
  AutoScalingGroup,
  InstanceRefresh,
  LaunchTemplateSpecification,
  LifecycleHook,
  MixedInstancesPolicy,
  ScalingPolicy,
  ScheduledUpdateGroupAction,
  TrafficSourceState,
  WarmPoolConfiguration
} from '@aws-sdk/client-auto-scaling'
import type { LabActivity } from './activities.ts'
import type { LabInstance } from './instance.ts'
import { validationError } from './lab-aws-error.ts'

/** What a real group does by its nature and the lab does by request. A group's `simulated/…` tags overrule it. */
export interface Behavior {
  /** From Pending until in service (or until its launch hooks begin). */
  launchAfterMs: number
  /** From Terminating until gone (or until its termination hooks begin). */
  terminateAfterMs: number
  /** How long Auto Scaling takes to notice that the size is another one. */
  reactAfterMs: number
  /** After a failed launch a zone is left alone for so long. */
  retryLaunchAfterMs: number
  /** How long a target group holds a leaving instance. Only where the group has target groups. */
  deregisterAfterMs: number
  /** The StatusMessage of a launch that fails; while it is set, nothing launches. */
  launchFails?: string
  /** Only in this zone. */
  launchFailsIn?: string
  /** The instance comes, and dies before it is in service, with this StatusMessage (a KMS key that may not be used). */
  diesAtLaunch?: string
  /** Sizes may not be set while an activity is in progress: ScalingActivityInProgress. */
  busyWhileScaling?: boolean
}

export interface LabHook extends LifecycleHook {
  /** Somebody's code answers the hook by itself after so long. Without it the hook waits for a call or its heartbeat. */
  answersAfterMs?: number
  answer?: 'CONTINUE' | 'ABANDON'
}

export interface LabGroup {
  readonly name: string
  readonly arn: string
  readonly createdAt: number
  minSize: number
  maxSize: number
  desired: number
  zones: string[]
  subnetIds: string[]
  launchTemplate?: LaunchTemplateSpecification
  mixedInstancesPolicy?: MixedInstancesPolicy
  protectsNewInstances: boolean
  terminationPolicies: string[]
  healthCheckType: string
  healthCheckGraceMs: number
  cooldownMs: number
  instances: LabInstance[]
  /** Newest first. */
  activities: LabActivity[]
  /** Process → reason. */
  suspended: Map<string, string>
  tags: Map<string, { value: string; propagates: boolean }>
  hooks: LabHook[]
  scheduledActions: ScheduledUpdateGroupAction[]
  policies: ScalingPolicy[]
  refreshes: InstanceRefresh[]
  trafficSources: TrafficSourceState[]
  targetGroupArns: string[]
  warmPool?: WarmPoolConfiguration
  /** Anything else that a description shows, as it is: Operator, CapacityRebalance, InstanceLifecyclePolicy… */
  other: Partial<AutoScalingGroup>
  behavior: Behavior
  /** Zones where a launch has failed, and until when they are left alone. */
  failedZones: Map<string, number>
  /** Why the size is what it is, as activities tell it. */
  reason: string
  /** What is still to come for the group itself: timers of retries and schedules. */
  timers: Set<() => void>
  /** That all remaining instances are protected has been said for this size. */
  refusedAt?: number
  lastScaledAt?: number
  deleted: boolean
}

export const STANDARD_BEHAVIOR: Behavior = {
  launchAfterMs: 0,
  terminateAfterMs: 0,
  reactAfterMs: 0,
  retryLaunchAfterMs: 15_000,
  deregisterAfterMs: 0
}

/** The behavior of now: what was set, overruled by the group's own tags, so that a test needs nothing but the AWS API. */
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

/** Whether these sizes may stand beside each other; throws AWS's ValidationError. `desired` undefined is not asked for. */
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

/** The same for SetDesiredCapacity, which words it otherwise. */
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
