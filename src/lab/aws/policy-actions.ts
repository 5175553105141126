/** Calls about scaling policies. */
import type {
  DeletePolicyType,
  DescribePoliciesType,
  ExecutePolicyType,
  PoliciesType,
  PolicyARNType,
  PutScalingPolicyType
} from '@aws-sdk/client-auto-scaling'
import { uuidFrom } from './identifiers.ts'
import { validationError } from './lab-aws-error.ts'
import { among, groupNamed, groupsNamed } from './lookup.ts'
import { page, pageRequest } from './paging.ts'
import { checkIdle } from './scaling.ts'
import { execute } from './schedules.ts'
import type { Account } from './state.ts'

export function policyActions(account: Account) {
  return {
    describePolicies(input: DescribePoliciesType): PoliciesType {
      const found = groupsNamed(account, input.AutoScalingGroupName)
        .flatMap((group) => group.policies)
        .filter((policy) => among(input.PolicyNames, policy.PolicyName) && among(input.PolicyTypes, policy.PolicyType))
      const { items, NextToken } = page('autoscaling', found, pageRequest(input, 50))
      return { ScalingPolicies: items, NextToken }
    },

    putScalingPolicy(input: PutScalingPolicyType): PolicyARNType {
      const group = groupNamed(account, input.AutoScalingGroupName)
      const PolicyARN = `arn:aws:autoscaling:${account.region}:${account.id}:scalingPolicy:${uuidFrom(account.ids)}:autoScalingGroupName/${group.name}:policyName/${input.PolicyName}`
      group.policies = group.policies.filter((policy) => policy.PolicyName !== input.PolicyName)
      group.policies.push({ PolicyType: 'SimpleScaling', Enabled: true, Alarms: [], ...input, PolicyARN })
      return { PolicyARN, Alarms: [] }
    },

    deletePolicy(input: DeletePolicyType): void {
      const group = groupNamed(account, input.AutoScalingGroupName)
      group.policies = group.policies.filter((policy) => policy.PolicyName !== input.PolicyName)
    },

    executePolicy(input: ExecutePolicyType): void {
      const group = groupNamed(account, input.AutoScalingGroupName)
      const policy = group.policies.find(({ PolicyName }) => PolicyName === input.PolicyName)
      if (!policy) throw validationError(`No policy found with name ${input.PolicyName}`)
      checkIdle(account, group, input.HonorCooldown)
      execute(account, group, policy, (input.MetricValue ?? 0) - (input.BreachThreshold ?? 0))
    }
  }
}
