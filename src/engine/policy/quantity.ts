/**
 * Kubernetes quantities, as objects and the tags of a group state them (`4`, `3920m`, `14Gi`, `80G`, `1e3`). Grammar, suffixes and
 * rounding: https://github.com/kubernetes/kubernetes/blob/v1.37.2/staging/src/k8s.io/apimachinery/pkg/api/resource/quantity.go
 */

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

/** The plain number that a quantity stands for, or undefined if it is none. */
export function parseQuantity(text: string | number): number | undefined {
  if (typeof text === 'number') return Number.isFinite(text) ? text : undefined
  const parts = quantity.exec(text.trim())
  if (parts?.[1] === undefined) return undefined
  const scale = parts[2] === undefined ? (scales[parts[3] ?? ''] ?? 1) : Number(`1${parts[2]}`)
  return Number(parts[1]) * scale
}

/**
 * In the units of `Resources`: millicores for `cpu`, else bytes or pieces. Rounded up, as `Value` and `MilliValue` do: a
 * fraction of a byte or of a millicore still has to fit. Undefined if it is not a quantity.
 */
export function resourceAmount(resource: string, text: string | number): number | undefined {
  const amount = parseQuantity(text)
  if (amount === undefined) return undefined
  // 0.1 has no exact binary fraction: the small margin keeps 0.1 × 1000 from becoming 101.
  return Math.ceil((resource === 'cpu' ? amount * 1000 : amount) - 1e-6)
}

/** `7.1 GiB`, `1500m`, `29`: an amount of `Resources` as people read it. */
export function amountText(resource: string, amount: number): string {
  if (resource === 'cpu') return amount % 1000 === 0 ? `${amount / 1000} cpu` : `${amount}m cpu`
  if (resource === 'memory' || resource.endsWith('storage')) return `${bytesText(amount)} ${resource}`
  return `${amount} ${resource}`
}

function bytesText(amount: number): string {
  if (amount >= 2 ** 30) return `${tenth(amount / 2 ** 30)} GiB`
  if (amount >= 2 ** 20) return `${tenth(amount / 2 ** 20)} MiB`
  return `${amount} bytes`
}

function tenth(value: number): string {
  return String(Math.round(value * 10) / 10)
}
