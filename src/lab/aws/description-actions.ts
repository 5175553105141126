/** Calls that describe what surrounds a group, and those that change it: activities, policies, schedules, hooks, pools. */

import type {
  ActivitiesType,
  DeleteLifecycleHookType,
  DeletePolicyType,
  DeleteScheduledActionType,
  DescribeInstanceRefreshesAnswer,
  DescribeInstanceRefreshesType,
  DescribeLifecycleHooksAnswer,
  DescribeLifecycleHooksType,
  DescribeLoadBalancersRequest,
  DescribeLoadBalancersResponse,
  DescribeLoadBalancerTargetGroupsRequest,
  DescribeLoadBalancerTargetGroupsResponse,
  DescribePoliciesType,
  DescribeScalingActivitiesType,
  DescribeScheduledActionsType,
  DescribeTrafficSourcesRequest,
  DescribeTrafficSourcesResponse,
  DescribeWarmPoolAnswer,
  DescribeWarmPoolType,
  ExecutePolicyType,
  Filter,
  PoliciesType,
  PolicyARNType,
  PutLifecycleHookType,
  PutScalingPolicyType,
  PutScheduledUpdateGroupActionType,
  ScheduledActionsType
} from '@aws-sdk/client-auto-scaling'
import { describeActivity, inOrder } from './activities.ts'
import { uuid } from './identifiers.ts'
import { validationError } from './lab-aws-error.ts'
import { groupNamed } from './lookup.ts'
import { page, pageAsked } from './paging.ts'
import { checkIdle } from './scaling.ts'
import { execute, follow } from './schedules.ts'
import type { Account, LabActivity, LabGroup } from './state.ts'

export function descriptionActions(account: Account) {
  /** The group that is named, or all. */
  const groups = (name: string | undefined): LabGroup[] =>
    name === undefined ? [...account.groups.values()] : [groupNamed(account, name)]

  return {
    describeScalingActivities(input: DescribeScalingActivitiesType): ActivitiesType {
      const all = inOrder(groups(input.AutoScalingGroupName).flatMap((group) => group.activities))
      const wanted = input.ActivityIds ?? []
      const found = all
        .filter((activity) => wanted.length === 0 || wanted.includes(activity.id))
        .filter((activity) => (input.Filters ?? []).every((filter) => fits(activity, filter)))
      const { items, NextToken } = page('autoscaling', found, pageAsked(input, 100))
      return { Activities: items.map(describeActivity), NextToken }
    },

    describePolicies(input: DescribePoliciesType): PoliciesType {
      const found = groups(input.AutoScalingGroupName)
        .flatMap((group) => group.policies)
        .filter((policy) => among(input.PolicyNames, policy.PolicyName) && among(input.PolicyTypes, policy.PolicyType))
      const { items, NextToken } = page('autoscaling', found, pageAsked(input, 50))
      return { ScalingPolicies: items, NextToken }
    },

    putScalingPolicy(input: PutScalingPolicyType): PolicyARNType {
      const group = groupNamed(account, input.AutoScalingGroupName)
      const PolicyARN = `arn:aws:autoscaling:${account.region}:${account.id}:scalingPolicy:${uuid(account.ids)}:autoScalingGroupName/${group.name}:policyName/${input.PolicyName}`
      group.policies = group.policies.filter((policy) => policy.PolicyName !== input.PolicyName)
      group.policies.push({ PolicyType: 'SimpleScaling', Enabled: true, Alarms: [], ...input, PolicyARN })
      return { PolicyARN, Alarms: [] }
    },

    deletePolicy(input: DeletePolicyType): void {
      const group = groupNamed(account, input.AutoScalingGroupName)
      group.policies = group.policies.filter((policy) => policy.PolicyName !== input.PolicyName)
    },

    executePolicy(input: ExecutePolicyType): void {
      const group = groupNamed(account, input.AutoScalingGroupName)
      const policy = group.policies.find(({ PolicyName }) => PolicyName === input.PolicyName)
      if (!policy) throw validationError(`No policy found with name ${input.PolicyName}`)
      checkIdle(account, group, input.HonorCooldown)
      execute(account, group, policy, (input.MetricValue ?? 0) - (input.BreachThreshold ?? 0))
    },

    describeScheduledActions(input: DescribeScheduledActionsType): ScheduledActionsType {
      const found = groups(input.AutoScalingGroupName)
        .flatMap((group) => group.scheduledActions)
        .filter((action) => among(input.ScheduledActionNames, action.ScheduledActionName))
      const { items, NextToken } = page('autoscaling', found, pageAsked(input, 50))
      return { ScheduledUpdateGroupActions: items, NextToken }
    },

    putScheduledUpdateGroupAction(input: PutScheduledUpdateGroupActionType): void {
      const group = groupNamed(account, input.AutoScalingGroupName)
      const { Time, ...rest } = input
      const action = { ...rest, StartTime: input.StartTime ?? Time }
      group.scheduledActions = group.scheduledActions.filter(
        ({ ScheduledActionName }) => ScheduledActionName !== input.ScheduledActionName
      )
      group.scheduledActions.push(action)
      follow(account, group, action)
    },

    deleteScheduledAction(input: DeleteScheduledActionType): void {
      const group = groupNamed(account, input.AutoScalingGroupName)
      group.scheduledActions = group.scheduledActions.filter(
        ({ ScheduledActionName }) => ScheduledActionName !== input.ScheduledActionName
      )
    },

    describeLifecycleHooks(input: DescribeLifecycleHooksType): DescribeLifecycleHooksAnswer {
      const group = groupNamed(account, input.AutoScalingGroupName)
      const found = group.hooks.filter((hook) => among(input.LifecycleHookNames, hook.LifecycleHookName))
      return {
        LifecycleHooks: found.map(({ answersAfterMs: _after, answer: _answer, ...hook }) => ({
          HeartbeatTimeout: 3600,
          GlobalTimeout: Math.min(172_800, 100 * (hook.HeartbeatTimeout ?? 3600)),
          DefaultResult: 'ABANDON',
          ...hook
        }))
      }
    },

    putLifecycleHook(input: PutLifecycleHookType): object {
      const group = groupNamed(account, input.AutoScalingGroupName)
      group.hooks = group.hooks.filter((hook) => hook.LifecycleHookName !== input.LifecycleHookName)
      group.hooks.push({ ...input })
      return {}
    },

    deleteLifecycleHook(input: DeleteLifecycleHookType): object {
      const group = groupNamed(account, input.AutoScalingGroupName)
      group.hooks = group.hooks.filter((hook) => hook.LifecycleHookName !== input.LifecycleHookName)
      return {}
    },

    describeWarmPool(input: DescribeWarmPoolType): DescribeWarmPoolAnswer {
      const group = groupNamed(account, input.AutoScalingGroupName)
      return { ...(group.warmPool && { WarmPoolConfiguration: group.warmPool }), Instances: [] }
    },

    describeInstanceRefreshes(input: DescribeInstanceRefreshesType): DescribeInstanceRefreshesAnswer {
      const group = groupNamed(account, input.AutoScalingGroupName)
      const found = group.refreshes.filter((refresh) => among(input.InstanceRefreshIds, refresh.InstanceRefreshId))
      const { items, NextToken } = page('autoscaling', found, pageAsked(input, 50))
      return { InstanceRefreshes: items, NextToken }
    },

    describeLoadBalancers(input: DescribeLoadBalancersRequest): DescribeLoadBalancersResponse {
      groupNamed(account, input.AutoScalingGroupName)
      return { LoadBalancers: [] }
    },

    describeLoadBalancerTargetGroups(
      input: DescribeLoadBalancerTargetGroupsRequest
    ): DescribeLoadBalancerTargetGroupsResponse {
      const group = groupNamed(account, input.AutoScalingGroupName)
      const described = group.targetGroupArns.map((LoadBalancerTargetGroupARN) => ({
        LoadBalancerTargetGroupARN,
        State: 'InService'
      }))
      const { items, NextToken } = page('autoscaling', described, pageAsked(input, 100))
      return { LoadBalancerTargetGroups: items, NextToken }
    },

    describeTrafficSources(input: DescribeTrafficSourcesRequest): DescribeTrafficSourcesResponse {
      const group = groupNamed(account, input.AutoScalingGroupName)
      const { items, NextToken } = page('autoscaling', group.trafficSources, pageAsked(input, 50))
      return { TrafficSources: items, NextToken }
    }
  }
}

const among = (wanted: readonly string[] | undefined, value: string | undefined) =>
  wanted === undefined || wanted.length === 0 || wanted.includes(value ?? '')

function fits(activity: LabActivity, filter: Filter): boolean {
  const values = filter.Values ?? []
  if (filter.Name === 'Status') return values.includes(activity.status)
  const bound = Date.parse(values[0] ?? '')
  if (Number.isNaN(bound)) throw validationError(`Invalid value for filter ${filter.Name}: ${values[0]}`)
  if (filter.Name === 'StartTimeLowerBound') return activity.startedAt >= bound
  if (filter.Name === 'StartTimeUpperBound') return activity.startedAt <= bound
  throw validationError(`Filter type ${filter.Name} is not correct.`)
}
