/** Calls about whole groups: describe, update, resize, create, delete. */
import type {
  AutoScalingGroup,
  AutoScalingGroupsType,
  CreateAutoScalingGroupType,
  DeleteAutoScalingGroupType,
  DescribeAutoScalingGroupsCommandInput,
  Filter,
  SetDesiredCapacityType,
  UpdateAutoScalingGroupType
} from '@aws-sdk/client-auto-scaling'
import { checkBounds, checkDesired, tagsOf } from './group.ts'
import { createGroup, removeGroup } from './groups.ts'
import { describeInstance, isLeaving } from './instance.ts'
import { LabAwsError, validationError } from './lab-aws-error.ts'
import { leave } from './life.ts'
import { groupNamed } from './lookup.ts'
import { page, pageRequest } from './paging.ts'
import { checkIdle, reconcile, setSizes } from './scaling.ts'
import type { Account, LabGroup } from './state.ts'

export function groupActions(account: Account) {
  return {
    describeAutoScalingGroups(input: DescribeAutoScalingGroupsCommandInput): AutoScalingGroupsType {
      const names = input.AutoScalingGroupNames ?? []
      const found = [...account.groups.values()]
        .filter((group) => names.length === 0 || names.includes(group.name))
        .filter((group) => (input.Filters ?? []).every((filter) => fits(group, filter)))
      const { items, NextToken } = page('autoscaling', found, pageRequest(input, 50))
      const described = items.map((group) => describeGroup(group, input.IncludeInstances ?? true))
      return { AutoScalingGroups: described, NextToken }
    },

    updateAutoScalingGroup(input: UpdateAutoScalingGroupType): void {
      const group = groupNamed(account, input.AutoScalingGroupName)
      const { MinSize = group.minSize, MaxSize = group.maxSize, DesiredCapacity } = input
      checkBounds(MinSize, MaxSize, DesiredCapacity)
      checkIdle(account, group)
      change(account, group, input)
      setSizes(
        account,
        group,
        { minSize: input.MinSize, maxSize: input.MaxSize, desired: DesiredCapacity },
        'a user request'
      )
      if (input.VPCZoneIdentifier !== undefined) reconcile(account, group)
    },

    setDesiredCapacity(input: SetDesiredCapacityType): void {
      const group = groupNamed(account, input.AutoScalingGroupName)
      const desired = input.DesiredCapacity ?? Number.NaN
      checkDesired(group, desired)
      checkIdle(account, group, input.HonorCooldown)
      setSizes(account, group, { desired }, 'a user request')
    },

    createAutoScalingGroup(input: CreateAutoScalingGroupType): void {
      createGroup(account, input)
    },

    deleteAutoScalingGroup(input: DeleteAutoScalingGroupType): void {
      const group = groupNamed(account, input.AutoScalingGroupName)
      if (!input.ForceDelete && group.instances.length > 0) {
        throw new LabAwsError(
          'autoscaling',
          400,
          'ResourceInUse',
          'You cannot delete an AutoScalingGroup while there are instances or pending Spot instance request(s) still in the group.'
        )
      }
      group.desired = group.minSize = 0
      group.other.Status = 'Delete in progress'
      for (const instance of group.instances) {
        if (!isLeaving(instance)) leave(account, group, instance, 'The group is being deleted.')
      }
      removeGroup(account, group)
    }
  }
}

/** The values of one filter are alternatives; all filters must match. */
function fits(group: LabGroup, filter: Filter): boolean {
  const values = filter.Values ?? []
  const name = filter.Name ?? ''
  const tags = [...group.tags]
  if (name === 'tag-key') return tags.some(([key]) => values.includes(key))
  if (name === 'tag-value') return tags.some(([, { value }]) => values.includes(value))
  if (name.startsWith('tag:')) {
    const value = group.tags.get(name.slice('tag:'.length))?.value
    return value !== undefined && values.includes(value)
  }
  throw validationError(`Filter type ${name} is not correct. Allowed Filter types are: tag-key, tag-value, tag:<key>`)
}

/** Absent settings stay as they are. Another template applies to new instances only. */
function change(account: Account, group: LabGroup, input: UpdateAutoScalingGroupType): void {
  if (input.LaunchTemplate) {
    group.launchTemplate = input.LaunchTemplate
    group.mixedInstancesPolicy = undefined
  }
  if (input.MixedInstancesPolicy) {
    group.mixedInstancesPolicy = input.MixedInstancesPolicy
    group.launchTemplate = undefined
  }
  if (input.VPCZoneIdentifier !== undefined) {
    group.subnetIds = input.VPCZoneIdentifier.split(',').map((id) => id.trim())
    const zones = group.subnetIds.map((id) => account.subnets.get(id)?.AvailabilityZone)
    group.zones = [...new Set(zones.filter((zone) => zone !== undefined))]
  }
  group.protectsNewInstances = input.NewInstancesProtectedFromScaleIn ?? group.protectsNewInstances
  group.terminationPolicies = input.TerminationPolicies ?? group.terminationPolicies
  group.healthCheckType = input.HealthCheckType ?? group.healthCheckType
  if (input.HealthCheckGracePeriod !== undefined) group.healthCheckGraceMs = input.HealthCheckGracePeriod * 1000
  if (input.DefaultCooldown !== undefined) group.cooldownMs = input.DefaultCooldown * 1000
  group.other.CapacityRebalance = input.CapacityRebalance ?? group.other.CapacityRebalance
  group.other.MaxInstanceLifetime = input.MaxInstanceLifetime ?? group.other.MaxInstanceLifetime
}

function describeGroup(group: LabGroup, withInstances: boolean): AutoScalingGroup {
  return {
    AutoScalingGroupName: group.name,
    AutoScalingGroupARN: group.arn,
    ...(group.launchTemplate && { LaunchTemplate: group.launchTemplate }),
    ...(group.mixedInstancesPolicy && { MixedInstancesPolicy: group.mixedInstancesPolicy }),
    MinSize: group.minSize,
    MaxSize: group.maxSize,
    DesiredCapacity: group.desired,
    DefaultCooldown: group.cooldownMs / 1000,
    AvailabilityZones: group.zones,
    LoadBalancerNames: [],
    TargetGroupARNs: group.targetGroupArns,
    HealthCheckType: group.healthCheckType,
    HealthCheckGracePeriod: group.healthCheckGraceMs / 1000,
    Instances: withInstances ? group.instances.map(describeInstance) : [],
    CreatedTime: new Date(group.createdAt),
    SuspendedProcesses: [...group.suspended].map(([ProcessName, SuspensionReason]) => ({
      ProcessName,
      SuspensionReason
    })),
    VPCZoneIdentifier: group.subnetIds.join(','),
    EnabledMetrics: [],
    Tags: tagsOf(group),
    TerminationPolicies: group.terminationPolicies,
    NewInstancesProtectedFromScaleIn: group.protectsNewInstances,
    ...(group.warmPool && { WarmPoolConfiguration: group.warmPool, WarmPoolSize: 0 }),
    TrafficSources: group.trafficSources.map(({ Identifier, Type }) => ({ Identifier, Type })),
    ...group.other
  }
}
