import assert from 'node:assert/strict'
import { test } from 'node:test'
import { EC2Client } from '@aws-sdk/client-ec2'
import { ec2Client } from '../../src/aws/ec2-calls.ts'
import { ssmClient } from '../../src/aws/ssm-calls.ts'

const regions = `eu-west-1 us-east-1 cn-north-1 us-gov-west-1 us-gov-east-1 us-iso-east-1 us-isob-east-1 eu-isoe-west-1
  us-isof-south-1 eusc-de-east-1 xx-new-9`.split(/\s+/)

function hostOf(endpoint: () => { url: URL }): string {
  try {
    return endpoint().url.host
  } catch (error) {
    return String(error)
  }
}

test('the hosts of EC2 in every partition are those of the whole client', () => {
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

/** https://docs.aws.amazon.com/general/latest/gr/ssm.html */
test('the host of Systems Manager is its own', () => {
  const host = (Region: string, UseFIPS = false) =>
    hostOf(() => ssmClient({ region: Region }).config.endpointProvider({ Region, UseFIPS, UseDualStack: false }))
  assert.equal(host('eu-west-1'), 'ssm.eu-west-1.amazonaws.com')
  assert.equal(host('cn-north-1'), 'ssm.cn-north-1.amazonaws.com.cn')
  assert.equal(host('us-east-1', true), 'ssm-fips.us-east-1.amazonaws.com')
})
