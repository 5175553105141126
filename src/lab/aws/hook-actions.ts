/** Calls about lifecycle hooks. */
import type {
  CompleteLifecycleActionType,
  DeleteLifecycleHookType,
  DescribeLifecycleHooksAnswer,
  DescribeLifecycleHooksType,
  PutLifecycleHookType
} from '@aws-sdk/client-auto-scaling'
import { validationError } from './lab-aws-error.ts'
import { completeHook } from './life.ts'
import { among, groupNamed } from './lookup.ts'
import type { Account } from './state.ts'

export function hookActions(account: Account) {
  return {
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

    completeLifecycleAction(input: CompleteLifecycleActionType): object {
      const group = groupNamed(account, input.AutoScalingGroupName)
      const instance = group.instances.find(
        (one) =>
          one.id === input.InstanceId || (input.LifecycleActionToken && one.hookToken === input.LifecycleActionToken)
      )
      if (!instance?.state.endsWith(':Wait') || instance.hooksToGo?.[0] !== input.LifecycleHookName) {
        throw validationError(`No active Lifecycle Action found with instance ID ${input.InstanceId}`)
      }
      completeHook(account, group, instance, input.LifecycleActionResult ?? 'ABANDON')
      return {}
    }
  }
}
