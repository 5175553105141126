/**
 * A short word for what a reviewer decides on when a plan is approved. `upgrade` with `expect-plan` refuses if the word has changed.
 *
 * It covers the two groups and their roles, the bounds of the active group, both configurations, the inputs that consent to
 * something, and the workloads that `allow-downtime` names, wherever their pods are: the scheduler may move them in the meantime. It does
 * not cover what changes by itself: pods, the number of nodes within the bounds, template version numbers, warnings, and how long
 * it takes.
 */
import { downtimeAllowed, workloadKey } from '../policy/workloads.ts'
import type { PlanFacts } from './plan-facts.ts'
import { sha256 } from './sha-256.ts'

/** Grows when the digest covers something else; digests of another version never match. */
const version = 'p1'

/** Lower case letters and digits that cannot be mistaken for each other (RFC 4648, base 32). */
const alphabet = 'abcdefghijklmnopqrstuvwxyz234567'

export const digestPattern = /^p\d+-[a-z2-7]{20}$/

/** Parts of the digest in their order, so that a refusal can say which of them has changed. */
const parts = [
  { of: 'groups', letters: 4, words: 'the groups, their roles or the bounds of the active group' },
  { of: 'configuration', letters: 12, words: 'the configuration that runs or the one that would be launched' },
  { of: 'consent', letters: 4, words: 'what the inputs allow, or the workloads that may be down for a moment' }
] as const

type Part = (typeof parts)[number]['of']

export type Reviewed = Pick<
  PlanFacts,
  'settings' | 'pair' | 'active' | 'inactive' | 'runs' | 'launches' | 'unknownInstances' | 'view'
>

/** undefined: what runs or what would be launched cannot be read, so there is nothing to decide on. */
export function planDigest(reviewed: Reviewed): string | undefined {
  const { launches, runs, unknownInstances } = reviewed
  if (!launches || runs.length === 0 || unknownInstances.length > 0) return undefined
  const texts: Readonly<Record<Part, unknown>> = {
    groups: groupsOf(reviewed),
    configuration: { runs: runs.map(({ fields }) => canonical(fields)).sort(), launches: canonical(launches.fields) },
    consent: consentOf(reviewed)
  }
  const words = parts.map(({ of, letters }) => letteredHash(`${of} ${JSON.stringify(texts[of])}`, letters))
  return `${version}-${words.join('')}`
}

/** What differs between two digests, in words. */
export function movedParts(expected: string, now: string): readonly string[] {
  if (!expected.startsWith(`${version}-`)) return ['the version of this program that made the digest']
  let at = version.length + 1
  return parts.flatMap(({ letters, words }) => {
    const [from, to] = [at, at + letters]
    at = to
    return expected.slice(from, to) === now.slice(from, to) ? [] : [words]
  })
}

function groupsOf({ settings, pair, active, inactive }: Reviewed): unknown {
  const { min, max } = active.group.capacity
  return {
    cluster: settings.cluster,
    group: pair.name,
    active: active.group.name,
    inactive: inactive.group.name,
    min,
    max
  }
}

function consentOf({ settings, view }: Reviewed): unknown {
  const { whenUnchanged, jobs, podsWithoutController, emptydirData, allowDowntime } = settings
  // Kinds that people make; ReplicaSets and Jobs come and go with their owners.
  const mayBeDown = view.workloads
    .filter(({ kind }) => kind === 'Deployment' || kind === 'StatefulSet')
    .map(({ namespace, kind, name }) => workloadKey(namespace, kind, name))
    .filter((key) => downtimeAllowed(key, allowDowntime))
  return {
    whenUnchanged,
    jobs,
    podsWithoutController,
    emptydirData,
    allowDowntime: [...new Set(allowDowntime)].sort(),
    mayBeDown: mayBeDown.sort()
  }
}

function canonical(fields: Readonly<Record<string, string>>): string {
  return JSON.stringify(Object.entries(fields).sort(([a], [b]) => (a < b ? -1 : 1)))
}

function letteredHash(text: string, letters: number): string {
  // A byte has 256 = 8 × 32 values, so every letter is equally likely.
  return Array.from(sha256(text).slice(0, letters), (byte) => alphabet[byte % 32]).join('')
}
