import type { Settings } from './settings.ts'

/** `upgrade --cluster shop --group workers`: the exact next command. */
export function nextCommand(
  mode: 'upgrade' | 'revert' | 'finalize' | 'status' | 'plan',
  settings: Pick<Settings, 'cluster'>,
  group: string
): string {
  const word = (text: string) => (/^[A-Za-z0-9_./:=@%+,-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`)
  return `${mode} --cluster ${word(settings.cluster)}${group ? ` --group ${word(group)}` : ''}`
}
