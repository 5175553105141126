/** Finds node groups by their tags: for each a blue and a green Auto Scaling group, and what is wrong with the tags. */
import type { Group } from '../model/node-group.ts'
import type { Finding } from '../model/report.ts'
import type { Settings } from '../model/settings.ts'
import {
  type Found,
  groupTags,
  managedNodeGroups,
  memberColors,
  noNodeGroup,
  noneNamed,
  noSuchNodeGroup
} from './checks/node-group-tags.ts'
import { isOfCluster, managedNodeGroup, readTags, type TagSettings } from './group-tags.ts'

export interface NodeGroupPair {
  /** The node group's name: the value of the group tag. */
  name: string
  blue: Group
  green: Group
}

export interface PairSearch {
  /** Node groups with exactly one blue and one green and no wrong tag, by name. */
  pairs: readonly NodeGroupPair[]
  /** Names of all node groups that were found, complete or not. */
  names: readonly string[]
  /** What is wrong; `group` is the node group that it belongs to, if that is known. */
  problems: readonly { group?: string; finding: Finding }[]
  /** Groups of other clusters that have the name tag; only if those were requested. */
  foreign: readonly Group[]
  /** Names of the managed node groups of this cluster. */
  managed: readonly string[]
}

export function findPairs(groups: readonly Group[], settings: TagSettings): PairSearch {
  const tagged = groups.map((group) => readTags(group, settings)).filter((one) => one !== undefined)
  const here = tagged.filter((one) => isOfCluster(one.group, settings))
  // A group of another cluster matters only if it has the name of a node group of this cluster.
  const elsewhere = tagged.filter((one) => !here.includes(one))
  const names = [...new Set(here.flatMap((one) => one.name ?? []))].sort()
  const pairs: NodeGroupPair[] = []
  const problems: { group?: string; finding: Finding }[] = here
    .filter(({ name }) => name === undefined)
    .flatMap((one) => groupTags(one, settings).map((finding) => ({ finding })))
  for (const name of names) {
    const members = here.filter((one) => one.name === name)
    const foreign = elsewhere.filter((one) => one.name === name)
    const found = [
      ...members.flatMap((one) => groupTags(one, settings)),
      ...memberColors({ name, members, foreign }, settings)
    ]
    problems.push(...found.map((finding) => ({ group: name, finding })))
    const blue = members.find((one) => one.color === 'blue')
    const green = members.find((one) => one.color === 'green')
    if (found.length === 0 && blue && green) pairs.push({ name, blue: blue.group, green: green.group })
  }
  const managed = groups
    .filter((group) => isOfCluster(group, settings))
    .flatMap((group) => managedNodeGroup(group) ?? [])
  return { pairs, names, problems, foreign: elsewhere.map(({ group }) => group), managed: [...new Set(managed)].sort() }
}

/** The pair that `settings.group` names, or the only one; otherwise why there is none. `place`: where the search was made. */
export function choosePair(
  search: PairSearch,
  settings: TagSettings & Pick<Settings, 'group'>,
  place = ''
): { pair?: NodeGroupPair; findings: readonly Finding[] } {
  const { names } = search
  const found: Found = { names, foreign: search.foreign[0], place }
  const managed = managedNodeGroups(search.managed, settings)
  const ofNoGroup = search.problems.filter(({ group }) => group === undefined).map((one) => one.finding)
  const wanted = settings.group ?? (names.length === 1 ? names[0] : undefined)
  if (wanted === undefined) {
    const isNone = names.length === 0
    return {
      findings: isNone ? [noNodeGroup(found, settings), ...managed, ...ofNoGroup] : [noneNamed(found, settings)]
    }
  }
  if (!names.includes(wanted)) {
    const isMeant = names.length === 0 || search.managed.includes(wanted)
    return { findings: [noSuchNodeGroup(wanted, found, settings), ...(isMeant ? managed : []), ...ofNoGroup] }
  }
  const pair = search.pairs.find(({ name }) => name === wanted)
  const own = search.problems.filter(({ group }) => group === wanted).map((one) => one.finding)
  // A group without a name tag may well be the missing half.
  return pair ? { pair, findings: own } : { findings: [...own, ...ofNoGroup] }
}
