/** Calls that describe what surrounds a group: activities, the warm pool, instance refreshes, load balancers. */

import type {
  ActivitiesType,
  DescribeInstanceRefreshesAnswer,
  DescribeInstanceRefreshesType,
  DescribeLoadBalancersRequest,
  DescribeLoadBalancersResponse,
  DescribeLoadBalancerTargetGroupsRequest,
  DescribeLoadBalancerTargetGroupsResponse,
  DescribeScalingActivitiesType,
  DescribeTrafficSourcesRequest,
  DescribeTrafficSourcesResponse,
  DescribeWarmPoolAnswer,
  DescribeWarmPoolType,
  Filter
} from '@aws-sdk/client-auto-scaling'
import { describeActivity, inOrder } from './activities.ts'
import { validationError } from './lab-aws-error.ts'
import { among, groupNamed, groupsNamed } from './lookup.ts'
import { page, pageRequest } from './paging.ts'
import type { Account, LabActivity } from './state.ts'

export function descriptionActions(account: Account) {
  return {
    describeScalingActivities(input: DescribeScalingActivitiesType): ActivitiesType {
      const all = inOrder(groupsNamed(account, input.AutoScalingGroupName).flatMap((group) => group.activities))
      const wanted = input.ActivityIds ?? []
      const found = all
        .filter((activity) => wanted.length === 0 || wanted.includes(activity.id))
        .filter((activity) => (input.Filters ?? []).every((filter) => fits(activity, filter)))
      const { items, NextToken } = page('autoscaling', found, pageRequest(input, 100))
      return { Activities: items.map(describeActivity), NextToken }
    },

    describeWarmPool(input: DescribeWarmPoolType): DescribeWarmPoolAnswer {
      const group = groupNamed(account, input.AutoScalingGroupName)
      return { ...(group.warmPool && { WarmPoolConfiguration: group.warmPool }), Instances: [] }
    },

    describeInstanceRefreshes(input: DescribeInstanceRefreshesType): DescribeInstanceRefreshesAnswer {
      const group = groupNamed(account, input.AutoScalingGroupName)
      const found = group.refreshes.filter((refresh) => among(input.InstanceRefreshIds, refresh.InstanceRefreshId))
      const { items, NextToken } = page('autoscaling', found, pageRequest(input, 50))
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
      const { items, NextToken } = page('autoscaling', described, pageRequest(input, 100))
      return { LoadBalancerTargetGroups: items, NextToken }
    },

    describeTrafficSources(input: DescribeTrafficSourcesRequest): DescribeTrafficSourcesResponse {
      const group = groupNamed(account, input.AutoScalingGroupName)
      const { items, NextToken } = page('autoscaling', group.trafficSources, pageRequest(input, 50))
      return { TrafficSources: items, NextToken }
    }
  }
}

function fits(activity: LabActivity, filter: Filter): boolean {
  const values = filter.Values ?? []
  if (filter.Name === 'Status') return values.includes(activity.status)
  const bound = Date.parse(values[0] ?? '')
  if (Number.isNaN(bound)) throw validationError(`Invalid value for filter ${filter.Name}: ${values[0]}`)
  if (filter.Name === 'StartTimeLowerBound') return activity.startedAt >= bound
  if (filter.Name === 'StartTimeUpperBound') return activity.startedAt <= bound
  throw validationError(`Filter type ${filter.Name} is not correct.`)
}
