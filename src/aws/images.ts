/** The engine's port to images, over a table of calls. */

import type { Image, Images } from '../engine/model/image.ts'
import type { AwsAccess, AwsImage, Ec2Calls, SsmCalls } from './aws-calls.ts'
import { nameOf, translated } from './aws-error.ts'
import { allPages, chunksOf } from './paging.ts'

/** Values of one filter: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_Filtering.html */
const valuesPerFilter = 200

export function awsImages(calls: Ec2Calls & SsmCalls, access: AwsAccess): Images {
  return {
    describe: (ids) =>
      translated(access, 'ec2', 'DescribeImages', async () => {
        const deadline = access.deadlines.read()
        const found = chunksOf([...new Set(ids)], valuesPerFilter).map((chunk) =>
          allPages<AwsImage>(async (NextToken) => {
            const Filters = [{ Name: 'image-id', Values: chunk }]
            const page = await calls.describeImages({ Filters, IncludeDeprecated: true, NextToken }, deadline)
            return { items: page.Images, next: page.NextToken }
          })
        )
        return (await Promise.all(found)).flat().map(imageFrom)
      }),

    ofInstances: (instanceIds) =>
      translated(access, 'ec2', 'DescribeInstances', async () => {
        const deadline = access.deadlines.read()
        const found = chunksOf([...new Set(instanceIds)], valuesPerFilter).map((chunk) =>
          allPages(async (NextToken) => {
            const Filters = [{ Name: 'instance-id', Values: chunk }]
            const page = await calls.describeInstances({ Filters, NextToken }, deadline)
            return { items: page.Reservations?.flatMap(({ Instances }) => Instances ?? []), next: page.NextToken }
          })
        )
        const instances = (await Promise.all(found)).flat()
        return new Map(
          instances.flatMap(({ InstanceId, ImageId }) => (InstanceId && ImageId ? [[InstanceId, ImageId]] : []))
        )
      }),

    parameter: (name) =>
      translated(access, 'ssm', 'GetParameter', async () => {
        try {
          return (await calls.getParameter({ Name: name }, access.deadlines.read())).Parameter?.Value
        } catch (error) {
          if (/^Parameter(Version)?NotFound/.test(nameOf(error))) return undefined
          throw error
        }
      })
  }
}

function imageFrom(image: AwsImage): Image {
  return {
    id: image.ImageId ?? '',
    name: image.Name ?? '',
    architecture: image.Architecture ?? '',
    windows: image.Platform?.toLowerCase() === 'windows',
    ownedByAmazon: image.ImageOwnerAlias === 'amazon',
    owner: image.OwnerId ?? '',
    state: image.State ?? '',
    deprecatedAt: image.DeprecationTime ? Date.parse(image.DeprecationTime) : undefined,
    rootDevice: image.RootDeviceName
  }
}
