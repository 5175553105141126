/** The table of calls over the SDK's clients. */

import {
  CreateOrUpdateTagsCommand,
  DeleteTagsCommand,
  DescribeAutoScalingGroupsCommand,
  DescribeInstanceRefreshesCommand,
  DescribeLifecycleHooksCommand,
  DescribePoliciesCommand,
  DescribeScalingActivitiesCommand,
  DescribeScheduledActionsCommand,
  ResumeProcessesCommand,
  SetInstanceProtectionCommand,
  SuspendProcessesCommand,
  TerminateInstanceInAutoScalingGroupCommand,
  UpdateAutoScalingGroupCommand
} from '@aws-sdk/client-auto-scaling'
import type { AutoScalingCalls } from './aws-calls.ts'
import type { Clients } from './clients.ts'

export function sdkCalls({ reads, writes }: Pick<Clients, 'reads' | 'writes'>): AutoScalingCalls {
  const until = (abortSignal: AbortSignal) => ({ abortSignal })
  return {
    describeAutoScalingGroups: (input, end) => reads.send(new DescribeAutoScalingGroupsCommand(input), until(end)),
    describeScalingActivities: (input, end) => reads.send(new DescribeScalingActivitiesCommand(input), until(end)),
    describePolicies: (input, end) => reads.send(new DescribePoliciesCommand(input), until(end)),
    describeScheduledActions: (input, end) => reads.send(new DescribeScheduledActionsCommand(input), until(end)),
    describeLifecycleHooks: (input, end) => reads.send(new DescribeLifecycleHooksCommand(input), until(end)),
    describeInstanceRefreshes: (input, end) => reads.send(new DescribeInstanceRefreshesCommand(input), until(end)),
    updateAutoScalingGroup: (input, end) => writes.send(new UpdateAutoScalingGroupCommand(input), until(end)),
    suspendProcesses: (input, end) => writes.send(new SuspendProcessesCommand(input), until(end)),
    resumeProcesses: (input, end) => writes.send(new ResumeProcessesCommand(input), until(end)),
    setInstanceProtection: (input, end) => writes.send(new SetInstanceProtectionCommand(input), until(end)),
    createOrUpdateTags: (input, end) => writes.send(new CreateOrUpdateTagsCommand(input), until(end)),
    deleteTags: (input, end) => writes.send(new DeleteTagsCommand(input), until(end)),
    terminateInstanceInAutoScalingGroup: (input, end) =>
      writes.send(new TerminateInstanceInAutoScalingGroupCommand(input), until(end))
  }
}
