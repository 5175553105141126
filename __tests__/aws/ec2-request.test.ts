import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as schemas from '@aws-sdk/client-ec2'
import { itemName, requestParameters, writableContent } from '../../src/aws/ec2-request.ts'

test('a request is written by rule', () => {
  assert.deepEqual(
    requestParameters({
      LaunchTemplateId: 'lt-1',
      Versions: ['$Latest', '2'],
      Filters: [{ Name: 'image-id', Values: ['ami-1', 'ami-2'] }],
      LaunchTemplateData: { SecurityGroupIds: ['sg-1'], NetworkInterfaces: [{ DeviceIndex: 0, Groups: ['sg-2'] }] },
      DryRun: true,
      NextToken: undefined as never
    }),
    {
      LaunchTemplateId: 'lt-1',
      'LaunchTemplateVersion.1': '$Latest',
      'LaunchTemplateVersion.2': '2',
      'Filter.1.Name': 'image-id',
      'Filter.1.Value.1': 'ami-1',
      'Filter.1.Value.2': 'ami-2',
      'LaunchTemplateData.SecurityGroupId.1': 'sg-1',
      'LaunchTemplateData.NetworkInterface.1.DeviceIndex': '0',
      'LaunchTemplateData.NetworkInterface.1.SecurityGroupId.1': 'sg-2',
      DryRun: 'true'
    }
  )
})

/** In the SDK's schema language: [kind, namespace, name, traits, member names, member types] and [list, …, item type]. */
type Schema = readonly unknown[]
const [structure, list] = [3, 1]

interface Member {
  path: string
  name: string
  /** Name on the wire, if it is another one. */
  wire?: string
  isList: boolean
}

function membersOf(schema: Schema, path = ''): readonly Member[] {
  const names = schema[4] as readonly string[]
  const types = schema[5] as readonly unknown[]
  return names.flatMap((name, index): readonly Member[] => {
    const [type, traits] = Array.isArray(types[index]) && !isSchema(types[index]) ? types[index] : [types[index], {}]
    const target = resolved(type)
    const item = target?.[0] === list ? resolved(target[4]) : undefined
    const here = `${path}${name}`
    const own: Member = {
      path: here,
      name,
      wire: (traits as { xmlName?: string } | undefined)?.xmlName,
      isList: target?.[0] === list || (typeof target === 'number' && target >= 64)
    }
    const inner = item?.[0] === structure ? item : target?.[0] === structure ? target : undefined
    return [own, ...(inner ? membersOf(inner as Schema, `${here}.`) : [])]
  })
}

function isSchema(value: unknown): boolean {
  return Array.isArray(value) && typeof value[0] === 'number' && typeof value[1] === 'string'
}

function resolved(type: unknown): Schema | undefined {
  const value = typeof type === 'function' ? type() : type
  if (isSchema(value)) return value as Schema
  if (typeof value === 'number' && value >= 64) return [list, '', '', 0, value - 64]
  return Array.isArray(value) ? resolved(value[0]) : undefined
}

const { RequestLaunchTemplateData$, ResponseLaunchTemplateData$ } = schemas as unknown as Record<string, Schema>

/** In the EC2 protocol every name begins with a capital. */
const capital = (name: string) => `${name.charAt(0).toUpperCase()}${name.slice(1)}`

test('every setting of a launch template is written under the name that the whole client uses', () => {
  const members = membersOf(RequestLaunchTemplateData$ ?? [])
  assert.ok(members.length > 120, `only ${members.length} settings were found`)
  for (const { path, name, wire, isList } of members) {
    const inside = path.split('.').at(-2) ?? ''
    assert.equal(isList ? itemName(name, inside.replace(/s$/, '')) : name, capital(wire ?? name), path)
  }
})

test('what is described of a template and not taken back in a request is left out, and nothing else is', () => {
  const written = new Set(membersOf(RequestLaunchTemplateData$ ?? []).map(({ path }) => path))
  const described = membersOf(ResponseLaunchTemplateData$ ?? []).map(({ path }) => path)
  const nested = (path: string): object =>
    path.split('.').reduceRight<unknown>((inner, key) => ({ [key]: inner }), 'value') as object
  const isKept = (path: string) => JSON.stringify(writableContent(nested(path) as never)).includes('value')
  const leftOut = described.filter((path) => !isKept(path))
  const unknown = described.filter((path) => !written.has(path))
  const operator = described.filter((path) => path.startsWith('Operator'))
  assert.deepEqual(new Set(leftOut), new Set([...unknown, ...operator]))
})
