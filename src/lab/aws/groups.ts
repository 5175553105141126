/** Creating and deleting groups. */
import type {
  AutoScalingGroup,
  CreateAutoScalingGroupType,
  InstanceRefresh,
  ScalingPolicy,
  ScheduledUpdateGroupAction,
  WarmPoolConfiguration
} from '@aws-sdk/client-auto-scaling'
import { checkBounds, putTag, standardBehavior } from './group.ts'
import { uuidFrom } from './identifiers.ts'
import { LabAwsError, validationError } from './lab-aws-error.ts'
import { reconcile } from './scaling.ts'
import { followSchedule } from './schedules.ts'
import type { Account, Behavior, LabGroup, LabHook } from './state.ts'

/** Settings of a new group beyond those of CreateAutoScalingGroup. */
export interface GroupExtras {
  behavior?: Partial<Behavior>
  hooks?: readonly LabHook[]
  scheduledActions?: readonly ScheduledUpdateGroupAction[]
  policies?: readonly ScalingPolicy[]
  refreshes?: readonly InstanceRefresh[]
  warmPool?: WarmPoolConfiguration
  suspended?: readonly string[]
  /** Shown in descriptions as it is. */
  other?: Partial<AutoScalingGroup>
}

export function createGroup(account: Account, input: CreateAutoScalingGroupType, extras: GroupExtras = {}): LabGroup {
  const name = input.AutoScalingGroupName ?? ''
  if (name === '') throw validationError('AutoScalingGroupName must not be empty')
  if (account.groups.has(name)) {
    const message = 'AutoScalingGroup by this name already exists - A group with the name already exists'
    throw new LabAwsError('autoscaling', 400, 'AlreadyExists', message)
  }
  const { MinSize = 0, MaxSize = 0, DesiredCapacity = MinSize } = input
  checkBounds(MinSize, MaxSize, DesiredCapacity)
  const group = newGroup(account, name, input, extras)
  for (const tag of input.Tags ?? []) putTag(group, tag)
  for (const process of extras.suspended ?? []) group.suspended.set(process, 'User suspended at the beginning')
  account.groups.set(name, group)
  group.minSize = MinSize
  group.maxSize = MaxSize
  group.desired = DesiredCapacity
  group.reason = `At ${new Date(account.clock.now()).toISOString()} a user request created an AutoScalingGroup changing the desired capacity from 0 to ${DesiredCapacity}.`
  for (const action of group.scheduledActions) followSchedule(account, group, action)
  reconcile(account, group)
  return group
}

function newGroup(account: Account, name: string, input: CreateAutoScalingGroupType, extras: GroupExtras): LabGroup {
  const subnetIds = (input.VPCZoneIdentifier ?? '').split(',').filter((id) => id !== '')
  const zones = subnetIds.map((id) => account.subnets.get(id)?.AvailabilityZone).filter((zone) => zone !== undefined)
  const arn = `arn:aws:autoscaling:${account.region}:${account.id}:autoScalingGroup:${uuidFrom(account.ids)}:autoScalingGroupName/${name}`
  return {
    name,
    arn,
    createdAt: account.clock.now(),
    minSize: 0,
    maxSize: 0,
    desired: 0,
    zones: [...new Set(zones.length > 0 ? zones : (input.AvailabilityZones ?? []))],
    subnetIds,
    launchTemplate: input.LaunchTemplate,
    mixedInstancesPolicy: input.MixedInstancesPolicy,
    protectsNewInstances: input.NewInstancesProtectedFromScaleIn ?? false,
    terminationPolicies: input.TerminationPolicies ?? ['Default'],
    healthCheckType: input.HealthCheckType ?? 'EC2',
    healthCheckGraceMs: (input.HealthCheckGracePeriod ?? 0) * 1000,
    cooldownMs: (input.DefaultCooldown ?? 300) * 1000,
    instances: [],
    activities: [],
    suspended: new Map(),
    tags: new Map(),
    hooks: (extras.hooks ?? []).map((hook) => ({ ...hook, AutoScalingGroupName: name })),
    scheduledActions: (extras.scheduledActions ?? []).map((action) => ({ ...action, AutoScalingGroupName: name })),
    policies: (extras.policies ?? []).map((policy) => ({ ...policy, AutoScalingGroupName: name })),
    refreshes: (extras.refreshes ?? []).map((refresh) => ({ ...refresh, AutoScalingGroupName: name })),
    trafficSources: (input.TrafficSources ?? []).map((source) => ({ ...source, State: 'InService' })),
    targetGroupArns: input.TargetGroupARNs ?? [],
    warmPool: extras.warmPool,
    other: {
      ...(input.CapacityRebalance !== undefined && { CapacityRebalance: input.CapacityRebalance }),
      ...(input.MaxInstanceLifetime !== undefined && { MaxInstanceLifetime: input.MaxInstanceLifetime }),
      ...(input.InstanceLifecyclePolicy && { InstanceLifecyclePolicy: input.InstanceLifecyclePolicy }),
      ...(input.LaunchConfigurationName && { LaunchConfigurationName: input.LaunchConfigurationName }),
      ...extras.other
    },
    behavior: { ...standardBehavior, ...extras.behavior },
    failedZones: new Map(),
    reason: '',
    timers: new Set(),
    deleted: false
  }
}

/** Removes a group; its instances end by themselves. */
export function removeGroup(account: Account, group: LabGroup): void {
  group.deleted = true
  for (const cancel of group.timers) cancel()
  group.timers.clear()
  account.groups.delete(group.name)
}
