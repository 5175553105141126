/** The SDK's own EC2 client, which is only a development dependency, says what each answer means. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  DescribeLaunchTemplateVersionsCommand,
  DescribeLaunchTemplateVersionsResult$,
  EC2Client
} from '@aws-sdk/client-ec2'
import { NormalizedSchema } from '@smithy/core/schema'
import { connectAws } from '../../src/aws/connection.ts'
import { launchTemplateVersionsFrom } from '../../src/aws/ec2-wire.ts'
import { plainJson, templateVersionFrom } from '../../src/aws/translation.ts'
import { awsFake } from './aws-fake.ts'

/** XML with every member that the SDK knows, each list with this many items. */
function everything(schema: NormalizedSchema, items: number): string {
  if (schema.isListSchema()) {
    const value = schema.getValueSchema()
    const name = String(value.getMergedTraits().xmlName ?? 'item')
    return Array.from({ length: items }, () => `<${name}>${everything(value, items)}</${name}>`).join('')
  }
  if (schema.isStructSchema()) {
    return [...schema.structIterator()]
      .map(([member, of]) => [String(of.getMemberTraits().xmlName ?? member), everything(of, items)])
      .map(([name, content]) => (content === '' ? `<${name}/>` : `<${name}>${content}</${name}>`))
      .join('')
  }
  if (schema.isBooleanSchema()) return 'true'
  if (schema.isNumericSchema()) return '17'
  if (schema.isTimestampSchema()) return '2026-11-24T10:00:00.000Z'
  // Text that looks like something else stays text.
  return 'true'
}

const versions = NormalizedSchema.of(DescribeLaunchTemplateVersionsResult$).getMemberSchemas().LaunchTemplateVersions
const oneVersion = versions?.getValueSchema() ?? assert.fail()

for (const items of [0, 1, 3]) {
  test(`an answer with everything in it, lists of ${items}, reads as the SDK reads it`, async (t) => {
    const data = everything(oneVersion, items)
    assert.ok(items === 0 || data.length > 5_000, 'the template is full')
    const body = `<DescribeLaunchTemplateVersionsResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"><launchTemplateVersionSet><item>${data}</item></launchTemplateVersionSet></DescribeLaunchTemplateVersionsResponse>`
    const fake = await awsFake({ DescribeLaunchTemplateVersions: () => ({ body }) })
    t.after(() => fake.close())
    const sdk = new EC2Client({ region: 'eu-west-1' })
    t.after(() => sdk.destroy())
    const theirs = await sdk.send(new DescribeLaunchTemplateVersionsCommand({ LaunchTemplateId: 'lt-1' }))
    const version = theirs.LaunchTemplateVersions?.[0] ?? assert.fail()
    const aws = await connectAws({ mask: () => {}, userAgent: 'test' })
    t.after(() => aws.close())
    const ours = await aws.nodeGroups('shop', 'k').template({ id: 'lt-1', name: '', version: '17' })
    assert.deepEqual(ours, templateVersionFrom(version as never))
  })
}

test('a setting that the SDK does not know yet is kept', () => {
  const [version] = launchTemplateVersionsFrom({
    launchTemplateVersionSet: {
      item: { launchTemplateData: { quantumOptions: { spin: 'up' }, quantumPortSet: { item: ['1', '2'] } } }
    }
  })
  assert.deepEqual(plainJson(version?.LaunchTemplateData), { QuantumOptions: { Spin: 'up' }, QuantumPorts: ['1', '2'] })
})

test('an answer without versions has none', () => {
  assert.deepEqual(launchTemplateVersionsFrom({ launchTemplateVersionSet: '' }), [])
  assert.deepEqual(launchTemplateVersionsFrom({}), [])
})
