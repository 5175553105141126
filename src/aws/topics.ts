/**
 * Publishes one message to an SNS topic. The topic's ARN says in which region it is, which need not be the cluster's.
 * https://docs.aws.amazon.com/sns/latest/api/API_Publish.html
 */
import type { AutoScalingClient, AutoScalingClientConfig } from '@aws-sdk/client-auto-scaling'
import { AwsQueryProtocol } from '@aws-sdk/core/protocols'
import { called } from './clients.ts'
import { otherServiceClient, sendAction } from './other-service-client.ts'

export interface Publication {
  topicArn: string
  subject: string
  body: string
  /** For the filter policies of subscriptions. */
  attributes: Readonly<Record<string, string>>
  /** For a FIFO topic: what keeps messages of one subject in order, and what makes the same message the same. */
  order: { group: string; once: string }
}

export function snsClient(shared: AutoScalingClientConfig): AutoScalingClient {
  return otherServiceClient(
    {
      serviceId: 'SNS',
      host: 'sns',
      protocol: AwsQueryProtocol,
      protocolSettings: {
        defaultNamespace: 'com.amazonaws.sns',
        xmlNamespace: 'http://sns.amazonaws.com/doc/2010-03-31/',
        version: '2010-03-31',
        serviceTarget: 'AmazonSNS'
      }
    },
    shared
  )
}

function topicRegion(arn: string): string {
  return arn.split(':')[3] ?? ''
}

/** Rejects with the engine's error for whatever AWS refuses. */
export async function publish(
  shared: AutoScalingClientConfig,
  { topicArn, subject, body, attributes: given, order }: Publication,
  signal: AbortSignal
): Promise<void> {
  const region = topicRegion(topicArn)
  const client: AutoScalingClient = snsClient({ ...shared, region })
  const isFifo = topicArn.endsWith('.fifo')
  const input = {
    TopicArn: topicArn,
    Subject: subject,
    Message: body,
    ...Object.fromEntries(Object.entries(given).flatMap(attributeParameters)),
    ...(isFifo ? { MessageGroupId: order.group, MessageDeduplicationId: order.once } : {})
  }
  await called(client, 'sns:Publish', region, () => sendAction(client, 'Publish', input, signal))
}

/** As the Query protocol writes a map, counted from 1. */
function attributeParameters([name, value]: [string, string], index: number): [string, string][] {
  const at = `MessageAttributes.entry.${index + 1}`
  return [
    [`${at}.Name`, name],
    [`${at}.Value.DataType`, 'String'],
    [`${at}.Value.StringValue`, value]
  ]
}
