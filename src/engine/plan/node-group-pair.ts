/** Finds node groups by their tags: for each a blue and a green Auto Scaling group, and whatever is wrong with the tags. */
import type { Color, Group } from '../model/node-group.ts'
import type { Finding } from '../model/report.ts'
import type { Settings } from '../model/settings.ts'
import { shellWord } from '../model/shell-word.ts'
import { finding, nameSome, tagCommand, untagCommand } from './finding.ts'

export type TagSettings = Pick<Settings, 'cluster' | 'clusterTagKey' | 'groupTagKey' | 'colorTagKey'>

export interface NodeGroupPair {
  /** The node group's name: the value of the group tag. */
  name: string
  blue: Group
  green: Group
}

export interface PairSearch {
  /** Node groups with exactly one blue and one green and no wrong tag, by name. */
  pairs: readonly NodeGroupPair[]
  /** Names of all node groups that were found, whole or not. */
  names: readonly string[]
  /** What is wrong; `group` is the node group that it belongs to, where it can be told. */
  problems: readonly { group?: string; finding: Finding }[]
  /** Groups of other clusters that bear the name tag; only where those were asked for. */
  strangers: readonly Group[]
}

interface Tagged {
  group: Group
  name?: string
  color?: Color
  findings: readonly Finding[]
}

export function findPairs(groups: readonly Group[], settings: TagSettings): PairSearch {
  const tagged = groups.map((group) => readTags(group, settings)).filter((one) => one !== undefined)
  const here = tagged.filter((one) => belongsHere(one.group, settings) !== false)
  // A group of another cluster is none of our business, unless it bears the name of a node group of ours.
  const names = [...new Set(here.flatMap((one) => one.name ?? []))].sort()
  const pairs: NodeGroupPair[] = []
  const problems: { group?: string; finding: Finding }[] = []
  for (const one of here.filter(({ name }) => name === undefined)) {
    for (const found of one.findings) problems.push({ finding: found })
  }
  for (const name of names) {
    const members = here.filter((one) => one.name === name)
    const strangers = tagged.filter((one) => one.name === name && !here.includes(one))
    const found = [...members.flatMap((one) => one.findings), ...membersWrong(name, members, strangers, settings)]
    for (const one of found) problems.push({ group: name, finding: one })
    const blue = members.find((one) => one.color === 'blue')
    const green = members.find((one) => one.color === 'green')
    if (found.length === 0 && blue && green) pairs.push({ name, blue: blue.group, green: green.group })
  }
  const strangers = tagged.filter((one) => !here.includes(one)).map(({ group }) => group)
  return { pairs, names, problems, strangers }
}

/** The pair that `settings.group` asks for, or the only one; else why there is none. `place`: where was looked. */
export function choosePair(
  search: PairSearch,
  settings: TagSettings & Pick<Settings, 'group'>,
  place = ''
): { pair?: NodeGroupPair; findings: readonly Finding[] } {
  const { names } = search
  const strays = search.problems.filter(({ group }) => group === undefined).map((one) => one.finding)
  const wanted = settings.group ?? (names.length === 1 ? names[0] : undefined)
  if (wanted === undefined) {
    return {
      findings:
        names.length === 0 ? [nothingFound(search, settings, place), ...strays] : [severalFound(names, settings)]
    }
  }
  if (!names.includes(wanted)) return { findings: [notFound(wanted, search, settings, place), ...strays] }
  const pair = search.pairs.find(({ name }) => name === wanted)
  const own = search.problems.filter(({ group }) => group === wanted).map((one) => one.finding)
  // A group whose name tag is missing may well be the missing half.
  return pair ? { pair, findings: own } : { findings: [...own, ...strays] }
}

export function clusterTagKey(settings: TagSettings): string {
  return settings.clusterTagKey.replaceAll('{cluster}', settings.cluster)
}

/** undefined: no node group's group and no part of one, as most groups of an account are. */
function readTags(group: Group, settings: TagSettings): Tagged | undefined {
  const name = group.tags[settings.groupTagKey]
  const color = group.tags[settings.colorTagKey]
  if (name === undefined && color === undefined) return undefined
  const findings: Finding[] = [...clusterTagWrong(group, settings)]
  if (name === undefined || name.trim() === '') {
    const reason = `it has the tag ${settings.colorTagKey} but no name in the tag ${settings.groupTagKey}`
    findings.push(finding('tag-missing', group.name, reason, tagCommand(group.name, settings.groupTagKey, 'NAME')))
  }
  if (color === undefined) {
    const reason = `it has the tag ${settings.groupTagKey} but no tag ${settings.colorTagKey}`
    findings.push(finding('tag-missing', group.name, reason, ...colorCommands(group, settings)))
  } else if (!isColor(color)) {
    const reason = `its tag ${settings.colorTagKey} says "${color}", and only blue and green are colors`
    findings.push(finding('tag-wrong', group.name, reason, ...colorCommands(group, settings)))
  }
  return { group, name: name?.trim() ? name : undefined, color: isColor(color) ? color : undefined, findings }
}

function clusterTagWrong(group: Group, settings: TagSettings): readonly Finding[] {
  const key = clusterTagKey(settings)
  const value = group.tags[key]
  if (!settings.clusterTagKey.includes('{cluster}')) return []
  const found: Finding[] = []
  if (value !== undefined && value !== 'owned' && value !== 'shared') {
    const reason = `its tag ${key} says "${value}", and only owned and shared are known`
    found.push(finding('tag-wrong', group.name, reason, tagCommand(group.name, key, 'owned')))
  }
  const [before = '', after = ''] = settings.clusterTagKey.split('{cluster}')
  for (const other of Object.keys(group.tags)) {
    if (value === undefined || other === key || !isKeyOfCluster(other, before, after)) continue
    const reason = `it is tagged for another cluster too: ${other}`
    found.push(finding('tag-other-cluster', group.name, reason, untagCommand(group.name, other)))
  }
  return found
}

function isKeyOfCluster(key: string, before: string, after: string): boolean {
  // A key that is all placeholder would take every tag for a cluster's.
  return before.length > 0 && key.startsWith(before) && key.endsWith(after) && key.length > before.length + after.length
}

/** false: of another cluster, or of none. */
function belongsHere(group: Group, settings: TagSettings): boolean {
  const value = group.tags[clusterTagKey(settings)]
  return settings.clusterTagKey.includes('{cluster}') ? value !== undefined : value === settings.cluster
}

function membersWrong(
  name: string,
  members: readonly Tagged[],
  strangers: readonly Tagged[],
  settings: TagSettings
): readonly Finding[] {
  const found: Finding[] = []
  const missing: Color[] = []
  for (const color of ['blue', 'green'] as const) {
    const groups = members.filter((one) => one.color === color).map((one) => one.group.name)
    if (groups.length === 0) missing.push(color)
    if (groups.length < 2) continue
    const reason = `it has ${groups.length} ${color} groups: ${groups.join(', ')}; exactly one is needed`
    const remedies = groups.map((group) => untagCommand(group, settings.colorTagKey))
    found.push(finding('color-double', name, reason, ...remedies))
  }
  if (missing.length === 0 || members.some((one) => one.color === undefined)) return found
  for (const { group } of strangers.filter(({ color }) => color !== undefined && missing.includes(color))) {
    const key = clusterTagKey(settings)
    const right = settings.clusterTagKey.includes('{cluster}') ? 'owned' : settings.cluster
    const reason = `it bears the name of node group ${name} but ${clusterOf(group, settings)}`
    const remedy = `${tagCommand(group.name, key, right)}   (if it is of cluster ${settings.cluster})`
    found.push(finding('tag-other-cluster', group.name, reason, remedy))
  }
  const seen = nameSome(members.map((one) => one.group.name))
  for (const color of missing) {
    const reason = `it has no ${color} group (found: ${seen})`
    const remedies = [settings.groupTagKey, settings.colorTagKey].map((key) =>
      tagCommand('GROUP', key, key === settings.groupTagKey ? name : color)
    )
    found.push(finding('color-missing', name, reason, ...remedies))
  }
  return found
}

/** What a group that is none of this cluster says of itself. */
function clusterOf(group: Group, settings: TagSettings): string {
  const key = clusterTagKey(settings)
  const value = group.tags[key]
  if (value !== undefined) return `is tagged for cluster "${value}"`
  const [before = '', after = ''] = settings.clusterTagKey.split('{cluster}')
  const others = Object.keys(group.tags).filter((other) => isKeyOfCluster(other, before, after))
  if (!settings.clusterTagKey.includes('{cluster}') || others.length === 0) return `has no tag ${key}`
  return `is tagged for another cluster: ${others.join(', ')}`
}

function isColor(text: string | undefined): text is Color {
  return text === 'blue' || text === 'green'
}

function colorCommands(group: Group, settings: TagSettings): readonly string[] {
  return (['blue', 'green'] as const).map((color) => tagCommand(group.name, settings.colorTagKey, color))
}

function nothingFound(search: PairSearch, settings: TagSettings, place: string): Finding {
  const key = clusterTagKey(settings)
  const where = place === '' ? '' : ` in ${place}`
  const [stranger] = search.strangers
  const seen = stranger ? `; ${stranger.name}, for one, ${clusterOf(stranger, settings)}` : ''
  const reason = `no Auto Scaling group${where} bears the tags ${key}, ${settings.groupTagKey} and ${settings.colorTagKey}${seen}`
  const commands = [
    ...(place === '' ? [] : ['--aws-region REGION   (if the cluster is in another)']),
    tagCommand('GROUP', settings.groupTagKey, 'workers'),
    tagCommand('GROUP', settings.colorTagKey, 'blue')
  ]
  return finding('group-not-found', settings.cluster, reason, ...commands)
}

function severalFound(names: readonly string[], settings: TagSettings): Finding {
  const reason = `the cluster has ${names.length} node groups (${names.join(', ')}), and none was named`
  return finding('group-not-named', settings.cluster, reason, ...names.map((name) => `--group ${shellWord(name)}`))
}

function notFound(wanted: string, search: PairSearch, settings: TagSettings, place: string): Finding {
  const { names } = search
  const there = names.length === 0 ? 'there is none' : `there are ${names.join(', ')}`
  const where = place === '' ? '' : ` in ${place}`
  const reason = `cluster ${settings.cluster} has no node group of this name${where}; ${there}`
  const remedies = names.map((name) => `--group ${shellWord(name)}`)
  return finding(
    'group-not-found',
    wanted,
    reason,
    ...(remedies.length > 0 ? remedies : nothingFound(search, settings, place).remedies)
  )
}
