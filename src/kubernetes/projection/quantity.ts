/** Kubernetes quantities (`100m`, `1.5Gi`, `2e3`) in the base units of `Resources`. */
import type { Resources } from '../../engine/cluster.ts'
import type { RawQuantities } from './raw.ts'

const scales: Readonly<Record<string, number>> = {
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  '': 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
  Ei: 2 ** 60
}

const quantity = /^([+-]?(?:\d+\.?\d*|\.\d+))(?:([eE][+-]?\d+)|([KMGTPE]i|[numkMGTPE]))?$/

/** The plain number that a quantity stands for, or undefined where it is none. */
export function parseQuantity(text: string | number): number | undefined {
  if (typeof text === 'number') return Number.isFinite(text) ? text : undefined
  const parts = quantity.exec(text.trim())
  if (parts?.[1] === undefined) return undefined
  const scale = parts[2] === undefined ? (scales[parts[3] ?? ''] ?? 1) : Number(`1${parts[2]}`)
  return Number(parts[1]) * scale
}

/**
 * `cpu` becomes millicores, all else its own unit. Rounded up, as the scheduler does: a fraction of a byte or of a
 * millicore still has to fit. What does not parse is left out.
 */
export function parseResources(raw: RawQuantities | undefined): Resources {
  const resources: Record<string, number> = {}
  for (const [name, text] of Object.entries(raw ?? {})) {
    const amount = parseQuantity(text)
    if (amount === undefined) continue
    // The tiny bite keeps 0.1 × 1000 from becoming 101 for want of binary fractions.
    resources[name] = Math.ceil((name === 'cpu' ? amount * 1000 : amount) - 1e-6)
  }
  return resources
}
