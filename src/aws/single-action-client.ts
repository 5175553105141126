/**
 * A client for one action of EC2, whose own client would add a third to the bundle (760 kB of 2.3 MB, measured). The
 * SDK's machinery (endpoints, signing, retries, clock skew, AWS_ENDPOINT_URL_EC2 and similar) is the same for all
 * services. The client of another service is told the name, the protocol and the shape of the one action.
 */

import { AutoScalingClient, type AutoScalingClientConfig } from '@aws-sdk/client-auto-scaling'
import { AwsEc2QueryProtocol } from '@aws-sdk/core/protocols'
import { makeBuilder } from '@smithy/core/client'
import { getEndpointPlugin } from '@smithy/core/endpoints'
import type { Ec2Calls } from './aws-calls.ts'
import { type Element, launchTemplateVersionsFrom } from './launch-template-wire.ts'

export function ec2Client(shared: AutoScalingClientConfig): AutoScalingClient {
  const standard = new AutoScalingClient({ region: 'eu-west-1' }).config.endpointProvider
  const config = {
    ...shared,
    serviceId: 'EC2',
    signingName: 'ec2',
    protocol: AwsEc2QueryProtocol,
    protocolSettings: {
      defaultNamespace: 'com.amazonaws.ec2',
      xmlNamespace: 'http://ec2.amazonaws.com/doc/2016-11-15',
      version: '2016-11-15',
      serviceTarget: 'AmazonEC2',
      errorTypeRegistries: []
    },
    // In every partition the host of EC2 differs from that of Auto Scaling by its first word only.
    endpointProvider: (...given: Parameters<typeof standard>) => {
      const endpoint = standard(...given)
      if (given[0].Endpoint !== undefined) return endpoint
      const url = new URL(endpoint.url)
      url.host = url.host.replace(/^autoscaling/, 'ec2')
      return { ...endpoint, url }
    }
  }
  return new AutoScalingClient(config as AutoScalingClientConfig)
}

const endpointParameters = {
  UseFIPS: { type: 'builtInParams', name: 'useFipsEndpoint' },
  Endpoint: { type: 'builtInParams', name: 'endpoint' },
  Region: { type: 'builtInParams', name: 'region' },
  UseDualStack: { type: 'builtInParams', name: 'useDualstackEndpoint' }
} as const

/** Types of the SDK's schema language, see @smithy/core/schema. */
const text = 0
const anything = 15
const structure = 3
const operation = 9
const listOf = 64

const describeVersions = [
  operation,
  'ec2',
  'DescribeLaunchTemplateVersions',
  0,
  [
    structure,
    'ec2',
    'DescribeLaunchTemplateVersionsRequest',
    0,
    ['LaunchTemplateId', 'LaunchTemplateName', 'Versions'],
    [text, text, [listOf | text, { xmlName: 'LaunchTemplateVersion' }]]
  ],
  anything
]

export function ec2Calls(client: () => AutoScalingClient): Ec2Calls {
  return {
    async describeLaunchTemplateVersions(input, abortSignal) {
      const { config } = client()
      const build = makeBuilder(endpointParameters, config.serviceId, 'SingleAction', getEndpointPlugin)
      const Command = build({}, () => [], 'DescribeLaunchTemplateVersions', describeVersions as never)
      const answer: unknown = await client().send(new Command(input as never) as never, { abortSignal })
      return { LaunchTemplateVersions: launchTemplateVersionsFrom(answer as Element) }
    }
  }
}
