/** Kubernetes quantities, as tags on an Auto Scaling group state them (`4`, `3920m`, `14Gi`, `80G`, `1e3`). */

const factors: Readonly<Record<string, number>> = {
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

/** In the units of `Resources`: millicores for `cpu`, else bytes or pieces. Undefined where it is no quantity. */
export function resourceAmount(resource: string, text: string): number | undefined {
  const match = /^([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)(n|u|m|k|M|G|T|P|E|Ki|Mi|Gi|Ti|Pi|Ei)?$/.exec(text.trim())
  if (!match) return undefined
  const amount = Number(match[1]) * (factors[match[2] ?? ''] ?? 1)
  return resource === 'cpu' ? Math.ceil(amount * 1000 - 1e-9) : Math.ceil(amount - 1e-9)
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
