import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Group, Json } from '../../../src/engine/model/node-group.ts'
import { configurationOf, lookupIn, templateRefsOf, whatActiveRuns } from '../../../src/engine/plan/configuration.ts'
import { decodeBase64, placeholders } from '../../../src/engine/plan/own-words.ts'
import { differing } from '../../../src/engine/plan/retired-configuration.ts'
import { base64, group, instance, template } from './world.ts'

const blueName = { name: 'shop-blue', color: 'blue' } as const
const greenName = { name: 'shop-green', color: 'green' } as const

function compareData(a: Json, b: Json, over: Partial<Group> = {}, other: Partial<Group> = over): readonly string[] {
  const one = configurationOf(group('shop-blue', 'blue', over), template(1, a), blueName)
  const two = configurationOf(
    group('shop-green', 'green', other),
    template(2, b, { id: 'lt-2', name: 'other' }),
    greenName
  )
  return differing(one, two)
}

const equal: readonly [sentence: string, a: Json, b: Json][] = [
  ["a template's id, name and version", {}, {}],
  ['its tags', { TagSpecifications: [{ Tags: [{ Key: 'a', Value: '1' }] }] }, { TagSpecifications: [] }],
  ['the order of security groups', { SecurityGroupIds: ['sg-1', 'sg-2'] }, { SecurityGroupIds: ['sg-2', 'sg-1'] }],
  [
    'the order of disks and of their keys',
    {
      BlockDeviceMappings: [
        { DeviceName: '/dev/xvda', Ebs: { VolumeSize: 20, VolumeType: 'gp3' } },
        { DeviceName: '/dev/xvdb' }
      ]
    },
    {
      BlockDeviceMappings: [
        { DeviceName: '/dev/xvdb' },
        { Ebs: { VolumeType: 'gp3', VolumeSize: 20 }, DeviceName: '/dev/xvda' }
      ]
    }
  ],
  ['what is empty and what is not there', { NetworkInterfaces: [], KeyName: '', Placement: {}, CpuOptions: null }, {}],
  [
    'own color word in user data',
    { UserData: base64('--node-labels=color=blue,group=shop-blue') },
    { UserData: base64('--node-labels=color=green,group=shop-green') }
  ],
  ['own name in strings', { IamInstanceProfile: { Name: 'shop-blue' } }, { IamInstanceProfile: { Name: 'shop-green' } }]
]
for (const [sentence, a, b] of equal) test(`no difference: ${sentence}`, () => assert.deepEqual(compareData(a, b), []))

const different: readonly [field: string, a: Json, b: Json][] = [
  ['image', { ImageId: 'ami-1' }, { ImageId: 'ami-2' }],
  ['image', { ImageId: 'resolve:ssm:/a/1.33' }, { ImageId: 'resolve:ssm:/a/1.34' }],
  ['instance type', { InstanceType: 'm7i.large' }, { InstanceType: 'm7i.xlarge' }],
  ['user data', { UserData: base64('a') }, { UserData: base64('b') }],
  ['user data', { UserData: base64('the bluebird') }, { UserData: base64('the greenbird') }],
  ['key name', { KeyName: 'a' }, {}],
  ['security groups', { SecurityGroupIds: ['sg-1'] }, { SecurityGroupIds: ['sg-1', 'sg-2'] }],
  ['network interfaces', { NetworkInterfaces: [{ DeviceIndex: 0 }] }, {}],
  ['instance profile', { IamInstanceProfile: { Arn: 'a' } }, { IamInstanceProfile: { Arn: 'b' } }],
  [
    'disks',
    { BlockDeviceMappings: [{ DeviceName: '/dev/xvda', Ebs: { VolumeSize: 20 } }] },
    { BlockDeviceMappings: [{ DeviceName: '/dev/xvda', Ebs: { VolumeSize: 30 } }] }
  ],
  [
    'metadata options',
    { MetadataOptions: { HttpTokens: 'required' } },
    { MetadataOptions: { HttpTokens: 'optional' } }
  ],
  ['market', { InstanceMarketOptions: { MarketType: 'spot' } }, {}],
  ['cpu options', { CpuOptions: { CoreCount: 2 } }, {}],
  ['ebs optimized', { EbsOptimized: true }, { EbsOptimized: false }],
  ['something that aws adds', { SomethingThatAwsAdds: 1 }, {}]
]
for (const [field, a, b] of different)
  test(`a difference: ${field} (${JSON.stringify(a).slice(0, 50)})`, () => assert.deepEqual(compareData(a, b), [field]))

test('subnets, overrides and purchase options are part of it', () => {
  const mixed = (types: string[], distribution: Json): Json => ({
    Overrides: types.map((InstanceType) => ({ InstanceType })),
    InstancesDistribution: distribution
  })
  assert.deepEqual(compareData({}, {}, { subnets: ['s-1', 's-2'] }, { subnets: ['s-2', 's-1'] }), [])
  assert.deepEqual(compareData({}, {}, { subnets: ['s-1'] }, { subnets: ['s-2'] }), ['subnets'])
  assert.deepEqual(compareData({}, {}, { mixed: mixed(['a', 'b'], {}) }, { mixed: mixed(['b', 'a'], {}) }), [])
  assert.deepEqual(compareData({}, {}, { mixed: mixed(['a', 'b'], {}) }, { mixed: mixed(['a'], {}) }), ['overrides'])
  assert.deepEqual(
    compareData(
      {},
      {},
      { mixed: mixed(['a'], { OnDemandBaseCapacity: 1 }) },
      { mixed: mixed(['a'], { OnDemandBaseCapacity: 2 }) }
    ),
    ['purchase options']
  )
})

test('the order of overrides counts if it is their priority', () => {
  const mixed = (types: string[]): Json => ({
    LaunchTemplate: { Overrides: types.map((InstanceType) => ({ InstanceType })) },
    InstancesDistribution: { OnDemandAllocationStrategy: 'prioritized' }
  })
  assert.deepEqual(compareData({}, {}, { mixed: mixed(['a', 'b']) }, { mixed: mixed(['b', 'a']) }), ['overrides'])
})

test('an override with a template of its own is compared by what that template says', () => {
  const mixed = (id: string): Json => ({
    Overrides: [{ InstanceType: 'a', LaunchTemplateSpecification: { LaunchTemplateId: id, Version: '1' } }]
  })
  const arm = template(1, { ImageId: 'ami-arm' }, { id: 'lt-arm' })
  const copy = template(1, { ImageId: 'ami-arm' }, { id: 'lt-copy' })
  const other = template(1, { ImageId: 'ami-other' }, { id: 'lt-other' })
  const lookup = lookupIn([arm, copy, other])
  const of = (id: string) =>
    configurationOf(group('g', 'blue', { mixed: mixed(id) }), template(1, {}), undefined, lookup)
  assert.deepEqual(differing(of('lt-arm'), of('lt-copy')), [])
  assert.deepEqual(differing(of('lt-arm'), of('lt-other')), ['overrides'])
  assert.deepEqual(
    templateRefsOf(group('g', 'blue', { mixed: mixed('lt-arm') })).map(({ id }) => id),
    ['lt-1', 'lt-arm']
  )
})

test('user data that is no text is compared as it is', () => {
  assert.equal(decodeBase64(Buffer.from([0x1f, 0x8b, 0xff]).toString('base64')), undefined)
  assert.equal(decodeBase64('no base64!'), undefined)
  const zipped = Buffer.from([0x1f, 0x8b, 0xff]).toString('base64')
  assert.equal(configurationOf(group('g', 'blue'), template(1, { UserData: zipped }), undefined)['user data'], zipped)
})

const words: readonly [text: string, expected: string][] = [
  ['color=blue', 'color={color}'],
  ['shop-blue', '{name}'],
  ['my-shop-blue', 'my-shop-{color}'],
  ['node_blue_1', 'node_{color}_1'],
  ['bluebird', 'bluebird'],
  ['Blue sky', '{color} sky'],
  ['green', 'green']
]
for (const [text, expected] of words)
  test(`placeholders: ${text} → ${expected}`, () => assert.equal(placeholders(text, blueName), expected))

test('a name with characters of a pattern is taken literally', () => {
  assert.equal(placeholders('a.b axb', { name: 'a.b', color: 'blue' }), '{name} axb')
})

test('what runs is read from the instances, which may have different versions', () => {
  const v41 = template(41, { ImageId: 'ami-41' })
  const v40 = template(40, { ImageId: 'ami-40' })
  const ref = (version: string) => ({ id: 'lt-1', name: 'shop', version })
  const active = group('shop-blue', 'blue', {
    instances: [
      instance('i-1', { template: ref('40') }),
      instance('i-2', { template: ref('41') }),
      instance('i-3', { template: ref('41') }),
      instance('i-4', { template: ref('9') }),
      instance('i-5', { template: undefined })
    ]
  })
  const { runs, unknown } = whatActiveRuns(active, blueName, lookupIn([v40, v41]))
  assert.deepEqual(
    runs.map(({ fields, instanceIds }) => [fields.image, instanceIds]),
    [
      ['ami-41', ['i-2', 'i-3']],
      ['ami-40', ['i-1']]
    ]
  )
  assert.deepEqual(unknown, ['i-4', 'i-5'])
})

test("an instance of an override's template says nothing against the base", () => {
  const mixed: Json = {
    Overrides: [
      { InstanceType: 'arm', LaunchTemplateSpecification: { LaunchTemplateId: 'lt-arm', Version: '$Latest' } }
    ]
  }
  const base = template(1, { ImageId: 'ami-x86' })
  const arm = template(3, { ImageId: 'ami-arm' }, { id: 'lt-arm' })
  const lookup = lookupIn([base, arm], { 'lt-arm:$Latest': 3 })
  const active = group('b', 'blue', {
    mixed,
    template: { id: 'lt-1', name: '', version: '1' },
    instances: [
      instance('i-1', { template: { id: 'lt-1', name: '', version: '1' } }),
      instance('i-2', { template: { id: 'lt-arm', name: '', version: '3' } })
    ]
  })
  const { runs } = whatActiveRuns(active, blueName, lookup)
  assert.equal(runs.length, 2)
  assert.deepEqual(differing(runs[0]?.fields ?? {}, runs[1]?.fields ?? {}), [])
})
