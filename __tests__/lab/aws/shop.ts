/** The account that these tests work on: a blue group of six in three zones, a green one at rest, two template versions. */
import type { CreateAutoScalingGroupType } from '@aws-sdk/client-auto-scaling'
import { createAws, type LabAws, type LabAwsOptions } from '../../../src/lab/aws/aws.ts'
import type { GroupExtras } from '../../../src/lab/aws/groups.ts'
import { type VirtualClock, virtualClock } from '../../../src/lab/clock.ts'

export const blueGroup = 'shop-workers-blue'
export const greenGroup = 'shop-workers-green'

export interface Shop {
  aws: LabAws
  clock: VirtualClock
  templateId: string
  /** Lets the lab's time pass. */
  pass(ms: number): Promise<void>
}

export interface ShopOptions {
  blue?: Partial<CreateAutoScalingGroupType>
  green?: Partial<CreateAutoScalingGroupType>
  extras?: GroupExtras
  account?: Partial<LabAwsOptions>
}

/** Blue has come into service already. */
export async function shop({ blue, green, extras, account }: ShopOptions = {}): Promise<Shop> {
  const clock = virtualClock()
  const aws = createAws({ clock, ...account })
  const content = { InstanceType: 'm7i.large', UserData: 'Ymx1ZQ==' } as const
  const line = aws.addLaunchTemplate('shop-workers', { ImageId: 'ami-01', ...content })
  aws.addLaunchTemplateVersion(line, { ImageId: 'ami-02', ...content })
  const from = (Version: string) => ({ LaunchTemplate: { LaunchTemplateId: line.id, Version } })
  aws.addGroup(
    { AutoScalingGroupName: blueGroup, MaxSize: 9, DesiredCapacity: 6, Tags: tags('blue'), ...from('1'), ...blue },
    extras
  )
  aws.addGroup({ AutoScalingGroupName: greenGroup, Tags: tags('green'), ...from('2'), ...green }, extras)
  const pass = (ms: number) => clock.run(clock.sleep(ms))
  await pass(1)
  return { aws, clock, templateId: line.id, pass }
}

const tags = (color: string) => [
  { Key: 'kubernetes.io/cluster/shop', Value: 'owned', PropagateAtLaunch: true },
  { Key: 'eks-node-upgrade/group', Value: 'workers', PropagateAtLaunch: false },
  { Key: 'eks-node-upgrade/color', Value: color, PropagateAtLaunch: false }
]

export const states = (aws: LabAws, group: string) => aws.world.group(group).instances.map((one) => one.state)
export const ids = (aws: LabAws, group: string) => aws.world.group(group).instances.map((one) => one.id)
