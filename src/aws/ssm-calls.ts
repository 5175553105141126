/** The one action of Systems Manager that is needed. Its own client would add some 600 kB to the bundle. */

import type { AutoScalingClient, AutoScalingClientConfig } from '@aws-sdk/client-auto-scaling'
import { AwsJson1_1Protocol } from '@aws-sdk/core/protocols'
import type { SsmCalls } from './aws-calls.ts'
import { otherServiceClient, sendAction } from './other-service-client.ts'

export function ssmClient(shared: AutoScalingClientConfig): AutoScalingClient {
  return otherServiceClient(
    {
      serviceId: 'SSM',
      host: 'ssm',
      protocol: AwsJson1_1Protocol,
      protocolSettings: { defaultNamespace: 'com.amazonaws.ssm', version: '2014-11-06', serviceTarget: 'AmazonSSM' }
    },
    shared
  )
}

export function ssmCalls(client: () => AutoScalingClient): SsmCalls {
  return {
    getParameter: async (input, end) =>
      (await sendAction(client(), 'GetParameter', input, end)) as Awaited<ReturnType<SsmCalls['getParameter']>>
  }
}
