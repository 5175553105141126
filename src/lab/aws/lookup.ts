/** Groups and instances by the names that a call gives, and the errors of AWS for those that do not exist. */
import { validationError } from './lab-aws-error.ts'
import type { Account, LabGroup, LabInstance } from './state.ts'

export function groupNamed(account: Account, name: string | undefined): LabGroup {
  const group = account.groups.get(name ?? '')
  if (!group) throw validationError('AutoScalingGroup name not found - null')
  return group
}

export function instanceOf(group: LabGroup, id: string | undefined): LabInstance {
  const instance = group.instances.find((one) => one.id === id)
  if (!instance) throw unknownInstance(id)
  return instance
}

/** The group that an instance belongs to. */
export function groupOf(account: Account, id: string | undefined): LabGroup {
  const group = account.groups.get(account.machines.get(id ?? '')?.groupName ?? '')
  if (!group?.instances.some((one) => one.id === id)) throw unknownInstance(id)
  return group
}

const unknownInstance = (id: string | undefined) =>
  validationError(`Instance Id not found - No managed instance found for instance ID: ${id}`)
