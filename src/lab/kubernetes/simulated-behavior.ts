/** The annotations below `simulated/` that say how the lab's kubelets, drivers and nodes behave. */
import type { KubeObject } from './object.ts'

const PREFIX = 'simulated/'

/** The first of these objects that says something wins: the pod before its node. */
export function behaviorAnnotation(name: string, ...objects: (KubeObject | undefined)[]): string | undefined {
  for (const object of objects) {
    const value = object?.metadata.annotations?.[PREFIX + name]
    if (value) return value
  }
  return undefined
}

const units: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 }

/** Milliseconds of `1500ms`, `5s`, `1m30s`; the standard for anything else; undefined for `never`. */
export function delayOf(value: string | undefined, standardMs: number): number | undefined {
  if (value === 'never') return undefined
  if (!value || !/^([0-9.]+(ms|s|m|h))+$/.test(value)) return standardMs
  let total = 0
  for (const [, number, unit] of value.matchAll(/([0-9.]+)(ms|s|m|h)/g))
    total += Number(number) * (units[unit as string] ?? 0)
  return total
}
