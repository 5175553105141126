/** An instance of a group: where it stands in its life, and what it was launched from. */
import type { Instance, LaunchTemplateSpecification, LifecycleState } from '@aws-sdk/client-auto-scaling'
import type { LabActivity } from './activities.ts'

export interface LabInstance {
  readonly id: string
  readonly groupName: string
  readonly zone: string
  readonly subnetId: string
  readonly instanceType: string
  readonly imageId: string
  /** What it was launched from; it stays with the instance when the group moves on. */
  readonly launchTemplate?: LaunchTemplateSpecification
  readonly userData?: string
  readonly privateIp: string
  /** The name that its node bears, as EKS has it. */
  readonly privateDnsName: string
  readonly launchedAt: number
  /** In capacity units; undefined where the group has no weights. */
  readonly weight?: number
  state: LifecycleState
  health: 'Healthy' | 'Unhealthy'
  isProtected: boolean
  /** Whether the machine itself is there; it may be lost while Auto Scaling has not noticed. */
  machine: 'pending' | 'running' | 'shutting-down' | 'terminated'
  inServiceAt?: number
  /** It came to balance zones, beyond the desired size. */
  balances?: boolean
  stateReason?: { Code: string; Message: string }
  /** The activity that it is in the middle of. */
  activity?: LabActivity
  /** Takes the next step of its life off the clock. */
  cancelStep?: () => void
  /** The hooks that it still has to wait for, first the one that is waited for now. */
  hooksToGo?: string[]
  hookToken?: string
  /** What comes when no hook is left to wait for. */
  afterHooks?: () => void
}

const ON_THE_WAY_IN = new Set<string>(['Pending', 'Pending:Wait', 'Pending:Proceed'])

/** Counts to the size of the group: in service, or on the way there. */
export const counts = (instance: LabInstance) => instance.state === 'InService' || ON_THE_WAY_IN.has(instance.state)
export const isPending = (instance: LabInstance) => ON_THE_WAY_IN.has(instance.state)
export const isLeaving = (instance: LabInstance) => instance.state.startsWith('Terminating')
export const weightOf = (instance: LabInstance) => instance.weight ?? 1

export function describeInstance(instance: LabInstance): Instance {
  return {
    InstanceId: instance.id,
    InstanceType: instance.instanceType,
    AvailabilityZone: instance.zone,
    LifecycleState: instance.state,
    HealthStatus: instance.health,
    ...(instance.launchTemplate && { LaunchTemplate: { ...instance.launchTemplate } }),
    ProtectedFromScaleIn: instance.isProtected,
    ...(instance.weight !== undefined && { WeightedCapacity: String(instance.weight) })
  }
}
