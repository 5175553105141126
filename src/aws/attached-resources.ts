/** What belongs to an Auto Scaling group besides its own settings. */

import { UpgradeError } from '../engine/model/error.ts'
import type { Companions } from '../engine/model/node-group.ts'
import type { AutoScalingCalls, AwsAccess } from './aws-calls.ts'
import { isUnknownAction, translated } from './aws-error.ts'
import { allPages } from './paging.ts'
import { companionsFrom } from './translation.ts'

export async function readCompanions(calls: AutoScalingCalls, access: AwsAccess, name: string): Promise<Companions> {
  const deadline = access.deadlines.read()
  const reading = <T>(action: string, read: () => Promise<T>) => translated(access, 'autoscaling', action, read)
  const AutoScalingGroupName = name

  const [group, policies, scheduledActions, hooks, refreshes] = await Promise.all([
    reading('DescribeAutoScalingGroups', async () => {
      const input = { AutoScalingGroupNames: [name], IncludeInstances: false }
      return (await calls.describeAutoScalingGroups(input, deadline)).AutoScalingGroups?.[0]
    }),
    reading('DescribePolicies', () =>
      allPages(async (NextToken) => {
        const page = await calls.describePolicies({ AutoScalingGroupName, NextToken }, deadline)
        return { items: page.ScalingPolicies, next: page.NextToken }
      })
    ),
    reading('DescribeScheduledActions', () =>
      allPages(async (NextToken) => {
        const page = await calls.describeScheduledActions({ AutoScalingGroupName, NextToken }, deadline)
        return { items: page.ScheduledUpdateGroupActions, next: page.NextToken }
      })
    ),
    reading('DescribeLifecycleHooks', async () => {
      return (await calls.describeLifecycleHooks({ AutoScalingGroupName }, deadline)).LifecycleHooks ?? []
    }),
    reading('DescribeInstanceRefreshes', () => readRefreshes(calls, name, deadline))
  ])
  if (group === undefined) throw groupNotFound(name, access.region)
  return companionsFrom({ group, policies, scheduledActions, hooks, refreshes })
}

/**
 * Newest first, and only one can be active: one page is enough.
 * https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_DescribeInstanceRefreshes.html
 */
async function readRefreshes(calls: AutoScalingCalls, AutoScalingGroupName: string, deadline: AbortSignal) {
  try {
    return (await calls.describeInstanceRefreshes({ AutoScalingGroupName }, deadline)).InstanceRefreshes ?? []
  } catch (error) {
    // A partition or an emulator without instance refreshes has none that is active.
    if (isUnknownAction(error)) return []
    throw error
  }
}

function groupNotFound(name: string, region: string): UpgradeError {
  return new UpgradeError(`there is no Auto Scaling group ${name} in ${region} any more`, {
    code: 'group-not-found',
    outcome: 'refused',
    hint: `aws autoscaling describe-auto-scaling-groups --region ${region}`
  })
}
