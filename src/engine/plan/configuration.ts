/**
 * What a group launches, as it was written: a flat record from a field's name to a canonical text, so that two groups can be
 * compared field by field, and one group with what it was when it was retired.
 *
 * Left out: the template's id, name and version (an equal copy under another number is equal) and its tags. A group's own name and
 * color word become placeholders, because user data labels nodes with them. Image aliases (`resolve:ssm:…`) stay as written.
 */
import type { Group, Json, OwnWords, TemplateRef, TemplateVersion } from '../model/node-group.ts'
import { decodeBase64, placeholders } from './own-words.ts'

/** Grows when the fields or their canonical texts change their meaning; copies of another format are not compared. */
export const configurationFormat = 1

/** Field → canonical text. A field that is not set is not there; `format` always is. */
export type Configuration = Readonly<Record<string, string>>

/**
 * Keys of LaunchTemplateData with a name of their own. Every other key is a field as well, named by its words (`CpuOptions`: `cpu options`).
 * https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_RequestLaunchTemplateData.html
 */
const fieldNames: Readonly<Record<string, string>> = {
  ImageId: 'image',
  InstanceType: 'instance type',
  UserData: 'user data',
  KeyName: 'key name',
  SecurityGroupIds: 'security groups',
  SecurityGroups: 'security group names',
  NetworkInterfaces: 'network interfaces',
  IamInstanceProfile: 'instance profile',
  BlockDeviceMappings: 'disks',
  MetadataOptions: 'metadata options',
  InstanceMarketOptions: 'market'
}

/** The field that says by which rules the others were made. */
export const formatField = 'format'

/** Fields that come from the group and not from its template. */
export const groupFields = { overrides: 'overrides', purchase: 'purchase options', subnets: 'subnets' } as const

/**
 * Strategies for which the order of overrides is their priority.
 * https://docs.aws.amazon.com/autoscaling/ec2/userguide/allocation-strategies.html
 */
const orderedStrategies = ['prioritized', 'capacity-optimized-prioritized']

/** Finds the template version that a reference means; undefined if it does not exist or was not looked up. */
export type TemplateLookup = (ref: TemplateRef) => TemplateVersion | undefined

/** A look-up over versions in hand. `$Latest` and `$Default` are not followed: see `followed`. */
export function lookupIn(
  templates: readonly TemplateVersion[],
  followed: Readonly<Record<string, number>> = {}
): TemplateLookup {
  return ({ id, version }) => {
    const number = followed[`${id}:${version}`] ?? Number(version)
    return templates.find((one) => one.id === id && one.version === number)
  }
}

/** Every template that the group launches from: the base first, then those of single overrides. */
export function templateRefsOf(group: Group): readonly TemplateRef[] {
  const refs = overridesOf(group).map(overrideRef)
  return [group.template, ...refs].filter((ref) => ref !== undefined)
}

/**
 * The group's configuration with `template` as its base. `naming` undefined leaves the group's own words as they are: for showing,
 * and to see that both groups use exactly the same text.
 */
export function configurationOf(
  group: Group,
  template: TemplateVersion,
  naming: OwnWords | undefined,
  lookup: TemplateLookup = () => undefined
): Configuration {
  const fields: Record<string, string> = { [formatField]: String(configurationFormat) }
  for (const [key, value] of Object.entries(asObject(template.data))) {
    if (key === 'TagSpecifications') continue
    const text = key === 'UserData' ? userData(value, naming) : canonical(value, naming)
    if (text !== undefined) fields[fieldNames[key] ?? words(key)] = text
  }
  const purchase = asObject(asObject(group.mixed).InstancesDistribution)
  const put = (field: string, value: Json) => {
    const text = canonical(value, naming)
    if (text !== undefined) fields[field] = text
  }
  put(groupFields.purchase, purchase)
  put(groupFields.subnets, group.subnets)
  const overrides = overridesOf(group).map((one) => followOverride(one, group, naming, lookup))
  const ordered = Object.values(purchase).some((value) => orderedStrategies.includes(String(value)))
  // A canonical object keeps the order of its list in the keys.
  put(groupFields.overrides, ordered ? { ...overrides } : overrides)
  return fields
}

/** What an instance of the active group runs, for each different configuration among them, most instances first. */
export interface ActiveRun {
  template: TemplateRef
  /** Its content, with the image that these instances run if that was read. */
  content: TemplateVersion
  createdAt: number
  instanceIds: readonly string[]
  fields: Configuration
  /** As written, without placeholders. */
  written: Configuration
}

/**
 * Read from the instances: each has the template version that it was launched from. Instances whose version was deleted, or that
 * have none, are returned by id. `images`: which image an instance runs; an alias in its template may mean another one by now.
 */
export function whatActiveRuns(
  group: Group,
  naming: OwnWords,
  lookup: TemplateLookup,
  images: ReadonlyMap<string, string> = new Map()
): { runs: readonly ActiveRun[]; unknown: readonly string[] } {
  const byRef = new Map<string, { template: TemplateVersion; ref: TemplateRef; ids: string[] }>()
  const unknown: string[] = []
  for (const instance of group.instances) {
    const ref = instance.template
    const template = ref && lookup(ref)
    if (!ref || !template) {
      unknown.push(instance.id)
      continue
    }
    const image = images.get(instance.id)
    const key = `${ref.id}:${ref.version}:${image ?? ''}`
    const known = byRef.get(key)
    if (known) known.ids.push(instance.id)
    else byRef.set(key, { template: image ? withImage(template, image) : template, ref, ids: [instance.id] })
  }
  const runs = [...byRef.values()].map(({ template, ref, ids }) => {
    const { base, look } = asRemembered(group, template, lookup)
    return {
      template: ref,
      content: template,
      createdAt: template.createdAt,
      instanceIds: ids,
      fields: configurationOf(group, base, naming, look),
      written: configurationOf(group, base, undefined, look)
    }
  })
  return { runs: runs.sort((a, b) => b.instanceIds.length - a.instanceIds.length), unknown }
}

/** The same version with another image. */
export function withImage(version: TemplateVersion, image: string): TemplateVersion {
  return { ...version, data: { ...asObject(version.data), ImageId: image } }
}

/** The image as the template names it: by its id, or by an alias. */
export function imageIn(version: TemplateVersion): string | undefined {
  const { ImageId } = asObject(version.data)
  return typeof ImageId === 'string' ? ImageId : undefined
}

/** An override may name a template of its own; an instance that was launched from it says nothing about the base. */
function asRemembered(group: Group, template: TemplateVersion, lookup: TemplateLookup) {
  const ofOverride = overridesOf(group).some((one) => overrideRef(one)?.id === template.id)
  const base = group.template && lookup(group.template)
  if (!ofOverride || !base || group.template?.id === template.id) return { base: template, look: lookup }
  const look: TemplateLookup = (ref) => (ref.id === template.id ? template : lookup(ref))
  return { base, look }
}

function overridesOf(group: Group): readonly Json[] {
  const mixed = asObject(group.mixed)
  const found = mixed.Overrides ?? asObject(mixed.LaunchTemplate).Overrides
  return Array.isArray(found) ? found : []
}

function overrideRef(override: Json): TemplateRef | undefined {
  const spec = asObject(asObject(override).LaunchTemplateSpecification)
  if (typeof spec.LaunchTemplateId !== 'string') return undefined
  const name = typeof spec.LaunchTemplateName === 'string' ? spec.LaunchTemplateName : ''
  return { id: spec.LaunchTemplateId, name, version: String(spec.Version ?? '$Default') }
}

/** The override with its own template's content instead of the reference; one that cannot be looked up stays as written. */
function followOverride(override: Json, group: Group, naming: OwnWords | undefined, lookup: TemplateLookup): Json {
  const ref = overrideRef(override)
  const template = ref && lookup(ref)
  if (!template) return override
  const { LaunchTemplateSpecification: _, ...rest } = asObject(override)
  return { ...rest, template: configurationOf({ ...group, mixed: undefined, subnets: [] }, template, naming) }
}

function userData(value: Json | undefined, naming: OwnWords | undefined): string | undefined {
  if (typeof value !== 'string' || value === '') return undefined
  return placeholders(decodeBase64(value) ?? value, naming)
}

/** Keys and lists are sorted, and empty values left out. undefined: nothing is left. */
function canonical(value: Json | undefined, naming: OwnWords | undefined): string | undefined {
  const plain = canonicalValue(value, naming)
  if (plain === undefined) return undefined
  return typeof plain === 'string' ? plain : JSON.stringify(plain)
}

function canonicalValue(value: Json | undefined, naming: OwnWords | undefined): Json | undefined {
  if (value === undefined || value === null || value === '') return undefined
  if (typeof value === 'string') return placeholders(value, naming)
  if (typeof value !== 'object') return value
  if (Array.isArray(value)) {
    const items = value.map((item) => canonicalValue(item, naming)).filter((item) => item !== undefined)
    if (items.length === 0) return undefined
    // EC2 returns lists in any order. If the order matters (network interfaces), the items have an index.
    return items.sort((a, b) => compareTexts(JSON.stringify(a), JSON.stringify(b)))
  }
  const entries = Object.entries(value)
    .map(([key, item]) => [key, canonicalValue(item, naming)] as const)
    .filter(([, item]) => item !== undefined)
    .sort(([a], [b]) => compareTexts(a, b))
  return entries.length > 0 ? Object.fromEntries(entries) : undefined
}

function words(key: string): string {
  return key.replace(/([a-z0-9])([A-Z])/g, '$1 $2').toLowerCase()
}

function asObject(value: Json | undefined): { readonly [key: string]: Json | undefined } {
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value)
  return isObject ? (value as { readonly [key: string]: Json | undefined }) : {}
}

function compareTexts(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
