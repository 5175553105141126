/** The tags that make two Auto Scaling groups one node group. Checked while the pair is searched: node-group-pair.ts. */
import type { Color, Group } from '../../model/node-group.ts'
import { shellWord } from '../../model/shell-word.ts'
import { type Blocker, finding, nameSome, tagCommand, untagCommand } from '../finding.ts'
import {
  clusterTagKey,
  isClusterInKey,
  managedNodeGroup,
  otherClusterKeys,
  type TaggedGroup,
  type TagSettings
} from '../group-tags.ts'

const colors = ['blue', 'green'] as const

/** What is wrong with the tags of one group. */
export function groupTags({ group, name, color }: TaggedGroup, settings: TagSettings): readonly Blocker[] {
  const { groupTagKey, colorTagKey } = settings
  const managed = managedNodeGroup(group)
  // Whatever else is wrong with its tags: none of them belongs there.
  if (managed !== undefined) return [managedGroup(group, managed, settings)]
  const found = [...clusterTag(group, settings)]
  if (name === undefined) {
    const reason = `it has the tag ${colorTagKey}, but no name in the tag ${groupTagKey}`
    found.push(finding('tag-missing', group.name, reason, tagCommand(group.name, groupTagKey, 'NAME')))
  }
  if (color !== undefined) return found
  const value = group.tags[colorTagKey]
  const setColor = colors.map((one) => tagCommand(group.name, colorTagKey, one))
  if (value === undefined) {
    const reason = `it has the tag ${groupTagKey}, but no tag ${colorTagKey}`
    return [...found, finding('tag-missing', group.name, reason, ...setColor)]
  }
  const reason = `its tag ${colorTagKey} is "${value}"; only blue and green are colors`
  return [...found, finding('tag-wrong', group.name, reason, ...setColor)]
}

const adoption = 'Move its pods to a pair of your own: docs/adoption.md#from-a-managed-node-group has the steps.'

function managedGroup(group: Group, managed: string, { groupTagKey, colorTagKey }: TagSettings): Blocker {
  const reason = `it belongs to the managed node group ${managed} of EKS, which owns its sizes and would undo what an upgrade writes`
  const tags = [groupTagKey, colorTagKey].filter((key) => group.tags[key] !== undefined)
  const untag = tags.map((key) => untagCommand(group.name, key))
  return finding('managed-node-group', group.name, reason, adoption, ...untag)
}

/** Where nothing of ours was found, people may look for these. */
export function managedNodeGroups(names: readonly string[], settings: TagSettings): readonly Blocker[] {
  if (names.length === 0) return []
  const reason = `it has managed node groups of EKS (${nameSome(names)}), which have upgrades of their own and are left alone`
  return [finding('managed-node-group', settings.cluster, reason, adoption)]
}

function clusterTag(group: Group, settings: TagSettings): readonly Blocker[] {
  const key = clusterTagKey(settings)
  const value = group.tags[key]
  if (!isClusterInKey(settings) || value === undefined) return []
  const found: Blocker[] = []
  // https://github.com/kubernetes/cloud-provider-aws/blob/v1.33.0/pkg/providers/v1/tags.go
  if (value !== 'owned' && value !== 'shared') {
    const reason = `its tag ${key} is "${value}"; only owned and shared are known`
    found.push(finding('tag-wrong', group.name, reason, tagCommand(group.name, key, 'owned')))
  }
  for (const other of otherClusterKeys(group, settings)) {
    const reason = `it is tagged for another cluster as well: ${other}`
    found.push(finding('tag-other-cluster', group.name, reason, untagCommand(group.name, other)))
  }
  return found
}

interface Members {
  /** The node group's name. */
  name: string
  /** Groups of this cluster with this name, and groups of other clusters with the same name. */
  members: readonly TaggedGroup[]
  foreign: readonly TaggedGroup[]
}

/** A node group has exactly one group of each color. */
export function memberColors({ name, members, foreign }: Members, settings: TagSettings): readonly Blocker[] {
  const byColor = colors.map((color) => ({ color, groups: members.filter((one) => one.color === color) }))
  const double = byColor.filter(({ groups }) => groups.length > 1)
  const found: Blocker[] = double.map(({ color, groups }) => {
    const names = groups.map(({ group }) => group.name)
    const reason = `it has ${names.length} ${color} groups (${names.join(', ')}), and exactly one is needed`
    return finding('color-duplicate', name, reason, ...names.map((one) => untagCommand(one, settings.colorTagKey)))
  })
  const missing = byColor.filter(({ groups }) => groups.length === 0).map(({ color }) => color)
  // A member without a color may be the missing half; its tags are reported.
  if (missing.length === 0 || members.some((one) => one.color === undefined)) return found
  const halves = foreign.filter(({ color }) => color !== undefined && missing.includes(color))
  const seen = nameSome(members.map((one) => one.group.name))
  return [
    ...found,
    ...halves.map(({ group }) => foreignHalf(name, group, settings)),
    ...missing.map((color) => colorMissing(name, color, seen, settings))
  ]
}

function foreignHalf(name: string, group: Group, settings: TagSettings): Blocker {
  const value = isClusterInKey(settings) ? 'owned' : settings.cluster
  const reason = `it has the name of node group ${name}, but ${clusterWords(group, settings)}`
  const command = tagCommand(group.name, clusterTagKey(settings), value)
  return finding(
    'tag-other-cluster',
    group.name,
    reason,
    `If it belongs to cluster ${settings.cluster}, run \`${command}\`.`
  )
}

function colorMissing(name: string, color: Color, seen: string, settings: TagSettings): Blocker {
  const commands = [tagCommand('GROUP', settings.groupTagKey, name), tagCommand('GROUP', settings.colorTagKey, color)]
  return finding('color-missing', name, `it has no ${color} group (found: ${seen})`, ...commands)
}

/** Which cluster a group of another cluster belongs to. */
function clusterWords(group: Group, settings: TagSettings): string {
  const key = clusterTagKey(settings)
  const value = group.tags[key]
  if (value !== undefined) return `is tagged for cluster "${value}"`
  const others = otherClusterKeys(group, settings)
  return others.length === 0 ? `has no tag ${key}` : `is tagged for another cluster: ${others.join(', ')}`
}

export interface Found {
  /** Of all node groups of this cluster. */
  names: readonly string[]
  /** A group of another cluster that was seen, if any. */
  foreign?: Group
  /** Where the search was made, such as `region eu-west-1`; may be empty. */
  place: string
}

export function noNodeGroup({ foreign, place }: Found, settings: TagSettings): Blocker {
  const key = clusterTagKey(settings)
  const where = place === '' ? '' : ` in ${place}`
  const seen = foreign ? `; for example, ${foreign.name} ${clusterWords(foreign, settings)}` : ''
  const reason = `no Auto Scaling group${where} has the tags ${key}, ${settings.groupTagKey} and ${settings.colorTagKey}${seen}`
  const elsewhere = place === '' ? [] : ['If the cluster is in another region, use `--aws-region REGION`.']
  return finding(
    'group-not-found',
    settings.cluster,
    reason,
    ...elsewhere,
    tagCommand('GROUP', settings.groupTagKey, 'workers'),
    tagCommand('GROUP', settings.colorTagKey, 'blue')
  )
}

export function noneNamed({ names }: Found, settings: TagSettings): Blocker {
  const reason = `the cluster has ${names.length} node groups (${names.join(', ')}), and none was named`
  return finding('group-not-named', settings.cluster, reason, ...names.map(chooseIt))
}

export function noSuchNodeGroup(wanted: string, found: Found, settings: TagSettings): Blocker {
  const there = found.names.length === 0 ? 'there is none' : `there are ${found.names.join(', ')}`
  const where = found.place === '' ? '' : ` in ${found.place}`
  const reason = `cluster ${settings.cluster} has no node group of this name${where}; ${there}`
  const remedies = found.names.length > 0 ? found.names.map(chooseIt) : noNodeGroup(found, settings).remedies
  return finding('group-not-found', wanted, reason, ...remedies)
}

function chooseIt(name: string): string {
  return `Use \`--group ${shellWord(name)}\`.`
}
