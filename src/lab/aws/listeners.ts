/** Tells the listeners of the account, such as the simulated nodes, what happens to instances. */
import type { Account, LabGroup, LabInstance, Listener } from './state.ts'

export function announce(account: Account, event: keyof Listener, instance: LabInstance, group: LabGroup): void {
  for (const listener of [...account.listeners]) listener[event]?.(instance, group)
}
