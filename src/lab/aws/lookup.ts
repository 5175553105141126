/** Groups and instances by the names that a call gives, and the errors of AWS for those that do not exist. */
import { validationError } from './lab-aws-error.ts'
import type { Account, LabGroup, LabInstance } from './state.ts'

export function groupNamed(account: Account, name: string | undefined): LabGroup {
  const group = account.groups.get(name ?? '')
  if (!group) throw validationError('AutoScalingGroup name not found - null')
  return group
}

/** The group of that name; without a name, all. */
export const groupsNamed = (account: Account, name: string | undefined): LabGroup[] =>
  name === undefined ? [...account.groups.values()] : [groupNamed(account, name)]

/** Whether a list in a call names this value. A list that is empty or absent names all. */
export const among = (wanted: readonly string[] | undefined, value: string | undefined) =>
  wanted === undefined || wanted.length === 0 || wanted.includes(value ?? '')

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
