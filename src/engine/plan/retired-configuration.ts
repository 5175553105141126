/**
 * What an inactive group was configured to launch when it was retired, in the two places where it is kept: whole in the record, and
 * as fingerprints in a tag on the group. A tag's value has at most 256 characters
 * (https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-tagging.html). Either copy is enough to tell that the
 * configuration has not been changed since then.
 */
import { type Configuration, configurationFormat, formatField } from './configuration.ts'
import { fingerprint, shortFingerprint } from './fingerprint.ts'

/** Whole, from the record. */
export interface RetiredConfiguration {
  format: number
  fields: Configuration
}

/** Fingerprints per field, or of `rest`, the fields that have no letter. */
export interface RetiredPrints {
  format: number
  prints: Readonly<Record<string, string>>
}

export type RetiredCopy = RetiredConfiguration | RetiredPrints

/** One letter a field, so that all fit into a tag. Letters are never given to another field. */
const letters: Readonly<Record<string, string>> = {
  image: 'i',
  'instance type': 't',
  'user data': 'u',
  'key name': 'k',
  'security groups': 's',
  'network interfaces': 'n',
  'instance profile': 'p',
  disks: 'd',
  'metadata options': 'm',
  market: 'q',
  overrides: 'o',
  'purchase options': 'h',
  subnets: 'b',
  'instance requirements': 'r'
}
export const restField = 'other settings'
const restLetter = 'x'

/** The copy that a record holds. */
export function retiredFromRecord(configuration: Configuration): RetiredConfiguration {
  return { format: Number(configuration[formatField] ?? 0), fields: configuration }
}

/** The tag's text: `1 i:1a2b3c4d t:…`. Only characters that AWS allows in a tag's value. */
export function retiredCopy(configuration: Configuration): string {
  const prints = printsOf(configuration)
  const parts = Object.entries(prints).map(([field, print]) => `${letters[field] ?? restLetter}:${print}`)
  return [String(configurationFormat), ...parts].join(' ')
}

/** undefined: it is no such text. A copy of another format is read, and is equal to nothing. */
export function parseRetiredCopy(text: string): RetiredPrints | undefined {
  const [format, ...parts] = text.trim().split(/\s+/)
  if (!format || !/^\d+$/.test(format)) return undefined
  const prints: Record<string, string> = {}
  for (const part of parts) {
    const match = /^([a-z]):([0-9a-f]{8})$/.exec(part)
    // A letter that is not known belongs to a later format.
    if (!match?.[1] || !match[2]) return undefined
    const field = Object.keys(letters).find((name) => letters[name] === match[1])
    if (!field && match[1] !== restLetter) return undefined
    prints[field ?? restField] = match[2]
  }
  return { format: Number(format), prints }
}

/** Copies that can be read, of the record and of the tag; a tag that was edited by hand is no copy. */
export function retiredCopies({ record, tag }: { record?: Configuration; tag?: string }): readonly RetiredCopy[] {
  const copies = [record && retiredFromRecord(record), tag === undefined ? undefined : parseRetiredCopy(tag)]
  return copies.filter((copy) => copy !== undefined)
}

/** A copy of another format says nothing. */
export function isComparable(copy: RetiredCopy): boolean {
  return copy.format === configurationFormat
}

/** Names of fields in which two differ. Against fingerprints, all that have no letter count as one. */
export function differingFields(copy: RetiredCopy, configuration: Configuration): readonly string[] {
  if ('fields' in copy) return differing(copy.fields, configuration)
  return differing(copy.prints, printsOf(configuration))
}

/**
 * Fields that `wanted` has (or lacks) as the copy does, while `running` differs. If the copy has fingerprints only, the
 * fields without a letter count as one.
 */
export function fieldsTakenBack(copy: RetiredCopy, wanted: Configuration, running: Configuration): readonly string[] {
  const [was, will, is] =
    'fields' in copy ? [copy.fields, wanted, running] : [copy.prints, printsOf(wanted), printsOf(running)]
  const names = new Set([...Object.keys(was), ...Object.keys(will), ...Object.keys(is)])
  return [...names].filter((name) => was[name] === will[name] && will[name] !== is[name]).sort()
}

/** Fields in which two configurations differ, those of one alone included. */
export function differing(a: Configuration, b: Configuration): readonly string[] {
  const names = new Set([...Object.keys(a), ...Object.keys(b)])
  return [...names].filter((name) => a[name] !== b[name]).sort()
}

/** One fingerprint of the whole: names a change in the record. */
export function configurationFingerprint(configuration: Configuration): string {
  return fingerprint(ordered(configuration))
}

function printsOf(configuration: Configuration): Readonly<Record<string, string>> {
  const prints: Record<string, string> = {}
  const rest: Record<string, string> = {}
  for (const [field, text] of Object.entries(configuration)) {
    if (field === formatField) continue
    if (letters[field]) prints[field] = shortFingerprint(text)
    else rest[field] = text
  }
  if (Object.keys(rest).length > 0) prints[restField] = shortFingerprint(ordered(rest))
  return prints
}

function ordered(configuration: Configuration): string {
  return JSON.stringify(Object.entries(configuration).sort(([a], [b]) => (a < b ? -1 : 1)))
}
