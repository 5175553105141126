// Small node groups that live through several workflows: each change is another image in the template of the inactive group.
import { isReadyNode, sideLabel, tagOf, until } from '../ground.ts'
import type { Testbed } from '../testbed.ts'

export interface Pair {
  readonly cluster: string
  readonly group: string
  readonly template: string
  readonly names: readonly [blue: string, green: string]
}

const nodes = 2

/** `tags` are for both groups. Blue is active, and green has no change yet. A pair that is there already is left as it is. */
export async function makePair(
  testbed: Testbed,
  cluster: string,
  group: string,
  tags: Readonly<Record<string, string>> = {}
): Promise<Pair> {
  const { aws } = testbed
  const template = `${cluster}-${group}`
  const pair: Pair = { cluster, group, template, names: [`${template}-blue`, `${template}-green`] }
  const { AutoScalingGroups = [] } = await aws.autoScaling.describeAutoScalingGroups({
    AutoScalingGroupNames: [...pair.names]
  })
  if (AutoScalingGroups.length > 0) return pair
  const [ImageId] = await images(testbed)
  await aws.ec2.createLaunchTemplate({
    LaunchTemplateName: template,
    LaunchTemplateData: { ImageId, InstanceType: 'm7i.large' }
  })
  for (const [index, name] of pair.names.entries()) {
    const active = index === 0
    const all = {
      [`kubernetes.io/cluster/${cluster}`]: 'owned',
      'eks-node-upgrade/group': group,
      'eks-node-upgrade/color': active ? 'blue' : 'green',
      ...tags
    }
    await aws.autoScaling.createAutoScalingGroup({
      AutoScalingGroupName: name,
      MinSize: active ? 1 : 0,
      MaxSize: active ? nodes + 2 : 0,
      DesiredCapacity: active ? nodes : 0,
      AvailabilityZones: ['a', 'b'].map((zone) => aws.region + zone),
      LaunchTemplate: { LaunchTemplateName: template, Version: '1' },
      Tags: Object.entries(all).map(([key, value]) => tagOf(name, key, value))
    })
  }
  await until(`${nodes} nodes of ${template} are ready`, 60, async () => {
    const found = await testbed.kubernetes.list(`/api/v1/nodes?labelSelector=${sideLabel}%3D${pair.names[0]}`)
    return found.items.filter(isReadyNode).length === nodes
  })
  return pair
}

/** Gives the inactive group a template version with an image that no group has had. Returns the version. */
export async function changePair(testbed: Testbed, pair: Pair): Promise<string> {
  const { ec2, autoScaling } = testbed.aws
  const { LaunchTemplateVersions: versions = [] } = await ec2.describeLaunchTemplateVersions({
    LaunchTemplateName: pair.template
  })
  const ImageId = (await images(testbed))[versions.length]
  const made = await ec2.createLaunchTemplateVersion({
    LaunchTemplateName: pair.template,
    LaunchTemplateData: { ImageId, InstanceType: 'm7i.large' }
  })
  const Version = String(made.LaunchTemplateVersion?.VersionNumber)
  await autoScaling.updateAutoScalingGroup({
    AutoScalingGroupName: (await sidesOf(testbed, pair)).inactive,
    LaunchTemplate: { LaunchTemplateName: pair.template, Version }
  })
  return Version
}

/**
 * Both groups launch from one template version whose image is an alias, as `ami: recommended` expects it. The alias means the image
 * that the active group runs. Returns what gives it another meaning.
 */
export async function followAlias(testbed: Testbed, pair: Pair): Promise<(image: string) => Promise<void>> {
  const { ec2, autoScaling } = testbed.aws
  const alias = `/shop/images/${pair.template}`
  const mean = (value: string) => testbed.aws.emulator('PUT', '/_emulator/parameters', { name: alias, value })
  const { AutoScalingGroups = [] } = await autoScaling.describeAutoScalingGroups({
    AutoScalingGroupNames: [(await sidesOf(testbed, pair)).active]
  })
  const ids = (AutoScalingGroups[0]?.Instances ?? []).map(({ InstanceId = '' }) => InstanceId)
  const { Reservations = [] } = await ec2.describeInstances({ InstanceIds: ids })
  await mean(Reservations[0]?.Instances?.[0]?.ImageId ?? '')
  const { LaunchTemplateVersion } = await ec2.createLaunchTemplateVersion({
    LaunchTemplateName: pair.template,
    LaunchTemplateData: { ImageId: `resolve:ssm:${alias}`, InstanceType: 'm7i.large' }
  })
  const LaunchTemplate = {
    LaunchTemplateName: pair.template,
    Version: String(LaunchTemplateVersion?.VersionNumber)
  }
  for (const AutoScalingGroupName of pair.names) {
    await autoScaling.updateAutoScalingGroup({ AutoScalingGroupName, LaunchTemplate })
  }
  return async (image) => void (await mean(image))
}

/** An image of the emulator for nodes of this kind that no pair has had. */
export async function freshImage(testbed: Testbed): Promise<string> {
  const { Images = [] } = await testbed.aws.ec2.describeImages({})
  const fit = Images.filter(({ Name = '', Architecture }) => Architecture === 'x86_64' && /^al20/.test(Name))
  return fit.at(-1)?.ImageId ?? ''
}

export interface Sides {
  active: string
  inactive: string
  /** Both have instances. */
  both: boolean
  /** Versions that the active group's instances were launched from. */
  versions: readonly string[]
}

export async function sidesOf({ aws }: Testbed, { names }: Pair): Promise<Sides> {
  const { AutoScalingGroups = [] } = await aws.autoScaling.describeAutoScalingGroups({
    AutoScalingGroupNames: [...names]
  })
  const filled = AutoScalingGroups.filter(({ Instances = [] }) => Instances.length > 0)
  const active = filled[0]?.AutoScalingGroupName ?? ''
  const versions = filled[0]?.Instances?.map(({ LaunchTemplate }) => LaunchTemplate?.Version ?? '') ?? []
  return {
    active,
    inactive: names.find((name) => name !== active) ?? '',
    both: filled.length > 1,
    versions: [...new Set(versions)]
  }
}

async function images({ aws }: Testbed): Promise<readonly string[]> {
  const { Images = [] } = await aws.ec2.describeImages({})
  return Images.map(({ ImageId = '' }) => ImageId)
}
