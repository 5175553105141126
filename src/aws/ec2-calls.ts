/** The few actions of EC2 that are needed. Its own client would add a third to the bundle (760 kB of 2.3 MB, measured). */

import type { AutoScalingClient, AutoScalingClientConfig } from '@aws-sdk/client-auto-scaling'
import { AwsEc2QueryProtocol } from '@aws-sdk/core/protocols'
import type { Json } from '../engine/model/node-group.ts'
import type { Ec2Calls } from './aws-calls.ts'
import { requestParameters } from './ec2-request.ts'
import { type Element, imagesFrom, launchTemplateVersionsFrom, pageOf, reservationsFrom } from './ec2-wire.ts'
import { otherServiceClient, sendAction } from './other-service-client.ts'

export function ec2Client(shared: AutoScalingClientConfig): AutoScalingClient {
  return otherServiceClient(
    {
      serviceId: 'EC2',
      host: 'ec2',
      protocol: AwsEc2QueryProtocol,
      protocolSettings: {
        defaultNamespace: 'com.amazonaws.ec2',
        xmlNamespace: 'http://ec2.amazonaws.com/doc/2016-11-15',
        version: '2016-11-15',
        serviceTarget: 'AmazonEC2'
      }
    },
    shared
  )
}

/** `writes` sends a call once; `reads` repeats one that failed for a passing reason. */
export function ec2Calls(reads: () => AutoScalingClient, writes: () => AutoScalingClient): Ec2Calls {
  const send = (client: AutoScalingClient, action: string, input: object, end: AbortSignal) =>
    sendAction(client, action, requestParameters(input as Json), end) as Promise<Element>
  return {
    async describeLaunchTemplateVersions(input, end) {
      const answer = await send(reads(), 'DescribeLaunchTemplateVersions', input, end)
      return { ...pageOf(answer), LaunchTemplateVersions: launchTemplateVersionsFrom(answer) }
    },
    async describeImages(input, end) {
      const answer = await send(reads(), 'DescribeImages', input, end)
      return { ...pageOf(answer), Images: imagesFrom(answer) }
    },
    async describeInstances(input, end) {
      const answer = await send(reads(), 'DescribeInstances', input, end)
      return { ...pageOf(answer), Reservations: reservationsFrom(answer) }
    },
    createLaunchTemplateVersion: (input, end) => send(writes(), 'CreateLaunchTemplateVersion', input, end),
    modifyLaunchTemplate: ({ DefaultVersion, ...input }, end) =>
      send(writes(), 'ModifyLaunchTemplate', { ...input, SetDefaultVersion: DefaultVersion }, end),
    deleteLaunchTemplateVersions: (input, end) => send(writes(), 'DeleteLaunchTemplateVersions', input, end)
  }
}
