/** What happens to an account without a call of AWS: machines die, checks fail, alarms go off. */

import { failHealthCheck, reconcile } from './scaling.ts'
import { actOnAlarm, actScheduled } from './schedules.ts'
import type { Account, Behavior, LabGroup, LabInstance } from './state.ts'

export interface AwsWorld {
  group(name: string): LabGroup
  /** Undefined if it never existed; terminated ones are still found. */
  instance(id: string): LabInstance | undefined
  /** Changes the behavior of the group from now on. */
  behave(groupName: string, behavior: Partial<Behavior>): void
  /**
   * The machine is gone (spot, a broken host). Auto Scaling learns of it by its health check, if that is not suspended.
   */
  lose(instanceId: string, message?: string): void
  /** A load balancer's check fails; it has an effect only if the group uses such checks. */
  failLoadBalancerCheck(instanceId: string): void
  /** An alarm goes off and runs this policy. */
  alarm(groupName: string, policyName: string): void
  /** The time of a scheduled action has come. */
  strike(groupName: string, scheduledActionName: string): void
  /** Auto Scaling itself suspends processes of a group that has failed to launch for long. */
  suspendByAdministrator(groupName: string, processes: readonly string[]): void
  /** Reconciles the group, as Auto Scaling does from time to time. */
  look(groupName: string): void
}

export function awsWorld(account: Account): AwsWorld {
  const group = (name: string): LabGroup => {
    const found = account.groups.get(name)
    if (!found) throw new Error(`the lab has no group ${name}`)
    return found
  }
  const instance = (id: string): LabInstance => {
    const found = account.machines.get(id)
    if (!found) throw new Error(`the lab has no instance ${id}`)
    return found
  }
  const named = <T>(found: T | undefined, name: string): T => {
    if (found === undefined) throw new Error(`the lab has no ${name}`)
    return found
  }
  return {
    group,
    instance: (id) => account.machines.get(id),
    behave(name, behavior) {
      Object.assign(group(name).behavior, behavior)
    },
    lose(id, message = 'Server.SpotInstanceTermination: Spot instance termination') {
      const lost = instance(id)
      if (lost.machine === 'terminated') return
      lost.machine = 'terminated'
      lost.stateReason = { Code: message.split(':')[0] ?? message, Message: message }
      failHealthCheck(account, group(lost.groupName), lost, 'EC2')
    },
    failLoadBalancerCheck(id) {
      failHealthCheck(account, group(instance(id).groupName), instance(id), 'ELB')
    },
    alarm(name, policyName) {
      const policy = group(name).policies.find(({ PolicyName }) => PolicyName === policyName)
      actOnAlarm(account, group(name), named(policy, policyName))
    },
    strike(name, actionName) {
      const action = group(name).scheduledActions.find(({ ScheduledActionName }) => ScheduledActionName === actionName)
      actScheduled(account, group(name), named(action, actionName))
    },
    suspendByAdministrator(name, processes) {
      for (const process of processes) group(name).suspended.set(process, 'AdminSuspension')
    },
    look(name) {
      reconcile(account, group(name))
    }
  }
}
