/**
 * Writes a request of the EC2 API by rule: `{ A: { Bs: [{ C: 1 }] } }` is `A.B.1.C=1`. The content of a launch template that is
 * copied is written like this, with settings that are newer than this code.
 * https://docs.aws.amazon.com/AWSEC2/latest/APIReference/Query-Requests.html
 */
import type { Json } from '../engine/model/node-group.ts'

/** Lists whose items have another name in a request than the singular of the list. A test compares with the SDK's schema. */
const itemNames: Readonly<Record<string, string>> = {
  Groups: 'SecurityGroupId',
  Ipv4Prefixes: 'Ipv4Prefix',
  Ipv6Prefixes: 'Ipv6Prefix',
  Versions: 'LaunchTemplateVersion'
}

/** Lists that keep their name in this structure. */
const plural = new Set(['NetworkInterface.Ipv6Addresses', 'NetworkInterface.PrivateIpAddresses'])

/** Said of a template that is described, and not taken back in a request. */
const describedOnly = new Set(['MetadataOptions.State', 'NetworkInterfaces.Ipv6Addresses.IsPrimaryIpv6', 'Operator'])

/** Names and values of the request; empty values are left out. */
export function requestParameters(input: Json): Readonly<Record<string, string>> {
  return Object.fromEntries(parametersOf(input, '', ''))
}

/** What of a template's described content a request may hold. */
export function writableContent(data: Json): Json {
  return without(data, '')
}

function without(value: Json, path: string): Json {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map((item) => without(item, path))
  const entries = Object.entries(value).filter(([key]) => !describedOnly.has(`${path}${key}`))
  return Object.fromEntries(entries.map(([key, one]) => [key, without(one as Json, `${path}${key}.`)]))
}

function parametersOf(value: Json | undefined, name: string, prefix: string): readonly (readonly [string, string])[] {
  if (value === undefined || value === null) return []
  if (typeof value !== 'object') return [[`${prefix}${name}`, String(value)]]
  if (Array.isArray(value)) {
    const listed = itemName(name, structureOf(prefix))
    return value.flatMap((item, index) => parametersOf(item, `${listed}.${index + 1}`, prefix))
  }
  const inner = name === '' ? prefix : `${prefix}${name}.`
  return Object.entries(value).flatMap(([key, one]) => parametersOf(one as Json, key, inner))
}

/** `LaunchTemplateData.NetworkInterface.1.` → `NetworkInterface`. */
function structureOf(prefix: string): string {
  return /(\w+)(?:\.\d+)?\.$/.exec(prefix)?.[1] ?? ''
}

/** `SecurityGroupIds` → `SecurityGroupId`. `inside`: the structure that has the list, as it is written. */
export function itemName(list: string, inside = ''): string {
  if (plural.has(`${inside}.${list}`)) return list
  return itemNames[list] ?? list.replace(/(?<=ss)es$|s$/, '')
}
