/**
 * A small world in plain words: a cluster, node groups with two Auto Scaling groups each, and what runs on them. Whatever
 * is not said is ordinary: six nodes in three zones, blue active, green with a newer image.
 */
import type { CreateAutoScalingGroupType } from '@aws-sdk/client-auto-scaling'
import type { Image, ResponseLaunchTemplateData } from '@aws-sdk/client-ec2'
import type { GroupExtras } from '../aws/groups.ts'
import type { NewObject } from '../kubernetes/object.ts'

export type LabColor = 'blue' | 'green'

export interface GroupDescription {
  /** Over what the rest of the description makes of it. */
  input?: Partial<CreateAutoScalingGroupType>
  extras?: GroupExtras
  /** Tags besides the three by which it is found; those below `simulated/` become annotations of its nodes. */
  tags?: Readonly<Record<string, string>>
  /** Changes of what its template version holds. */
  template?: ResponseLaunchTemplateData
  /** Template version as the group names it, instead of the number of its own. */
  version?: string
}

export interface NodeGroupDescription {
  name?: string
  nodes?: number
  min?: number
  max?: number
  active?: LabColor
  /** From Pending to InService, from there to the node, and from the end of the machine to the end of the instance. */
  launchAfterMs?: number
  joinAfterMs?: number
  terminateAfterMs?: number
  /** The inactive group has a launch template of its own, which it follows by `$Latest`. */
  ownTemplates?: boolean
  blue?: GroupDescription
  green?: GroupDescription
}

/** An image, and whatever of it is not ordinary; ordinary is one of Amazon's for EKS. */
export interface ImageDescription extends Partial<Image> {
  ImageId: string
}

export interface WorldDescription {
  cluster?: string
  version?: string
  nodeGroups?: readonly NodeGroupDescription[]
  images?: readonly ImageDescription[]
  /** Of Systems Manager: name → value. */
  parameters?: Readonly<Record<string, string>>
  /** Nodes that belong to no node group (Karpenter's, or another team's). */
  foreignNodes?: number
  objects: readonly NewObject[]
}

export interface GroupNames {
  name: string
  blue: string
  green: string
  /** The one that had the instances at the beginning. */
  active: string
  inactive: string
}

export const nodeGroupDefaults = {
  name: 'workers',
  nodes: 6,
  active: 'blue',
  launchAfterMs: 20_000,
  joinAfterMs: 15_000,
  terminateAfterMs: 15_000
} as const

const day = 86_400_000
const encoded = (text: string) => Buffer.from(text).toString('base64')

/** What the versions of a launch template hold: the first is what runs, the second what it is to become. */
export function templateData(color: 'running' | 'new'): ResponseLaunchTemplateData {
  return {
    ImageId: color === 'running' ? 'ami-0a11ce5eedf00d001' : 'ami-0f7e57ab1edf00d02',
    InstanceType: 'm7i.large',
    UserData: encoded('#!/bin/bash\n/etc/eks/bootstrap.sh shop\n')
  }
}

export const templateAges = { running: 30 * day, new: 600_000 }

/** The three tags by which a group is found, and more. */
export function groupTags(
  cluster: string,
  group: string,
  color: LabColor,
  more: Readonly<Record<string, string>> = {}
): CreateAutoScalingGroupType['Tags'] {
  const tags: Record<string, string> = {
    [`kubernetes.io/cluster/${cluster}`]: 'owned',
    'eks-node-upgrade/group': group,
    'eks-node-upgrade/color': color,
    ...more
  }
  return Object.entries(tags).map(([Key, Value]) => ({ Key, Value, PropagateAtLaunch: false }))
}
