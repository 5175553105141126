/** Kubernetes quantities (`500m`, `1.5Gi`, `2e3`) as plain numbers, good enough for sums of what pods ask for. */
const suffixes: Record<string, number> = {
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

/** Throws a RangeError for what the API server would refuse. */
export function quantity(text: string | number | undefined): number {
  if (text === undefined) return 0
  const match = /^([+-]?[0-9]*\.?[0-9]+(?:[eE][+-]?[0-9]+)?|[+-]?[0-9]+\.)([numkKMGTPEi]*)$/.exec(String(text).trim())
  const factor = match ? suffixes[match[2] ?? ''] : undefined
  if (!match || factor === undefined) throw new RangeError(`"${text}" is not a quantity`)
  return Number(match[1]) * factor
}

/** An int-or-percent field against a total; percentages are rounded up or down as the field demands. */
export function scaled(value: number | string | undefined, total: number, round: 'up' | 'down'): number {
  if (value === undefined) return 0
  if (typeof value === 'number') return value
  const match = /^([0-9]+)%$/.exec(value)
  if (!match) throw new RangeError(`"${value}" is neither a number nor a percentage`)
  const exact = (Number(match[1]) * total) / 100
  return round === 'up' ? Math.ceil(exact) : Math.floor(exact)
}
