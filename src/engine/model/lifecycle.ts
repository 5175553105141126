/** What the lifecycle states of Auto Scaling mean. */
import type { Instance } from './node-group.ts'

/**
 * In the group and not leaving it. States that begin with Terminat or Detach are leaving; those with Warmed are in a warm pool
 * (https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-lifecycle.html).
 */
export function isAttached(instance: Instance): boolean {
  return !/^(Terminat|Detach|Warmed)/.test(instance.lifecycle)
}

/**
 * An instance in Standby belongs to its group and does not count in Desired: if Desired is raised for it, one more is launched
 * (https://docs.aws.amazon.com/autoscaling/ec2/userguide/as-enter-exit-standby.html).
 */
export function countsInDesired(instance: Instance): boolean {
  return isAttached(instance) && !isInStandby(instance)
}

export function isInStandby(instance: Instance): boolean {
  return instance.lifecycle === 'Standby' || instance.lifecycle === 'EnteringStandby'
}

/**
 * Kept by a lifecycle policy after its hook failed; it goes only when an operator terminates it again
 * (https://docs.aws.amazon.com/autoscaling/ec2/userguide/instance-lifecycle-policy.html).
 */
export function isRetained(instance: Instance): boolean {
  return instance.lifecycle === 'Terminating:Retained'
}

/** The instance is there, in service, healthy. */
export function serves(instance: Instance): boolean {
  return instance.lifecycle === 'InService' && instance.healthy
}
