/** The quantities of an object in the base units of `Resources`. */
import type { Resources } from '../../engine/model/cluster.ts'
import { resourceAmount } from '../../engine/policy/quantity.ts'
import type { RawQuantities } from './raw.ts'

/** What does not parse is left out. */
export function parseResources(raw: RawQuantities | undefined): Resources {
  const resources: Record<string, number> = {}
  for (const [name, text] of Object.entries(raw ?? {})) {
    const amount = resourceAmount(name, text)
    if (amount !== undefined) resources[name] = amount
  }
  return resources
}
