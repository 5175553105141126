/**
 * Reads the state of one CloudWatch alarm, of a metric or composite.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DescribeAlarms.html
 */
import type { AutoScalingClient, AutoScalingClientConfig } from '@aws-sdk/client-auto-scaling'
import { AwsQueryProtocol } from '@aws-sdk/core/protocols'
import { UpgradeError } from '../engine/model/error.ts'
import type { GateLook } from '../engine/model/gates.ts'
import { shellWord } from '../engine/model/shell-word.ts'
import { called } from './clients.ts'
import type { Element } from './ec2-wire.ts'
import { otherServiceClient, sendAction } from './other-service-client.ts'

const limitMs = 10_000

export function cloudWatchClient(shared: AutoScalingClientConfig): AutoScalingClient {
  return otherServiceClient(
    {
      serviceId: 'CloudWatch',
      host: 'monitoring',
      protocol: AwsQueryProtocol,
      protocolSettings: {
        defaultNamespace: 'com.amazonaws.cloudwatch',
        xmlNamespace: 'http://monitoring.amazonaws.com/doc/2010-08-01/',
        version: '2010-08-01',
        serviceTarget: 'GraniteServiceVersion20100801'
      }
    },
    shared
  )
}

/** Never rejects for an alarm that cannot be read. */
export async function askAlarm(
  client: AutoScalingClient,
  region: string,
  name: string,
  signal: AbortSignal
): Promise<Omit<GateLook, 'gate'>> {
  const hint = `aws cloudwatch describe-alarms --region ${region} --alarm-types MetricAlarm CompositeAlarm --alarm-names ${shellWord(name)}`
  // Without its type a composite alarm is not returned.
  const input = {
    'AlarmNames.member.1': name,
    'AlarmTypes.member.1': 'MetricAlarm',
    'AlarmTypes.member.2': 'CompositeAlarm'
  }
  const stop = AbortSignal.any([signal, AbortSignal.timeout(limitMs)])
  try {
    const answer = await called(client, 'cloudwatch:DescribeAlarms', region, () =>
      sendAction(client, 'DescribeAlarms', input, stop)
    )
    const state = stateIn(answer, name)
    if (state === undefined) return { state: 'unknown', seen: `there is no such alarm in ${region}`, hint }
    return { state: meaning[state] ?? 'unknown', seen: `the alarm is ${state}`, hint }
  } catch (error) {
    if (!(error instanceof UpgradeError)) throw error
    const denied = error.details.code === 'access-denied'
    return { state: 'unknown', seen: error.message, hint: denied ? permission : error.details.hint }
  }
}

const meaning: Readonly<Record<string, GateLook['state']>> = { OK: 'good', ALARM: 'bad', INSUFFICIENT_DATA: 'no-data' }

const permission =
  'Allow the role cloudwatch:DescribeAlarms: examples/iam-policy-gates.json has the statement (docs/permissions.md).'

function stateIn(answer: unknown, name: string): string | undefined {
  const result = member(answer as Element, 'DescribeAlarmsResult') ?? (answer as Element)
  const alarms = ['MetricAlarms', 'CompositeAlarms'].flatMap((kind) => members(member(result, kind)))
  const found = alarms.find((alarm) => member(alarm, 'AlarmName') === name)
  const state = found && member(found, 'StateValue')
  return typeof state === 'string' ? state : undefined
}

function member(element: Element | undefined, name: string): Element | undefined {
  return typeof element === 'object' && !Array.isArray(element)
    ? (element as Readonly<Record<string, Element | undefined>>)[name]
    : undefined
}

/** One member is parsed as itself, several as a list, none as an empty text. */
function members(list: Element | undefined): readonly Element[] {
  const found = member(list, 'member')
  if (found === undefined) return []
  return Array.isArray(found) ? found : [found]
}
