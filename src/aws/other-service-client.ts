/**
 * A client for single actions of a service whose own client would make the bundle too large. The SDK's machinery (endpoints, signing,
 * retries, clock skew, AWS_ENDPOINT_URL_EC2 and similar) is the same for all services: the client of another service is told the
 * name, the protocol and the parameters of an action.
 */

import { AutoScalingClient, type AutoScalingClientConfig } from '@aws-sdk/client-auto-scaling'
import { makeBuilder } from '@smithy/core/client'
import { getEndpointPlugin } from '@smithy/core/endpoints'

export interface OtherService {
  /** As the SDK calls it; for the variables that configure its endpoint. */
  serviceId: string
  /** The first word of its host, and what requests are signed for. */
  host: string
  protocol: new (settings: never) => object
  protocolSettings: object
}

export function otherServiceClient(service: OtherService, shared: AutoScalingClientConfig): AutoScalingClient {
  const standard = new AutoScalingClient({ region: 'eu-west-1' }).config.endpointProvider
  const config = {
    ...shared,
    serviceId: service.serviceId,
    signingName: service.host,
    protocol: service.protocol,
    protocolSettings: { ...service.protocolSettings, errorTypeRegistries: [] },
    // In every partition the hosts differ by their first word only.
    endpointProvider: (...given: Parameters<typeof standard>) => {
      const endpoint = standard(...given)
      if (given[0].Endpoint !== undefined) return endpoint
      const url = new URL(endpoint.url)
      url.host = url.host.replace(/^autoscaling/, service.host)
      return { ...endpoint, url }
    }
  }
  return new AutoScalingClient(config as unknown as AutoScalingClientConfig)
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

/** Sends one action with parameters of text. Resolves to the answer as its protocol reads it without a schema. */
export async function sendAction(
  client: AutoScalingClient,
  action: string,
  parameters: Readonly<Record<string, string>>,
  abortSignal: AbortSignal
): Promise<unknown> {
  const names = Object.keys(parameters)
  const request = [structure, 'other', `${action}Request`, 0, names, names.map(() => text)]
  const schema = [operation, 'other', action, 0, request, anything]
  const build = makeBuilder(endpointParameters, client.config.serviceId, 'SingleAction', getEndpointPlugin)
  const Command = build({}, () => [], action, schema as never)
  return client.send(new Command(parameters as never) as never, { abortSignal })
}
