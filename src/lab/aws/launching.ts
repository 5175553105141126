/** Launching an instance, and the reasons why a launch fails. */

import type { LaunchTemplateSpecification } from '@aws-sdk/client-auto-scaling'
import type { ResponseLaunchTemplateData } from '@aws-sdk/client-ec2'
import { instantText, recordActivity } from './activities.ts'
import { behaviorOf } from './group.ts'
import { instanceId } from './identifiers.ts'
import { instanceType } from './instance-types.ts'
import { lineOf, versionOf } from './launch-templates.ts'
import { comeIntoService } from './life.ts'
import { announce } from './listeners.ts'
import type { Account, LabGroup, LabInstance } from './state.ts'
import { subnetIn } from './zones.ts'

interface Blueprint {
  template?: LaunchTemplateSpecification
  data: ResponseLaunchTemplateData
  weight?: number
}

/** Launches one instance into a zone. If that fails, a failed activity has the reason, and the result is undefined. */
export function launchInto(account: Account, group: LabGroup, zone: string, cause?: string): LabInstance | undefined {
  const now = account.clock.now()
  const subnetId = subnetIn(account, group, zone)
  const blueprint = blueprintOf(account, group)
  const problem = typeof blueprint === 'string' ? blueprint : launchProblem(account, group, zone, blueprint)
  const reason = cause ?? startedBecause(group, now)
  if (problem !== undefined || typeof blueprint === 'string') {
    const description = `Launching a new EC2 instance.  Status Reason: ${problem}`
    recordActivity(account, group, { description, cause: reason, status: 'Failed', message: problem, zone, subnetId })
    return undefined
  }
  const instance = create(account, group, zone, subnetId ?? '', blueprint)
  instance.activity = recordActivity(account, group, {
    description: `Launching a new EC2 instance: ${instance.id}`,
    cause: reason,
    zone,
    subnetId
  })
  announce(account, 'onLaunched', instance, group)
  comeIntoService(account, group, instance)
  return instance
}

function startedBecause(group: LabGroup, now: number): string {
  return (
    `${group.reason}  At ${instantText(now)} an instance was started in response to a difference between desired and ` +
    `actual capacity, increasing the capacity from ${group.instances.length} to ${group.instances.length + 1}.`
  )
}

/** What the group launches now, with the number of the template version; or why it cannot launch, in AWS's words. */
function blueprintOf(account: Account, group: LabGroup): Blueprint | string {
  const mixed = group.mixedInstancesPolicy?.LaunchTemplate
  const override = mixed?.Overrides?.[0]
  const wanted = override?.LaunchTemplateSpecification ?? mixed?.LaunchTemplateSpecification ?? group.launchTemplate
  if (!wanted)
    return 'You must use a valid fully-formed launch template. The request must contain the parameter ImageId'
  const line = lineOf(account, wanted)
  const version = line && versionOf(line, wanted.Version)
  if (!line || !version) {
    return `You must use a valid fully-formed launch template. The specified launch template, with template ID ${wanted.LaunchTemplateId ?? wanted.LaunchTemplateName}, version ${wanted.Version ?? '$Default'}, does not exist.`
  }
  const type = override?.InstanceType as ResponseLaunchTemplateData['InstanceType']
  return {
    template: { LaunchTemplateId: line.id, LaunchTemplateName: line.name, Version: String(version.number) },
    data: { ...version.data, ...(type ? { InstanceType: type } : {}), ImageId: imageOf(account, version.data) },
    weight: override?.WeightedCapacity === undefined ? undefined : Number(override.WeightedCapacity)
  }
}

/** EC2 resolves an alias at the launch. A parameter that does not exist stays as it is, and the launch fails. */
function imageOf(account: Account, { ImageId }: ResponseLaunchTemplateData): string | undefined {
  return ImageId?.startsWith(alias) ? (account.parameters.get(ImageId.slice(alias.length)) ?? ImageId) : ImageId
}

const alias = 'resolve:ssm:'

function launchProblem(account: Account, group: LabGroup, zone: string, { data }: Blueprint): string | undefined {
  const { launchFails, launchFailsIn } = behaviorOf(group)
  if (launchFails && (launchFailsIn ?? zone) === zone) return launchFails
  const failed = (reason: string) => `Could not launch On-Demand Instances. ${reason} Launching EC2 instance failed.`
  const image = account.images.get(data.ImageId ?? '')
  if (data.ImageId?.startsWith(alias)) {
    return failed(`ParameterNotFound - The parameter '${data.ImageId.slice(alias.length)}' does not exist.`)
  }
  if (!image) {
    return failed(`InvalidAMIID.NotFound - The image id '[${data.ImageId}]' does not exist.`)
  }
  const type = instanceType(data.InstanceType ?? '')
  if (!type) {
    return failed(
      `Unsupported - Your requested instance type (${data.InstanceType}) is not supported in your requested Availability Zone (${zone}).`
    )
  }
  const architecture = type.ProcessorInfo?.SupportedArchitectures?.[0]
  if (image?.Architecture && image.Architecture !== architecture) {
    return failed(
      `InvalidParameterCombination - The architecture '${architecture}' of the specified instance type does not match the architecture '${image.Architecture}' of the specified AMI. Specify an instance type and an AMI that have matching architectures, and try again.`
    )
  }
  const subnet = account.subnets.get(subnetIn(account, group, zone) ?? '')
  if (subnet?.AvailableIpAddressCount === 0) {
    return failed(
      `InsufficientFreeAddressesInSubnet - There are not enough free addresses in subnet '${subnet.SubnetId}' to satisfy the requested number of instances.`
    )
  }
  return undefined
}

function create(
  account: Account,
  group: LabGroup,
  zone: string,
  subnetId: string,
  { template, data, weight }: Blueprint
): LabInstance {
  const subnet = account.subnets.get(subnetId)
  if (subnet) subnet.AvailableIpAddressCount = (subnet.AvailableIpAddressCount ?? 1) - 1
  const privateIp = nextAddress(account, subnet?.CidrBlock)
  const instance: LabInstance = {
    id: instanceId(account.ids),
    groupName: group.name,
    zone,
    subnetId,
    instanceType: data.InstanceType ?? '',
    imageId: data.ImageId ?? '',
    launchTemplate: template,
    userData: data.UserData,
    privateIp,
    privateDnsName: `ip-${privateIp.replaceAll('.', '-')}.${account.region}.compute.internal`,
    launchedAt: account.clock.now(),
    weight,
    state: 'Pending',
    health: 'Healthy',
    isProtected: group.protectsNewInstances,
    machine: 'pending'
  }
  group.instances.push(instance)
  account.machines.set(instance.id, instance)
  return instance
}

/** The next free address of the subnet. Subnets of the lab are /16 or /24 and large enough. */
function nextAddress(account: Account, block = '10.0.0.0/16'): string {
  const [network = '', bits] = block.split('/')
  const prefix = network.split('.')
  for (let host = 4; ; host += 1) {
    const third = bits === '24' ? prefix[2] : String(Number(prefix[2]) + Math.floor(host / 250))
    const address = `${prefix[0]}.${prefix[1]}.${third}.${4 + ((host - 4) % 250)}`
    if (account.addresses.has(address)) continue
    account.addresses.add(address)
    return address
  }
}
