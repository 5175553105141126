import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Configuration, configurationOf } from '../../../src/engine/plan/configuration.ts'
import { fingerprint, shortFingerprint } from '../../../src/engine/plan/fingerprint.ts'
import {
  configurationFingerprint,
  differingFields,
  fieldsTakenBack,
  isComparable,
  parseRetiredCopy,
  restField,
  retiredCopy,
  retiredFromRecord
} from '../../../src/engine/plan/retired-configuration.ts'
import { base64, group, random, template } from './world.ts'

const everything = configurationOf(
  group('shop-blue', 'blue', {
    mixed: { Overrides: [{ InstanceType: 'a' }], InstancesDistribution: { OnDemandBaseCapacity: 1 } }
  }),
  template(1, {
    ImageId: 'ami-1',
    InstanceType: 'm',
    UserData: base64('x'),
    KeyName: 'k',
    SecurityGroupIds: ['s'],
    NetworkInterfaces: [{ DeviceIndex: 0 }],
    IamInstanceProfile: { Name: 'p' },
    BlockDeviceMappings: [{ DeviceName: 'd' }],
    MetadataOptions: { HttpTokens: 'r' },
    InstanceMarketOptions: { MarketType: 'spot' },
    InstanceRequirements: { VCpuCount: { Min: 1 } },
    CpuOptions: { CoreCount: 1 },
    EbsOptimized: true,
    Monitoring: { Enabled: true },
    Placement: { Tenancy: 'default' },
    KernelId: 'k',
    RamDiskId: 'r',
    SecurityGroups: ['n']
  }),
  { name: 'shop-blue', color: 'blue' }
)

test('the fingerprint is FNV-1a', () => {
  // From the test vectors of the FNV authors.
  assert.equal(fingerprint(''), 'cbf29ce484222325')
  assert.equal(fingerprint('a'), 'af63dc4c8601ec8c')
  assert.equal(fingerprint('foobar'), '85944171f73967e8')
  assert.equal(shortFingerprint('foobar'), (0x85944171 ^ 0xf73967e8).toString(16).replace('-', '').padStart(8, '0'))
})

test('a copy of every field fits into a tag, in characters that AWS allows', () => {
  const text = retiredCopy(everything)
  assert.ok(text.length <= 256, String(text.length))
  assert.match(text, /^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u)
})

test('a copy in a tag is read back, and equals what it was made of', () => {
  const copy = parseRetiredCopy(retiredCopy(everything))
  assert.ok(copy && isComparable(copy))
  assert.deepEqual(differingFields(copy, everything), [])
})

test('each field that changes is named, those without a letter as one', () => {
  const copy = parseRetiredCopy(retiredCopy(everything))
  assert.ok(copy)
  assert.deepEqual(differingFields(copy, { ...everything, image: 'ami-2', 'cpu options': 'x' }), ['image', restField])
  const { 'key name': _, ...without } = everything
  assert.deepEqual(differingFields(copy, without), ['key name'])
})

for (const text of ['', 'x', '1 i:12', '1 i:1234567g', 'v1 i:12345678', '1 z:12345678', 'shop was retired']) {
  test(`"${text}" is no copy`, () => assert.equal(parseRetiredCopy(text), undefined))
}

test('a copy of another format is read, and compares with nothing', () => {
  const copy = parseRetiredCopy('9 i:12345678')
  assert.ok(copy)
  assert.equal(isComparable(copy), false)
  assert.equal(isComparable(retiredFromRecord({ image: 'a' })), false)
  assert.equal(isComparable(retiredFromRecord(everything)), true)
})

test("a whole configuration's fingerprint does not depend on the order of its fields, for a thousand cases", () => {
  const next = random(3)
  for (let number = 0; number < 1000; number++) {
    const entries = Array.from({ length: next(8) + 1 }, (_, n): [string, string] => [`f${n}`, `v${next(5)}`])
    const one: Configuration = Object.fromEntries(entries)
    const two: Configuration = Object.fromEntries([...entries].reverse())
    assert.equal(configurationFingerprint(one), configurationFingerprint(two))
    assert.notEqual(configurationFingerprint(one), configurationFingerprint({ ...one, f0: 'other' }))
  }
})

test('a field is taken back only if the active side has moved on', () => {
  const copy = retiredFromRecord({ image: 'a', disks: 'd' })
  assert.deepEqual(fieldsTakenBack(copy, { image: 'a', disks: 'd' }, { image: 'b', disks: 'd' }), ['image'])
  assert.deepEqual(fieldsTakenBack(copy, { image: 'c', disks: 'd' }, { image: 'b', disks: 'd' }), [])
  assert.deepEqual(fieldsTakenBack(copy, { image: 'c', disks: 'd' }, { image: 'b', disks: 'd', market: 'spot' }), [
    'market'
  ])
})
