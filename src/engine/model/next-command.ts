/**
 * Commands of this program in messages. How the program is started only the entry point knows: `report/` turns the
 * command into the program as it was started, or in a workflow into inputs to run it again with.
 */
import type { Mode, Settings } from './settings.ts'
import { shellWord } from './shell-word.ts'

/** `upgrade --cluster shop --group workers`: mode and options of the exact next command. */
export function nextCommand(mode: Mode, settings: Pick<Settings, 'cluster'>, group: string): string {
  return `${mode} --cluster ${shellWord(settings.cluster)}${group ? ` --group ${shellWord(group)}` : ''}`
}

/** A command inside a hint or a remedy, in the form that `report/` finds and renders. */
export function commandText(
  mode: Mode,
  settings: Pick<Settings, 'cluster'>,
  group: string,
  ...options: readonly string[]
): string {
  return ['eks-node-upgrade', nextCommand(mode, settings, group), ...options].join(' ')
}
