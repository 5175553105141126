/** Calls about single instances: protection, termination by id, health, standby. */
import type {
  Activity,
  ActivityType,
  AutoScalingInstancesType,
  DescribeAutoScalingInstancesType,
  EnterStandbyAnswer,
  EnterStandbyQuery,
  ExitStandbyAnswer,
  ExitStandbyQuery,
  SetInstanceHealthQuery,
  SetInstanceProtectionQuery,
  TerminateInstanceInAutoScalingGroupType
} from '@aws-sdk/client-auto-scaling'
import { describeActivity, instantText, recordActivity } from './activities.ts'
import { isSuspended } from './group.ts'
import { counts, describeInstance } from './instance.ts'
import { validationError } from './lab-aws-error.ts'
import { leave } from './life.ts'
import { groupNamed, groupOf, instanceOf } from './lookup.ts'
import { page, pageRequest } from './paging.ts'
import { checkIdle, inGrace, reconcile } from './scaling.ts'
import type { Account, LabGroup, LabInstance } from './state.ts'

const protectedPerCall = 50
const terminatedPerCall = 100

export function instanceActions(account: Account) {
  return {
    describeAutoScalingInstances(input: DescribeAutoScalingInstancesType): AutoScalingInstancesType {
      const all = [...account.groups.values()].flatMap((group) => group.instances)
      const wanted = input.InstanceIds ?? []
      const found = all.filter((one) => wanted.length === 0 || wanted.includes(one.id))
      const { items, NextToken } = page('autoscaling', found, pageRequest(input, 50))
      const described = items.map((one) => ({
        ...describeInstance(one),
        AutoScalingGroupName: one.groupName,
        HealthStatus: one.health.toUpperCase()
      }))
      return { AutoScalingInstances: described as AutoScalingInstancesType['AutoScalingInstances'], NextToken }
    },

    setInstanceProtection(input: SetInstanceProtectionQuery): void {
      const group = groupNamed(account, input.AutoScalingGroupName)
      const ids = atMost(input.InstanceIds ?? [], protectedPerCall)
      const instances = ids.map((id) => instanceOf(group, id))
      // A pending or leaving instance cannot be protected, and makes the whole call fail.
      // https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_SetInstanceProtection.html
      const odd = instances.find((one) => one.state !== 'InService' && one.state !== 'Standby')
      if (odd) throw validationError(`The instance ${odd.id} is not in InService or EnteringStandby or Standby.`)
      for (const instance of instances) instance.isProtected = input.ProtectedFromScaleIn ?? false
      // If there are too many instances, one that is no longer protected is terminated now.
      group.refusedAt = undefined
      reconcile(account, group)
    },

    terminateInstanceInAutoScalingGroup(input: TerminateInstanceInAutoScalingGroupType): ActivityType {
      if (input.InstanceId !== undefined) {
        const group = groupOf(account, input.InstanceId)
        return { Activity: terminate(account, group, [input.InstanceId], decrements(input))[0] }
      }
      const group = groupNamed(account, input.AutoScalingGroupName)
      const ids = atMost(input.InstanceIds ?? [], terminatedPerCall)
      return { Activities: terminate(account, group, ids, decrements(input)) }
    },

    setInstanceHealth(input: SetInstanceHealthQuery): void {
      const group = groupOf(account, input.InstanceId)
      const instance = instanceOf(group, input.InstanceId)
      if (input.HealthStatus !== 'Healthy' && input.HealthStatus !== 'Unhealthy') {
        throw validationError(`Valid instance health states are: [Healthy, Unhealthy]; was: ${input.HealthStatus}`)
      }
      if (input.ShouldRespectGracePeriod !== false && inGrace(account, group, instance)) return
      instance.health = input.HealthStatus
      reconcile(account, group)
    },

    enterStandby(input: EnterStandbyQuery): EnterStandbyAnswer {
      const group = groupNamed(account, input.AutoScalingGroupName)
      const instances = (input.InstanceIds ?? []).map((id) => instanceOf(group, id))
      const odd = instances.find((one) => one.state !== 'InService')
      if (odd) throw validationError(`The instance ${odd.id} is not in InService.`)
      if (input.ShouldDecrementDesiredCapacity) decrement(group, instances.length)
      for (const instance of instances) instance.state = 'Standby'
      const activities = instances.map((one) => moved(account, group, one, 'Moving EC2 instance to Standby'))
      reconcile(account, group)
      return { Activities: activities }
    },

    /** Raises Desired by the number of instances that return. */
    exitStandby(input: ExitStandbyQuery): ExitStandbyAnswer {
      const group = groupNamed(account, input.AutoScalingGroupName)
      const instances = (input.InstanceIds ?? []).map((id) => instanceOf(group, id))
      const odd = instances.find((one) => one.state !== 'Standby')
      if (odd) throw validationError(`The instance ${odd.id} is not in Standby.`)
      if (isSuspended(group, 'Launch')) throw validationError('Launch process is suspended.')
      for (const instance of instances) instance.state = 'InService'
      group.desired = Math.min(group.desired + instances.length, Math.max(group.maxSize, group.desired))
      const activities = instances.map((one) => moved(account, group, one, 'Moving EC2 instance out of Standby'))
      reconcile(account, group)
      return { Activities: activities }
    }
  }
}

function terminate(account: Account, group: LabGroup, ids: readonly string[], decrements: boolean): Activity[] {
  const instances = ids.map((id) => instanceOf(group, id))
  checkIdle(account, group)
  const counted = instances.filter(counts)
  if (decrements) decrement(group, counted.length)
  const activities = instances.map((instance) => {
    // Protection from scale-in does not apply here.
    // https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-instance-protection.html
    const now = instantText(account.clock.now())
    leave(
      account,
      group,
      instance,
      `At ${now} instance ${instance.id} was taken out of service in response to a user request.`
    )
    const activity = instance.activity
    return activity ? describeActivity(activity) : moved(account, group, instance, 'Terminating EC2 instance')
  })
  reconcile(account, group)
  return activities
}

function decrement(group: LabGroup, by: number): void {
  if (group.desired - by < group.minSize) {
    throw validationError(
      `Currently, desiredSize equals minSize (${group.minSize}). Terminating instance without replacement will violate ` +
        "group's min size constraint. Either set shouldDecrementDesiredCapacity flag to false or lower group's min size."
    )
  }
  group.desired -= by
}

function decrements(input: TerminateInstanceInAutoScalingGroupType): boolean {
  if (input.ShouldDecrementDesiredCapacity !== undefined) return input.ShouldDecrementDesiredCapacity
  throw validationError(
    "Value at 'shouldDecrementDesiredCapacity' failed to satisfy constraint: Member must not be null"
  )
}

const moved = (account: Account, group: LabGroup, instance: LabInstance, how: string): Activity =>
  describeActivity(
    recordActivity(account, group, {
      description: `${how}: ${instance.id}`,
      cause: `At ${instantText(account.clock.now())} instance ${instance.id} was moved in response to a user request.`,
      status: 'Successful',
      zone: instance.zone,
      subnetId: instance.subnetId
    })
  )

function atMost(ids: readonly string[], most: number): readonly string[] {
  if (ids.length > 0 && ids.length <= most) return ids
  throw validationError(
    `1 validation error detected: Value at 'instanceIds' failed to satisfy constraint: Member must have length between 1 and ${most}, inclusive`
  )
}
