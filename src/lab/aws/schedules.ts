/** Changes of the size without a call: scheduled actions at their time, policies when an alarm goes off. */
import type { ScalingPolicy, ScheduledUpdateGroupAction } from '@aws-sdk/client-auto-scaling'
import { isSuspended } from './group.ts'
import { later } from './life.ts'
import { setSizes } from './scaling.ts'
import type { Account, LabGroup } from './state.ts'

/**
 * Runs a scheduled action at its StartTime. A StartTime in the past and a Recurrence are only described: the lab does
 * not read cron expressions.
 */
export function followSchedule(account: Account, group: LabGroup, action: ScheduledUpdateGroupAction): void {
  const at = action.StartTime?.getTime()
  if (at === undefined || at < account.clock.now()) return
  later(account, group, at - account.clock.now(), () => {
    // Unless it was changed or deleted in the meantime.
    if (group.scheduledActions.includes(action)) actScheduled(account, group, action)
  })
}

/** Runs a scheduled action. While ScheduledActions is suspended, it is skipped. */
export function actScheduled(account: Account, group: LabGroup, action: ScheduledUpdateGroupAction): void {
  if (isSuspended(group, 'ScheduledActions')) return
  setBounded(account, group, action, 'a scheduled action')
}

/** An alarm goes off and runs its policy, unless AlarmNotification is suspended. */
export function actOnAlarm(account: Account, group: LabGroup, policy: ScalingPolicy): void {
  if (isSuspended(group, 'AlarmNotification')) return
  execute(account, group, policy)
}

export function execute(account: Account, group: LabGroup, policy: ScalingPolicy, breach?: number): void {
  const by = `a monitor alarm or user request for policy ${policy.PolicyName}`
  setBounded(account, group, { DesiredCapacity: sizeWanted(group.desired, policy, breach) }, by)
}

function sizeWanted(desired: number, policy: ScalingPolicy, breach = 0): number {
  const step = policy.StepAdjustments?.find(
    ({
      MetricIntervalLowerBound: low = Number.NEGATIVE_INFINITY,
      MetricIntervalUpperBound: high = Number.POSITIVE_INFINITY
    }) => breach >= low && breach < high
  )
  const adjustment = policy.ScalingAdjustment ?? step?.ScalingAdjustment ?? 0
  if (policy.AdjustmentType === 'ExactCapacity') return adjustment
  if (policy.AdjustmentType !== 'PercentChangeInCapacity') return desired + adjustment
  const change = (desired * adjustment) / 100
  // Toward zero if the change is more than one, away from zero otherwise.
  const rounded = Math.abs(change) > 1 ? Math.trunc(change) : Math.sign(change) * Math.ceil(Math.abs(change))
  return desired + Math.sign(adjustment) * Math.max(Math.abs(rounded), policy.MinAdjustmentMagnitude ?? 0)
}

interface Wanted {
  MinSize?: number
  MaxSize?: number
  DesiredCapacity?: number
}

/** A policy never fails: a size outside of the bounds becomes the nearest bound. */
function setBounded(account: Account, group: LabGroup, wanted: Wanted, by: string): void {
  const minSize = wanted.MinSize ?? group.minSize
  const maxSize = Math.max(wanted.MaxSize ?? group.maxSize, minSize)
  const desired = Math.min(Math.max(wanted.DesiredCapacity ?? group.desired, minSize), maxSize)
  const bounds = wanted.MinSize === undefined && wanted.MaxSize === undefined ? {} : { minSize, maxSize }
  setSizes(account, group, { ...bounds, desired }, by)
}
