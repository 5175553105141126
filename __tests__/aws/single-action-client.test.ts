import assert from 'node:assert/strict'
import { test } from 'node:test'
import { EC2Client } from '@aws-sdk/client-ec2'
import { ec2Client } from '../../src/aws/single-action-client.ts'

const regions = `eu-west-1 us-east-1 cn-north-1 us-gov-west-1 us-gov-east-1 us-iso-east-1 us-isob-east-1 eu-isoe-west-1
  us-isof-south-1 eusc-de-east-1 xx-new-9`.split(/\s+/)

function hostOf(endpoint: () => { url: URL }): string {
  try {
    return endpoint().url.host
  } catch (error) {
    return String(error)
  }
}

test('the hosts in every partition are those of the whole client', () => {
  for (const Region of regions) {
    const whole = new EC2Client({ region: Region })
    const small = ec2Client({ region: Region })
    for (const UseFIPS of [false, true]) {
      for (const UseDualStack of [false, true]) {
        const where = { Region, UseFIPS, UseDualStack }
        const expected = hostOf(() => whole.config.endpointProvider(where))
        assert.equal(
          hostOf(() => small.config.endpointProvider(where)),
          expected
        )
      }
    }
  }
})
