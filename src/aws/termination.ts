/** Terminating instances by id, so that Auto Scaling never chooses. */

import type { AutoScalingCalls } from './aws-calls.ts'
import { awsWords, nameOf } from './aws-error.ts'
import { chunksOf } from './paging.ts'

/** https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_TerminateInstanceInAutoScalingGroup.html */
const instancesPerCall = 100

export async function terminateInstances(
  calls: Pick<AutoScalingCalls, 'terminateInstanceInAutoScalingGroup'>,
  group: string,
  instanceIds: readonly string[],
  deadline: AbortSignal
): Promise<void> {
  // With the group's name in every call, AWS refuses an id of another group.
  const terminate = (InstanceIds: string[]) => {
    const input = { AutoScalingGroupName: group, InstanceIds, ShouldDecrementDesiredCapacity: false }
    return calls.terminateInstanceInAutoScalingGroup(input, deadline)
  }
  for (const ids of chunksOf(instanceIds, instancesPerCall)) {
    try {
      await terminate(ids)
    } catch (error) {
      // If one is gone, AWS refuses the others as well.
      if (!isGone(error)) throw error
      for (const id of ids.length === 1 ? [] : ids) {
        await terminate([id]).catch((single: unknown) => {
          if (!isGone(single)) throw single
        })
      }
    }
  }
}

/** As the real service answers: `Instance Id not found - No managed instance found for instance ID i-…` */
function isGone(error: unknown): boolean {
  return nameOf(error) === 'ValidationError' && /no managed instance|instance id not found/i.test(awsWords(error))
}
