/** Calls about scheduled actions. */
import type {
  DeleteScheduledActionType,
  DescribeScheduledActionsType,
  PutScheduledUpdateGroupActionType,
  ScheduledActionsType
} from '@aws-sdk/client-auto-scaling'
import { among, groupNamed, groupsNamed } from './lookup.ts'
import { page, pageRequest } from './paging.ts'
import { followSchedule } from './schedules.ts'
import type { Account } from './state.ts'

export function scheduleActions(account: Account) {
  return {
    describeScheduledActions(input: DescribeScheduledActionsType): ScheduledActionsType {
      const found = groupsNamed(account, input.AutoScalingGroupName)
        .flatMap((group) => group.scheduledActions)
        .filter((action) => among(input.ScheduledActionNames, action.ScheduledActionName))
      const { items, NextToken } = page('autoscaling', found, pageRequest(input, 50))
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
      followSchedule(account, group, action)
    },

    deleteScheduledAction(input: DeleteScheduledActionType): void {
      const group = groupNamed(account, input.AutoScalingGroupName)
      group.scheduledActions = group.scheduledActions.filter(
        ({ ScheduledActionName }) => ScheduledActionName !== input.ScheduledActionName
      )
    }
  }
}
