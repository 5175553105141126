import type { Settings } from './settings.ts'
import { shellWord } from './shell-word.ts'

/** `upgrade --cluster shop --group workers`: the exact next command. */
export function nextCommand(
  mode: 'upgrade' | 'revert' | 'finalize' | 'status' | 'plan',
  settings: Pick<Settings, 'cluster'>,
  group: string
): string {
  return `${mode} --cluster ${shellWord(settings.cluster)}${group ? ` --group ${shellWord(group)}` : ''}`
}
