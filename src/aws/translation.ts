/**
 * From the shapes of the AWS SDK to the engine's words. Pure, because the lab also uses it. Every field is optional in
 * AWS's shapes; a missing one reads as the unsafe value (an instance without a health status is not healthy).
 */

import type {
  Activity as AwsActivity,
  AutoScalingGroup as AwsGroup,
  Instance as AwsInstance,
  InstanceRefresh as AwsInstanceRefresh,
  LifecycleHook as AwsLifecycleHook,
  MixedInstancesPolicy as AwsMixedInstancesPolicy,
  LaunchTemplateSpecification
} from '@aws-sdk/client-auto-scaling'
import type {
  Activity,
  Companions,
  Group,
  Instance,
  Json,
  LifecycleHook,
  TemplateRef,
  TemplateVersion
} from '../engine/model/node-group.ts'

export function groupFrom(group: AwsGroup): Group {
  const policy = group.MixedInstancesPolicy
  return {
    name: group.AutoScalingGroupName ?? '',
    tags: tagsFrom(group.Tags),
    capacity: { min: group.MinSize ?? 0, max: group.MaxSize ?? 0, desired: group.DesiredCapacity ?? 0 },
    instances: (group.Instances ?? []).map(instanceFrom),
    suspended: texts((group.SuspendedProcesses ?? []).map((process) => process.ProcessName)),
    zones: group.AvailabilityZones ?? [],
    subnets: (group.VPCZoneIdentifier ?? '')
      .split(',')
      .map((subnet) => subnet.trim())
      .filter(Boolean),
    healthCheckType: group.HealthCheckType ?? 'EC2',
    newInstancesProtected: group.NewInstancesProtectedFromScaleIn ?? false,
    template: templateRefFrom(group.LaunchTemplate ?? policy?.LaunchTemplate?.LaunchTemplateSpecification),
    mixed: policy && mixedFrom(policy),
    launchConfiguration: group.LaunchConfigurationName,
    weighted: isWeighted(group),
    targetGroups: group.TargetGroupARNs ?? [],
    loadBalancers: group.LoadBalancerNames ?? [],
    warmPool: group.WarmPoolConfiguration !== undefined,
    status: group.Status,
    operator: group.Operator?.Principal
  }
}

export function instanceFrom(instance: AwsInstance): Instance {
  return {
    id: instance.InstanceId ?? '',
    type: instance.InstanceType ?? '',
    zone: instance.AvailabilityZone ?? '',
    lifecycle: instance.LifecycleState ?? '',
    healthy: instance.HealthStatus?.toLowerCase() === 'healthy',
    protectedFromScaleIn: instance.ProtectedFromScaleIn ?? false,
    template: templateRefFrom(instance.LaunchTemplate)
  }
}

/**
 * Without a version AWS uses the default version.
 * https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_LaunchTemplateSpecification.html
 */
function templateRefFrom(spec: LaunchTemplateSpecification | undefined): TemplateRef | undefined {
  if (spec === undefined) return undefined
  return { id: spec.LaunchTemplateId ?? '', name: spec.LaunchTemplateName ?? '', version: spec.Version ?? '$Default' }
}

/** A launch template version in the SDK's shape; client-ec2 itself is too large to depend on. */
export interface AwsLaunchTemplateVersion {
  LaunchTemplateId?: string
  LaunchTemplateName?: string
  VersionNumber?: number
  VersionDescription?: string
  DefaultVersion?: boolean
  CreateTime?: Date | string
  LaunchTemplateData?: unknown
}

export function templateVersionFrom(version: AwsLaunchTemplateVersion): TemplateVersion {
  return {
    id: version.LaunchTemplateId ?? '',
    name: version.LaunchTemplateName ?? '',
    version: version.VersionNumber ?? 0,
    createdAt: version.CreateTime === undefined ? 0 : new Date(version.CreateTime).getTime(),
    data: plainJson(version.LaunchTemplateData ?? {})
  }
}

export function lifecycleHookFrom(hook: AwsLifecycleHook): LifecycleHook {
  const heartbeatSeconds = hook.HeartbeatTimeout ?? 3600
  return {
    name: hook.LifecycleHookName ?? '',
    transition: hook.LifecycleTransition === 'autoscaling:EC2_INSTANCE_LAUNCHING' ? 'launching' : 'terminating',
    heartbeatMs: heartbeatSeconds * 1000,
    // https://docs.aws.amazon.com/autoscaling/ec2/userguide/lifecycle-hooks.html: 48 hours or 100 heartbeats.
    globalMs: (hook.GlobalTimeout ?? Math.min(172_800, heartbeatSeconds * 100)) * 1000
  }
}

/** The answers of the Auto Scaling API about one group, each list complete. */
export interface AwsCompanions {
  group: AwsGroup
  policies: readonly { PolicyName?: string }[]
  scheduledActions: readonly { ScheduledActionName?: string }[]
  hooks: readonly AwsLifecycleHook[]
  refreshes: readonly AwsInstanceRefresh[]
}

/** https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_InstanceRefresh.html */
const endedRefreshes = new Set(['Successful', 'Failed', 'Cancelled', 'RollbackSuccessful', 'RollbackFailed'])

export function companionsFrom({ group, policies, scheduledActions, hooks, refreshes }: AwsCompanions): Companions {
  // TrafficSources repeats target groups and load balancers by the same identifiers, and older partitions lack it.
  const sources = (group.TrafficSources ?? []).map((source) => source.Identifier)
  const traffic = texts([...(group.TargetGroupARNs ?? []), ...(group.LoadBalancerNames ?? []), ...sources])
  return {
    policies: texts(policies.map((policy) => policy.PolicyName)),
    scheduledActions: texts(scheduledActions.map((action) => action.ScheduledActionName)),
    hooks: hooks.map(lifecycleHookFrom),
    trafficSources: [...new Set(traffic)],
    activeRefreshes: texts(refreshes.map((refresh) => refresh.Status)).filter((status) => !endedRefreshes.has(status))
  }
}

export function activityFrom(activity: AwsActivity): Activity {
  return {
    id: activity.ActivityId ?? '',
    startedAt: activity.StartTime?.getTime() ?? 0,
    endedAt: activity.EndTime?.getTime(),
    status: activity.StatusCode ?? '',
    description: activity.Description ?? '',
    message: activity.StatusMessage ?? '',
    zone: zoneOf(activity.Details)
  }
}

/** Plain JSON: dates as ISO strings, undefined members left out. */
export function plainJson(value: unknown): Json {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return value
  if (typeof value === 'number') return Number.isFinite(value) ? value : null
  if (value instanceof Date) return value.toISOString()
  if (Array.isArray(value)) return value.map(plainJson)
  if (typeof value !== 'object') return null
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, member]) => member !== undefined)
      .map(([name, member]) => [name, plainJson(member)])
  )
}

function mixedFrom(policy: AwsMixedInstancesPolicy): Json {
  const { LaunchTemplateSpecification: _reference, ...template } = policy.LaunchTemplate ?? {}
  return plainJson({ ...policy, LaunchTemplate: template })
}

/**
 * If every weight is one, capacity counts instances.
 * https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-mixed-instances-groups-instance-weighting.html
 */
function isWeighted(group: AwsGroup): boolean {
  if (group.DesiredCapacityType !== undefined && group.DesiredCapacityType !== 'units') return true
  const overrides = group.MixedInstancesPolicy?.LaunchTemplate?.Overrides ?? []
  return overrides.some((override) => override.WeightedCapacity !== undefined && override.WeightedCapacity !== '1')
}

function tagsFrom(tags: AwsGroup['Tags']): Readonly<Record<string, string>> {
  return Object.fromEntries((tags ?? []).map((tag) => [tag.Key ?? '', tag.Value ?? '']))
}

/**
 * Details is a text. That it contains JSON is not promised.
 * https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_Activity.html
 */
function zoneOf(details: string | undefined): string | undefined {
  try {
    const zone: unknown = JSON.parse(details ?? '{}')?.['Availability Zone']
    return typeof zone === 'string' && zone !== '' ? zone : undefined
  } catch {
    return undefined
  }
}

function texts(values: readonly (string | undefined)[]): string[] {
  return values.filter((value) => value !== undefined)
}
