/** What belongs to an Auto Scaling group besides its own settings. */

import {
  type AutoScalingClient,
  DescribeAutoScalingGroupsCommand,
  DescribeInstanceRefreshesCommand,
  DescribeLifecycleHooksCommand,
  DescribePoliciesCommand,
  DescribeScheduledActionsCommand
} from '@aws-sdk/client-auto-scaling'
import { UpgradeError } from '../engine/model/error.ts'
import type { Companions } from '../engine/model/node-group.ts'
import { isUnknownAction } from './aws-error.ts'
import { called, readDeadline } from './clients.ts'
import { allPages } from './paging.ts'
import { companionsFrom } from './translation.ts'

export async function readCompanions(client: AutoScalingClient, region: string, name: string): Promise<Companions> {
  const signal = { abortSignal: readDeadline() }
  const reading = <T>(action: string, run: () => Promise<T>) => called(client, `autoscaling:${action}`, region, run)
  const AutoScalingGroupName = name

  const [group, policies, scheduledActions, hooks, refreshes] = await Promise.all([
    reading('DescribeAutoScalingGroups', async () => {
      const input = { AutoScalingGroupNames: [name], IncludeInstances: false }
      return (await client.send(new DescribeAutoScalingGroupsCommand(input), signal)).AutoScalingGroups?.[0]
    }),
    reading('DescribePolicies', () =>
      allPages(async (NextToken) => {
        const page = await client.send(new DescribePoliciesCommand({ AutoScalingGroupName, NextToken }), signal)
        return { items: page.ScalingPolicies, next: page.NextToken }
      })
    ),
    reading('DescribeScheduledActions', () =>
      allPages(async (NextToken) => {
        const page = await client.send(new DescribeScheduledActionsCommand({ AutoScalingGroupName, NextToken }), signal)
        return { items: page.ScheduledUpdateGroupActions, next: page.NextToken }
      })
    ),
    reading('DescribeLifecycleHooks', async () => {
      return (
        (await client.send(new DescribeLifecycleHooksCommand({ AutoScalingGroupName }), signal)).LifecycleHooks ?? []
      )
    }),
    reading('DescribeInstanceRefreshes', async () => {
      try {
        // Newest first, and only one can be active: one page is enough.
        const page = await client.send(new DescribeInstanceRefreshesCommand({ AutoScalingGroupName }), signal)
        return page.InstanceRefreshes ?? []
      } catch (error) {
        // Where nobody can start a refresh, none runs.
        if (isUnknownAction(error)) return []
        throw error
      }
    })
  ])
  if (group === undefined) {
    throw new UpgradeError(`there is no Auto Scaling group ${name} in ${region} any more`, {
      code: 'group-not-found',
      outcome: 'refused',
      hint: `aws autoscaling describe-auto-scaling-groups --region ${region} shows what there is`
    })
  }
  return companionsFrom({ group, policies, scheduledActions, hooks, refreshes })
}
