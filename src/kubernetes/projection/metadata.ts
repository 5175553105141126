/** What every object has in common. */
import type { Owner, Requirement, Selector } from '../../engine/model/cluster.ts'
import type { RawCondition, RawMeta, RawObject, RawRequirement, RawSelector } from './raw.ts'

export const restartedAtAnnotation = 'kubectl.kubernetes.io/restartedAt'

/** Milliseconds since the epoch; `otherwise` where the API says nothing. */
export function instant(text: string | null | undefined, otherwise = 0): number {
  const parsed = text ? Date.parse(text) : Number.NaN
  return Number.isNaN(parsed) ? otherwise : parsed
}

export function identity(raw: RawObject): { name: string; uid: string; resourceVersion: string } {
  const { name = '', uid = '', resourceVersion = '' } = raw.metadata ?? {}
  return { name, uid, resourceVersion }
}

/** The one owner reference that says `controller: true`; the others are for garbage collection only. */
export function controller(meta: RawMeta | undefined): Owner | undefined {
  const owner = meta?.ownerReferences?.find((reference) => reference.controller === true)
  if (!owner) return undefined
  return { apiVersion: owner.apiVersion ?? '', kind: owner.kind ?? '', name: owner.name ?? '', uid: owner.uid ?? '' }
}

export function condition(conditions: readonly RawCondition[] | undefined, type: string): RawCondition | undefined {
  return conditions?.find((entry) => entry.type === type)
}

export function requirements(raw: readonly RawRequirement[] | undefined): Requirement[] {
  return (raw ?? []).map(({ key = '', operator = '', values = [] }) => ({ key, operator, values }))
}

export function selector(raw: RawSelector | undefined): Selector {
  return { matchLabels: raw?.matchLabels ?? {}, matchExpressions: requirements(raw?.matchExpressions) }
}
