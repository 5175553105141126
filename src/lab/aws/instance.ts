/** An instance of a group: what it counts as, and how AWS describes it. */
import type { Instance } from '@aws-sdk/client-auto-scaling'
import type { LabInstance } from './state.ts'

const pendingStates = new Set<string>(['Pending', 'Pending:Wait', 'Pending:Proceed'])

/** Counts toward the size of the group: in service, or pending. */
export const counts = (instance: LabInstance) => instance.state === 'InService' || pendingStates.has(instance.state)
export const isPending = (instance: LabInstance) => pendingStates.has(instance.state)
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
