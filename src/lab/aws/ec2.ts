/** The part of EC2 that an upgrade of nodes reads, and the calls that create what it reads. */
import type {
  CreateLaunchTemplateRequest,
  CreateLaunchTemplateResult,
  DescribeImagesRequest,
  DescribeImagesResult,
  DescribeInstancesRequest,
  DescribeInstancesResult,
  DescribeInstanceTypesRequest,
  DescribeInstanceTypesResult,
  DescribeLaunchTemplatesRequest,
  DescribeLaunchTemplatesResult,
  DescribeLaunchTemplateVersionsRequest,
  DescribeLaunchTemplateVersionsResult,
  DescribeSubnetsRequest,
  DescribeSubnetsResult,
  Image
} from '@aws-sdk/client-ec2'
import { filtered } from './ec2-filters.ts'
import { describeMachine } from './ec2-machines.ts'
import { knownInstanceTypes } from './instance-types.ts'
import { createLine, describeLine, describeVersion, ec2Error, lineFor, versionOf } from './launch-templates.ts'
import { page } from './paging.ts'
import type { Account } from './state.ts'
import { contentOf, templateVersionActions } from './template-version-actions.ts'

/** Every action of EC2 can be asked whether it would be allowed. */
export function ec2Actions(account: Account) {
  const actions = allActions(account)
  const dry = Object.entries(actions).map(([name, action]) => [
    name,
    (input: { DryRun?: boolean }) => {
      if (!input.DryRun) return (action as (input: object) => unknown)(input)
      throw ec2Error('DryRunOperation', 'Request would have succeeded, but DryRun flag is set.', 412)
    }
  ])
  return Object.fromEntries(dry) as typeof actions
}

function allActions(account: Account) {
  return {
    ...launchTemplateActions(account),
    ...templateVersionActions(account),

    describeInstances(input: DescribeInstancesRequest): DescribeInstancesResult {
      const machines = named(
        [...account.machines.values()],
        input.InstanceIds,
        (one) => one.id,
        (id) => ec2Error('InvalidInstanceID.NotFound', `The instance ID '${id}' does not exist`)
      )
      const described = filtered(
        machines.map((one) => describeMachine(account, one)),
        input.Filters
      )
      const { items, NextToken } = page('ec2', described, ec2PageRequest(input))
      return {
        Reservations: items.map((machine) => ({
          ReservationId: `r-0${machine.InstanceId?.slice(3)}`,
          OwnerId: account.id,
          Instances: [machine]
        })),
        NextToken
      }
    },

    describeImages(input: DescribeImagesRequest): DescribeImagesResult {
      const images = named(
        [...account.images.values()],
        input.ImageIds,
        (one) => one.ImageId,
        (id) => ec2Error('InvalidAMIID.NotFound', `The image id '[${id}]' does not exist`)
      )
      const isListed = ({ DeprecationTime, ImageId }: Image) =>
        input.IncludeDeprecated ||
        input.ImageIds?.includes(ImageId ?? '') ||
        !DeprecationTime ||
        Date.parse(DeprecationTime) > account.clock.now()
      const listed = filtered(images.filter(isListed), input.Filters)
      const { items, NextToken } = page('ec2', listed, ec2PageRequest(input))
      return { Images: items, NextToken }
    },

    describeSubnets(input: DescribeSubnetsRequest): DescribeSubnetsResult {
      const subnets = named(
        [...account.subnets.values()],
        input.SubnetIds,
        (one) => one.SubnetId,
        (id) => ec2Error('InvalidSubnetID.NotFound', `The subnet ID '${id}' does not exist`)
      )
      const { items, NextToken } = page('ec2', filtered(subnets, input.Filters), ec2PageRequest(input))
      return { Subnets: items, NextToken }
    },

    describeInstanceTypes(input: DescribeInstanceTypesRequest): DescribeInstanceTypesResult {
      const types = named(
        knownInstanceTypes(),
        input.InstanceTypes,
        (one) => one.InstanceType,
        (name) => ec2Error('InvalidInstanceType', `The following supplied instance types do not exist: [${name}]`)
      )
      const { items, NextToken } = page('ec2', filtered(types, input.Filters), ec2PageRequest(input))
      return { InstanceTypes: items, NextToken }
    }
  }
}

function launchTemplateActions(account: Account) {
  return {
    describeLaunchTemplates(input: DescribeLaunchTemplatesRequest): DescribeLaunchTemplatesResult {
      const ids = (input.LaunchTemplateIds ?? []).map((LaunchTemplateId) => lineFor(account, { LaunchTemplateId }))
      const names = (input.LaunchTemplateNames ?? []).map((LaunchTemplateName) =>
        lineFor(account, { LaunchTemplateName })
      )
      const named = [...ids, ...names]
      const lines = named.length > 0 ? named : [...account.templates.values()]
      const described = filtered(
        lines.map((line) => describeLine(account, line)),
        input.Filters
      )
      const { items, NextToken } = page('ec2', described, ec2PageRequest(input))
      return { LaunchTemplates: items, NextToken }
    },

    /** Without an id or a name, only `$Latest` or `$Default` of all templates. */
    describeLaunchTemplateVersions(input: DescribeLaunchTemplateVersionsRequest): DescribeLaunchTemplateVersionsResult {
      const oneLine = input.LaunchTemplateId !== undefined || input.LaunchTemplateName !== undefined
      const lines = oneLine ? [lineFor(account, input)] : [...account.templates.values()]
      const wanted = input.Versions ?? []
      if (!oneLine && !wanted.every((version) => version.startsWith('$'))) {
        throw ec2Error('MissingParameter', 'Either LaunchTemplateId or LaunchTemplateName must be specified.')
      }
      const versions = lines.flatMap((line) => {
        // Newest first, as in EC2.
        const all = [...line.versions].reverse().filter(({ number }) => inRange(number, input))
        const picked = wanted.map((version) => {
          const found = versionOf(line, version)
          if (found) return found
          throw ec2Error(
            'InvalidLaunchTemplateId.VersionNotFound',
            `Could not find the specified version ${version} for the launch template with ID ${line.id}.`
          )
        })
        return [...new Set(wanted.length > 0 ? picked : all)].map((version) => describeVersion(account, line, version))
      })
      const { items, NextToken } = page('ec2', versions, ec2PageRequest(input))
      return { LaunchTemplateVersions: items, NextToken }
    },

    createLaunchTemplate(input: CreateLaunchTemplateRequest): CreateLaunchTemplateResult {
      const data = contentOf(input.LaunchTemplateData)
      const line = createLine(account, input.LaunchTemplateName ?? '', data, { description: input.VersionDescription })
      return { LaunchTemplate: describeLine(account, line) }
    }
  }
}

const inRange = (
  number: number,
  { MinVersion = '0', MaxVersion = 'Infinity' }: DescribeLaunchTemplateVersionsRequest
) => number >= Number(MinVersion) && number <= Number(MaxVersion)

const ec2PageRequest = (input: { NextToken?: string; MaxResults?: number }) => ({
  NextToken: input.NextToken,
  size: input.MaxResults,
  standard: 200,
  most: 1000
})

/** The named ones; one that does not exist is an error. Without names, all. */
function named<T>(
  all: readonly T[],
  names: readonly string[] | undefined,
  nameOf: (one: T) => string | undefined,
  missing: (name: string) => Error
): readonly T[] {
  if (names === undefined || names.length === 0) return all
  return names.map((name) => {
    const found = all.find((one) => nameOf(one) === name)
    if (!found) throw missing(name)
    return found
  })
}
