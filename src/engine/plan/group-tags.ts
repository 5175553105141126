/** The three tags by which an Auto Scaling group belongs to a cluster and to a node group, read from one group. */
import type { Color, Group } from '../model/node-group.ts'
import type { Settings } from '../model/settings.ts'

export type TagSettings = Pick<Settings, 'cluster' | 'clusterTagKey' | 'groupTagKey' | 'colorTagKey'>

export interface TaggedGroup {
  group: Group
  /** Of the node group; undefined if the tag is missing or empty. */
  name?: string
  color?: Color
}

/** undefined: the group belongs to no node group, as most groups of an account. */
export function readTags(group: Group, { groupTagKey, colorTagKey }: TagSettings): TaggedGroup | undefined {
  const name = group.tags[groupTagKey]
  const color = group.tags[colorTagKey]
  if (name === undefined && color === undefined) return undefined
  return { group, name: name?.trim() ? name : undefined, color: isColor(color) ? color : undefined }
}

function isColor(text: string | undefined): text is Color {
  return text === 'blue' || text === 'green'
}

/**
 * Name of the managed node group that EKS made the Auto Scaling group for; undefined: it is not of EKS. EKS sets this tag itself.
 * https://docs.aws.amazon.com/eks/latest/userguide/managed-node-groups.html
 */
export function managedNodeGroup(group: Group): string | undefined {
  return group.tags['eks:nodegroup-name']
}

export function clusterTagKey(settings: TagSettings): string {
  return settings.clusterTagKey.replaceAll('{cluster}', settings.cluster)
}

/** Whether the cluster is named by the key of its tag; otherwise it is named by the value. */
export function isClusterInKey(settings: TagSettings): boolean {
  return settings.clusterTagKey.includes('{cluster}')
}

/** false: the group belongs to another cluster, or to none. */
export function isOfCluster(group: Group, settings: TagSettings): boolean {
  const value = group.tags[clusterTagKey(settings)]
  return isClusterInKey(settings) ? value !== undefined : value === settings.cluster
}

/** Keys of the tags by which the group belongs to other clusters. */
export function otherClusterKeys(group: Group, settings: TagSettings): readonly string[] {
  const [before = '', after = ''] = settings.clusterTagKey.split('{cluster}')
  // If the key were nothing but the placeholder, every tag would be the key of a cluster.
  if (!isClusterInKey(settings) || before.length === 0) return []
  const own = clusterTagKey(settings)
  const least = before.length + after.length
  return Object.keys(group.tags).filter(
    (key) => key !== own && key.startsWith(before) && key.endsWith(after) && key.length > least
  )
}
