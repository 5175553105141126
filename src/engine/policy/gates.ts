/** Whether an answer of a gate is a good one. */
import type { GateLook } from '../model/gates.ts'
import type { Settings } from '../model/settings.ts'

export function isGood(
  { state }: GateLook,
  { gateInsufficientData = 'bad' }: Pick<Settings, 'gateInsufficientData'>
): boolean {
  return state === 'good' || (state === 'no-data' && gateInsufficientData === 'good')
}
