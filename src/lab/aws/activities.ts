/**
 * Scaling activities, in AWS's words.
 * https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_DescribeScalingActivities.html
 */
import type { Activity, ScalingActivityStatusCode } from '@aws-sdk/client-auto-scaling'
import { uuidFrom } from './identifiers.ts'
import type { Account, LabActivity, LabGroup } from './state.ts'

// AWS keeps six weeks. A lab that retries a launch for hours needs a lower limit.
const keptActivities = 500

export const instantText = (at: number) => `${new Date(at).toISOString().slice(0, 19)}Z`

interface NewActivity {
  description: string
  cause: string
  status?: ScalingActivityStatusCode
  message?: string
  zone?: string
  subnetId?: string
}

export function recordActivity(account: Account, group: LabGroup, facts: NewActivity): LabActivity {
  const now = account.clock.now()
  const activity: LabActivity = {
    id: uuidFrom(account.ids),
    groupName: group.name,
    groupArn: group.arn,
    startedAt: now,
    ...facts,
    status: facts.status ?? 'InProgress'
  }
  if (isOver(activity)) activity.endedAt = now
  group.activities.unshift(activity)
  group.activities.splice(keptActivities)
  return activity
}

export function conclude(
  account: Account,
  activity: LabActivity | undefined,
  status: 'Successful' | 'Failed' | 'Cancelled',
  message?: string
): void {
  if (!activity || isOver(activity)) return
  activity.status = status
  activity.endedAt = account.clock.now()
  if (message !== undefined) activity.message = message
}

const finalStates = new Set<string>(['Successful', 'Failed', 'Cancelled'])
export const isOver = (activity: LabActivity) => finalStates.has(activity.status)

export function describeActivity(activity: LabActivity): Activity {
  const details = {
    ...(activity.subnetId !== undefined && { 'Subnet ID': activity.subnetId }),
    ...(activity.zone !== undefined && { 'Availability Zone': activity.zone })
  }
  return {
    ActivityId: activity.id,
    AutoScalingGroupName: activity.groupName,
    AutoScalingGroupARN: activity.groupArn,
    Description: activity.description,
    Cause: activity.cause,
    StartTime: new Date(activity.startedAt),
    ...(activity.endedAt !== undefined && { EndTime: new Date(activity.endedAt) }),
    StatusCode: activity.status,
    ...(activity.message !== undefined && { StatusMessage: activity.message }),
    Progress: isOver(activity) ? 100 : 50,
    Details: JSON.stringify(details)
  }
}

/** Those in progress first, the others by start time, newest first. */
export const inOrder = (activities: readonly LabActivity[]) =>
  [...activities].sort((a, b) => Number(isOver(a)) - Number(isOver(b)) || b.startedAt - a.startedAt)
