import assert from 'node:assert/strict'
import { afterEach, test } from 'node:test'
import { cloudWatchClient } from '../../src/aws/alarms.ts'
import { connectAws } from '../../src/aws/connection.ts'
import { snsClient } from '../../src/aws/topics.ts'
import { UpgradeError } from '../../src/engine/model/error.ts'
import { type AwsFake, awsFake, failure, type Handler, listed, result } from './aws-fake.ts'

const never = new AbortController().signal
let fake: AwsFake | undefined
afterEach(() => fake?.close())

async function awsWith(handlers: Readonly<Record<string, Handler>>) {
  fake = await awsFake(handlers)
  return connectAws({ mask: () => {}, userAgent: 'eks-node-upgrade/test' })
}

const alarm = (name: string, state: string) =>
  `<member><AlarmName>${name}</AlarmName><StateValue>${state}</StateValue></member>`
const alarms = (metric: string, composite = '') =>
  result('DescribeAlarms', `<CompositeAlarms>${composite}</CompositeAlarms><MetricAlarms>${metric}</MetricAlarms>`)

for (const [state, means] of Object.entries({
  OK: 'good',
  ALARM: 'bad',
  INSUFFICIENT_DATA: 'no-data',
  NEW: 'unknown'
})) {
  test(`an alarm that is ${state} is ${means}`, async () => {
    const aws = await awsWith({ DescribeAlarms: () => alarms(alarm('errors', state)) })
    const look = await aws.alarm('errors', never)
    assert.equal(look.state, means)
    assert.match(look.seen, new RegExp(state))
    const [call] = fake?.calls ?? []
    assert.equal(call?.service, 'monitoring')
    assert.equal(call?.form['AlarmNames.member.1'], 'errors')
    assert.deepEqual(listed(call?.form ?? {}, 'AlarmTypes'), ['MetricAlarm', 'CompositeAlarm'])
  })
}

test('a composite alarm is found, and no other of several', async () => {
  const several = alarm('other', 'OK') + alarm('errors', 'ALARM')
  const aws = await awsWith({ DescribeAlarms: () => alarms('', several) })
  assert.equal((await aws.alarm('errors', never)).state, 'bad')
})

test('an alarm that does not exist is unknown, with the command that shows it', async () => {
  const aws = await awsWith({ DescribeAlarms: () => alarms('') })
  const look = await aws.alarm("shop's errors", never)
  assert.equal(look.state, 'unknown')
  assert.match(look.seen, /there is no such alarm in eu-west-1/)
  assert.match(look.hint ?? '', /describe-alarms --region eu-west-1 .* --alarm-names 'shop'\\''s errors'/)
})

test('an alarm that may not be read is unknown, and the permission is named', async () => {
  const aws = await awsWith({ DescribeAlarms: () => failure(403, 'AccessDenied', 'not authorized') })
  const look = await aws.alarm('errors', never)
  assert.equal(look.state, 'unknown')
  assert.match(look.hint ?? '', /cloudwatch:DescribeAlarms/)
})

test('an alarm is given up when the look is', async () => {
  const aws = await awsWith({ DescribeAlarms: () => 'never' })
  assert.equal((await aws.alarm('errors', AbortSignal.abort())).state, 'unknown')
})

const message = {
  topicArn: 'arn:aws:sns:eu-central-1:111122223333:upgrades',
  subject: 'workers was reverted',
  body: '{"outcome":"reverted"}',
  attributes: { outcome: 'reverted', cluster: 'shop' },
  order: { group: 'g', once: 'o' }
}

test('a message goes to its topic with its attributes, signed for the region of the ARN', async () => {
  const aws = await awsWith({ Publish: () => result('Publish', '<MessageId>1</MessageId>') })
  await aws.publish(message, never)
  const [call] = fake?.calls ?? []
  assert.match(call?.headers.authorization ?? '', /\/eu-central-1\/sns\/aws4_request/)
  const { Action: _, Version, ...form } = call?.form ?? {}
  assert.equal(Version, '2010-03-31')
  assert.deepEqual(form, {
    TopicArn: message.topicArn,
    Subject: message.subject,
    Message: message.body,
    'MessageAttributes.entry.1.Name': 'outcome',
    'MessageAttributes.entry.1.Value.DataType': 'String',
    'MessageAttributes.entry.1.Value.StringValue': 'reverted',
    'MessageAttributes.entry.2.Name': 'cluster',
    'MessageAttributes.entry.2.Value.DataType': 'String',
    'MessageAttributes.entry.2.Value.StringValue': 'shop'
  })
})

test('a FIFO topic is told the order of messages', async () => {
  const aws = await awsWith({ Publish: () => result('Publish') })
  await aws.publish({ ...message, topicArn: `${message.topicArn}.fifo` }, never)
  const { MessageGroupId, MessageDeduplicationId } = fake?.calls[0]?.form ?? {}
  assert.deepEqual([MessageGroupId, MessageDeduplicationId], ['g', 'o'])
})

test('a topic that may not be written to rejects with the action', async () => {
  const aws = await awsWith({ Publish: () => failure(403, 'AuthorizationError', 'not authorized') })
  await assert.rejects(aws.publish(message, never), (error) => {
    assert.ok(error instanceof UpgradeError)
    return /sns:Publish/.test(error.message)
  })
})

test('the hosts of CloudWatch and SNS are their own in every partition', () => {
  const hosts = (Region: string, UseFIPS = false) =>
    [cloudWatchClient, snsClient].map(
      (client) => client({ region: Region }).config.endpointProvider({ Region, UseFIPS, UseDualStack: false }).url.host
    )
  assert.deepEqual(hosts('eu-west-1'), ['monitoring.eu-west-1.amazonaws.com', 'sns.eu-west-1.amazonaws.com'])
  assert.deepEqual(hosts('cn-north-1'), ['monitoring.cn-north-1.amazonaws.com.cn', 'sns.cn-north-1.amazonaws.com.cn'])
  assert.deepEqual(hosts('us-east-1', true), [
    'monitoring-fips.us-east-1.amazonaws.com',
    'sns-fips.us-east-1.amazonaws.com'
  ])
})
