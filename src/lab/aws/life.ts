/**
 * The life of an instance: Pending, perhaps Pending:Wait, InService; Terminating, perhaps Terminating:Wait, gone. The
 * clock takes each step. What changes the life of an instance cancels its next step first.
 * https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-lifecycle.html
 * https://docs.aws.amazon.com/autoscaling/ec2/userguide/lifecycle-hooks.html
 */

import { conclude, instantText, recordActivity } from './activities.ts'
import { behaviorOf } from './group.ts'
import { uuidFrom } from './identifiers.ts'
import { isLeaving, isPending } from './instance.ts'
import { announce } from './listeners.ts'
import type { Account, LabGroup, LabInstance } from './state.ts'

const launchTransition = 'autoscaling:EC2_INSTANCE_LAUNCHING'
const terminateTransition = 'autoscaling:EC2_INSTANCE_TERMINATING'
const standardHeartbeatMs = 3_600_000

export function comeIntoService(account: Account, group: LabGroup, instance: LabInstance): void {
  const { launchAfterMs, diesAtLaunch } = behaviorOf(group)
  step(account, instance, launchAfterMs, () => {
    if (instance.machine === 'terminated') {
      return dieAtLaunch(account, group, instance, instance.stateReason?.Message ?? 'Server.InternalError')
    }
    if (diesAtLaunch !== undefined) return dieAtLaunch(account, group, instance, diesAtLaunch)
    instance.machine = 'running'
    waitForHooks(account, group, instance, launchTransition, () => serve(account, group, instance))
  })
}

function serve(account: Account, group: LabGroup, instance: LabInstance): void {
  instance.state = 'InService'
  instance.inServiceAt = account.clock.now()
  conclude(account, instance.activity, 'Successful')
  announce(account, 'onInService', instance, group)
  account.onInstanceChanged(group)
}

// EC2 creates the instance and ends it by itself; Auto Scaling sees that and waits before it tries again.
function dieAtLaunch(account: Account, group: LabGroup, instance: LabInstance, message: string): void {
  instance.stateReason = { Code: message.split(':')[0] ?? message, Message: message }
  conclude(account, instance.activity, 'Failed', message)
  const { retryLaunchAfterMs } = behaviorOf(group)
  group.failedZones.set(instance.zone, account.clock.now() + retryLaunchAfterMs)
  later(account, group, retryLaunchAfterMs, () => account.onInstanceChanged(group))
  remove(account, group, instance)
}

/**
 * Starts the termination of an instance, unless it is leaving already. `why` is the second half of the activity's
 * cause.
 */
export function leave(account: Account, group: LabGroup, instance: LabInstance, why: string): void {
  const retained = instance.state === 'Terminating:Retained'
  if (isLeaving(instance) && !retained) return
  conclude(account, instance.activity, 'Cancelled')
  instance.state = 'Terminating'
  instance.hooksToGo = undefined
  instance.activity = recordActivity(account, group, {
    description: `Terminating EC2 instance: ${instance.id}`,
    cause: why,
    zone: instance.zone,
    subnetId: instance.subnetId
  })
  const { terminateAfterMs, deregisterAfterMs } = behaviorOf(group)
  const draining = group.targetGroupArns.length > 0 ? deregisterAfterMs : 0
  if (draining > 0) instance.activity.status = 'WaitingForELBConnectionDraining'
  const shutDown = () => {
    if (instance.activity) instance.activity.status = 'InProgress'
    instance.machine = 'shutting-down'
    announce(account, 'onTerminating', instance, group)
    step(account, instance, terminateAfterMs, () => remove(account, group, instance))
  }
  // The hooks of a retained instance have run already.
  if (retained) shutDown()
  else step(account, instance, draining, () => waitForHooks(account, group, instance, terminateTransition, shutDown))
}

/** The cause of a termination that Auto Scaling chose. */
export const takenOut = (account: Account, group: LabGroup, because: string) =>
  `${group.reason ? `${group.reason}  ` : ''}At ${instantText(account.clock.now())} ${because}`

function remove(account: Account, group: LabGroup, instance: LabInstance): void {
  instance.cancelStep?.()
  instance.state = 'Terminated'
  instance.machine = 'terminated'
  conclude(account, instance.activity, 'Successful')
  group.instances = group.instances.filter((one) => one !== instance)
  account.addresses.delete(instance.privateIp)
  const subnet = account.subnets.get(instance.subnetId)
  if (subnet) subnet.AvailableIpAddressCount = (subnet.AvailableIpAddressCount ?? 0) + 1
  announce(account, 'onTerminated', instance, group)
  account.onInstanceChanged(group)
}

/** Waits for one hook after the other, each for its heartbeat at most. The answer of a hook calls `completeHook`. */
function waitForHooks(
  account: Account,
  group: LabGroup,
  instance: LabInstance,
  transition: string,
  then: () => void
): void {
  instance.hooksToGo ??= group.hooks
    .filter((hook) => hook.LifecycleTransition === transition)
    .map((hook) => hook.LifecycleHookName ?? '')
  const [name] = instance.hooksToGo
  const phase = transition === launchTransition ? 'Pending' : 'Terminating'
  if (name === undefined) {
    instance.hooksToGo = undefined
    then()
    return
  }
  instance.afterHooks = then
  const hook = group.hooks.find((one) => one.LifecycleHookName === name)
  instance.state = `${phase}:Wait`
  instance.hookToken = uuidFrom(account.ids)
  if (instance.activity) instance.activity.status = 'MidLifecycleAction'
  const waits = hook?.answersAfterMs ?? (hook?.HeartbeatTimeout ?? standardHeartbeatMs / 1000) * 1000
  const answer = hook?.answersAfterMs === undefined ? (hook?.DefaultResult ?? 'ABANDON') : (hook.answer ?? 'CONTINUE')
  const how =
    hook?.answersAfterMs === undefined ? 'Heartbeat Timeout' : 'Lifecycle Action Completed with ABANDON Result'
  step(account, instance, hook ? waits : 0, () => completeHook(account, group, instance, answer, how))
}

/** Ends the wait of an instance for its hook. */
export function completeHook(
  account: Account,
  group: LabGroup,
  instance: LabInstance,
  answer: string,
  how = 'Lifecycle Action Completed with ABANDON Result'
): void {
  instance.cancelStep?.()
  const launching = isPending(instance)
  const abandoned = `Instance failed to complete user's Lifecycle Action: Lifecycle Action with token ${instance.hookToken} was abandoned: ${how}`
  if (answer === 'ABANDON' && launching) {
    conclude(account, instance.activity, 'Cancelled', abandoned)
    const now = instantText(account.clock.now())
    leave(
      account,
      group,
      instance,
      `At ${now} an instance was taken out of service in response to an abandoned action.`
    )
    account.onInstanceChanged(group)
    return
  }
  const retention = group.other.InstanceLifecyclePolicy?.RetentionTriggers?.TerminateHookAbandon
  if (answer === 'ABANDON' && retention === 'retain') {
    conclude(account, instance.activity, 'Cancelled', abandoned)
    instance.hooksToGo = undefined
    instance.state = 'Terminating:Retained'
    return
  }
  instance.hooksToGo = instance.hooksToGo?.slice(1)
  instance.state = launching ? 'Pending:Proceed' : 'Terminating:Proceed'
  const transition = launching ? launchTransition : terminateTransition
  waitForHooks(account, group, instance, transition, instance.afterHooks ?? (() => {}))
}

function step(account: Account, instance: LabInstance, afterMs: number, work: () => void): void {
  instance.cancelStep?.()
  instance.cancelStep = account.clock.after(afterMs, () => {
    instance.cancelStep = undefined
    work()
  })
}

// A timer of Node holds 31 bits of milliseconds and fires at once beyond that; a schedule may be further away.
// https://nodejs.org/api/timers.html#settimeoutcallback-delay-args
const longestTimerMs = 2 ** 31 - 1

/** Does something for a group later, unless the group is deleted by then. */
export function later(account: Account, group: LabGroup, ms: number, work: () => void): void {
  const cancel = account.clock.after(Math.min(ms, longestTimerMs), () => {
    group.timers.delete(cancel)
    if (group.deleted) return
    if (ms > longestTimerMs) later(account, group, ms - longestTimerMs, work)
    else work()
  })
  group.timers.add(cancel)
}
