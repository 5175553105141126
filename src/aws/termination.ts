/** Terminating instances by id, never by letting Auto Scaling choose. */

import { type AutoScalingClient, TerminateInstanceInAutoScalingGroupCommand } from '@aws-sdk/client-auto-scaling'
import { nameOf, wordsOf } from './aws-error.ts'
import { chunksOf } from './paging.ts'

/** https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_TerminateInstanceInAutoScalingGroup.html */
const instancesPerCall = 100

export async function terminateInstances(
  client: AutoScalingClient,
  group: string,
  instanceIds: readonly string[],
  deadline: { abortSignal: AbortSignal }
): Promise<void> {
  // The group's name goes with every call: an id of another group is refused.
  const terminate = (InstanceIds: string[]) => {
    const input = { AutoScalingGroupName: group, InstanceIds, ShouldDecrementDesiredCapacity: false }
    return client.send(new TerminateInstanceInAutoScalingGroupCommand(input), deadline)
  }
  for (const ids of chunksOf(instanceIds, instancesPerCall)) {
    try {
      await terminate(ids)
    } catch (error) {
      // One that is gone makes AWS refuse the others too.
      if (!isGone(error)) throw error
      for (const id of ids.length === 1 ? [] : ids) {
        await terminate([id]).catch((single: unknown) => {
          if (!isGone(single)) throw single
        })
      }
    }
  }
}

/** `Instance Id not found - No managed instance found for instance ID i-…` */
function isGone(error: unknown): boolean {
  return nameOf(error) === 'ValidationError' && /no managed instance|instance id not found/i.test(wordsOf(error))
}
