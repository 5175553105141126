/**
 * Clients for single actions of services whose own client would be most of the bundle: EC2 2 MB, EKS 180 kB, measured
 * minified. The SDK's machinery (endpoints, signing, retries, clock skew, AWS_ENDPOINT_URL_EC2 and the like) is one for all
 * services; a client of another service is told the name, the protocol and the shape of the one action.
 */

import { AutoScalingClient, type AutoScalingClientConfig } from '@aws-sdk/client-auto-scaling'
import { AwsEc2QueryProtocol, AwsRestJsonProtocol } from '@aws-sdk/core/protocols'
import { makeBuilder } from '@smithy/core/client'
import { getEndpointPlugin } from '@smithy/core/endpoints'

interface Service {
  serviceId: string
  signingName: string
  protocol: unknown
  protocolSettings: Readonly<Record<string, unknown>>
  /** From the Auto Scaling endpoint's host in this region and partition to that of the service. */
  host: (host: string) => string
}

const ec2: Service = {
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
  host: (host) => host.replace(/^autoscaling/, 'ec2')
}

const eks: Service = {
  serviceId: 'EKS',
  signingName: 'eks',
  protocol: AwsRestJsonProtocol,
  protocolSettings: {
    defaultNamespace: 'com.amazonaws.eks',
    version: '2017-11-01',
    serviceTarget: 'AWSWesleyFrontend',
    errorTypeRegistries: []
  },
  // The commercial partition's FIPS hosts are named the other way round, and GovCloud's plain ones are FIPS already.
  host: (host) =>
    host
      .replace(/^autoscaling-fips\.(us-gov-.*)\.amazonaws\.com$/, 'eks.$1.amazonaws.com')
      .replace(/^autoscaling-fips\.(.*)\.amazonaws\.com$/, 'fips.eks.$1.amazonaws.com')
      .replace(/^autoscaling/, 'eks')
}

export function ec2Client(shared: AutoScalingClientConfig): AutoScalingClient {
  return clientOf(ec2, shared)
}

export function eksClient(shared: AutoScalingClientConfig): AutoScalingClient {
  return clientOf(eks, shared)
}

function clientOf(service: Service, shared: AutoScalingClientConfig): AutoScalingClient {
  const { protocol, protocolSettings, serviceId, signingName } = service
  const standard = new AutoScalingClient({ region: 'eu-west-1' }).config.endpointProvider
  const config = {
    ...shared,
    serviceId,
    signingName,
    protocol,
    protocolSettings,
    endpointProvider: (...given: Parameters<typeof standard>) => {
      const endpoint = standard(...given)
      if (given[0].Endpoint !== undefined) return endpoint
      const url = new URL(endpoint.url)
      url.host = service.host(url.host)
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

/** Numbers and texts of the SDK's schema language: 0 string, 15 whatever comes, 1|128 … see @smithy/core/schema. */
type Shape = unknown

/** Calls one action. `input` and `output` are shapes of the SDK's schema language. */
export async function callAction<Output>(
  client: AutoScalingClient,
  action: { name: string; traits: unknown; input: Shape; output: Shape },
  input: object,
  abortSignal: AbortSignal
): Promise<Output> {
  const build = makeBuilder(endpointParameters, client.config.serviceId, 'SmallClient', getEndpointPlugin)
  const schema = [9, 'small', action.name, action.traits, action.input, action.output]
  const Command = build({}, () => [], action.name, schema as never)
  return (await client.send(new Command(input as never) as never, { abortSignal })) as Output
}
