/**
 * Calls that suspend and resume processes. The lab really does not run a suspended process.
 * https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_ResumeProcesses.html
 */

import type { ScalingProcessQuery } from '@aws-sdk/client-auto-scaling'
import { instantText } from './activities.ts'
import { validationError } from './lab-aws-error.ts'
import { groupNamed } from './lookup.ts'
import { failHealthCheck, reconcile } from './scaling.ts'
import type { Account, LabGroup } from './state.ts'

const allProcesses = [
  'Launch',
  'Terminate',
  'AddToLoadBalancer',
  'AlarmNotification',
  'AZRebalance',
  'HealthCheck',
  'InstanceRefresh',
  'ReplaceUnhealthy',
  'ScheduledActions'
] as const

export function processActions(account: Account) {
  return {
    suspendProcesses(input: ScalingProcessQuery): void {
      const group = groupNamed(account, input.AutoScalingGroupName)
      const reason = `User suspended at ${instantText(account.clock.now())}`
      for (const process of processesIn(input)) if (!group.suspended.has(process)) group.suspended.set(process, reason)
    },

    /** Without a list all are resumed, also those that another caller has suspended. */
    resumeProcesses(input: ScalingProcessQuery): void {
      const group = groupNamed(account, input.AutoScalingGroupName)
      for (const process of processesIn(input)) group.suspended.delete(process)
      // What was postponed is done at once.
      if (!group.suspended.has('HealthCheck')) findLost(account, group)
      reconcile(account, group)
    },

    describeScalingProcessTypes() {
      return { Processes: allProcesses.map((ProcessName) => ({ ProcessName })) }
    }
  }
}

function processesIn(input: ScalingProcessQuery): readonly string[] {
  const processes = input.ScalingProcesses ?? []
  const unknown = processes.filter((process) => !(allProcesses as readonly string[]).includes(process))
  if (unknown.length > 0) throw validationError(`Invalid scaling process type(s): [${unknown.join(', ')}]`)
  return processes.length > 0 ? processes : allProcesses
}

function findLost(account: Account, group: LabGroup): void {
  const lost = group.instances.filter((one) => one.machine === 'terminated' && one.health === 'Healthy')
  for (const instance of lost) failHealthCheck(account, group, instance, 'EC2')
}
