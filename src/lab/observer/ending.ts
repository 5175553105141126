/** I7, I8, I9 and I10: what is there when a run has ended, beside what was there when watching began. */
import type { LabGroup } from '../aws/state.ts'
import type { Lab } from '../joined/lab.ts'
import { isMovable, type ObservedCluster } from './cluster-view.ts'
import type { ReportViolation } from './invariants.ts'

export interface ExpectedEnd {
  outcome: string
  /** Pods that may stay where they are (`shop/report`): a Job, what came back again and again. */
  leaves?: readonly string[]
}

interface Settings {
  min: number
  max: number
  desired: number
  suspended: string
  newInstancesProtected: boolean
  protectedInstances: string
  tags: string
}

const ours = 'eks-node-upgrade/'
const restartable = ['Deployment', 'StatefulSet', 'DaemonSet', 'ReplicaSet']
/** What may stay: how a group is found, and what it was when it was retired. */
const stays = new Set(['group', 'color', 'retired', 'retired-configuration'].map((name) => ours + name))

export function createEndChecks(
  lab: Lab,
  observed: ObservedCluster,
  broken: ReportViolation,
  changedByOthers: readonly string[]
) {
  const before = new Map([...lab.aws.account.groups].map(([name, group]) => [name, settingsOf(group)]))
  const cordons = new Map(
    lab.cluster.list('Node').map(({ metadata, spec }) => [metadata.name, spec?.unschedulable === true])
  )

  function ended({ outcome, leaves = [] }: ExpectedEnd): void {
    if (['held', 'halted', 'cancelled'].includes(outcome)) return
    nothingOfOurs(lab, observed, broken)
    foreignThings()
    for (const pair of lab.pairs) {
      const swapped = outcome === 'upgraded' && pair.active !== activeOf(pair.blue, pair.green)
      if (outcome === 'upgraded' && !swapped) broken('I7', `upgraded, and ${pair.active} is still the active group`)
      sizes(pair.active, pair.inactive, swapped)
      for (const name of [pair.active, pair.inactive]) others(name)
      empty(swapped ? pair.active : pair.inactive, leaves, { lab, observed, broken })
    }
  }

  function activeOf(blue: string, green: string): string {
    return (lab.aws.account.groups.get(blue)?.instances.length ?? 0) > 0 ? blue : green
  }

  function foreignThings(): void {
    for (const [name, wasCordoned] of cordons) {
      const node = lab.cluster.find('Node', undefined, name)
      if (node && (node.spec?.unschedulable === true) !== wasCordoned && !isChanged(`${name} cordon`))
        broken('I9', `node ${name} was ${wasCordoned ? 'cordoned' : 'open'} and is not any more`)
    }
    const pairs = new Set(lab.pairs.flatMap(({ blue, green }) => [blue, green]))
    for (const [name, settings] of before) {
      const group = lab.aws.account.groups.get(name)
      if (!pairs.has(name) && group && JSON.stringify(settingsOf(group)) !== JSON.stringify(settings))
        broken('I9', `the foreign group ${name} was changed`)
    }
  }

  /** Sizes go with the role. */
  function sizes(active: string, inactive: string, swapped: boolean): void {
    const role = before.get(active)
    const rest = before.get(inactive)
    if (!role || !rest) return
    same(swapped ? inactive : active, { min: role.min, max: role.max })
    // What others have grown stays; less than was found is a loss.
    const is = lab.aws.account.groups.get(swapped ? inactive : active)
    if (is && is.desired < role.desired && !isChanged(`${is.name} desired`))
      broken('I10', `${is.name}: desired was ${role.desired} and is ${is.desired}`)
    same(swapped ? active : inactive, swapped ? { min: 0, max: 0, desired: 0 } : { ...pick(rest) })
  }

  const pick = ({ min, max, desired }: Settings) => ({ min, max, desired })

  function same(name: string, wanted: Partial<Settings>): void {
    const group = lab.aws.account.groups.get(name)
    if (!group) return
    const is = settingsOf(group)
    for (const [key, value] of Object.entries(wanted))
      if (is[key as keyof Settings] !== value && !isChanged(`${name} ${key}`))
        broken('I10', `${name}: ${key} should be ${value} and is ${is[key as keyof Settings]}`)
  }

  function others(name: string): void {
    const was = before.get(name)
    if (!was) return
    const { suspended, newInstancesProtected, tags } = was
    same(name, { suspended, newInstancesProtected, tags })
    const group = lab.aws.account.groups.get(name)
    const foundProtected = new Set(was.protectedInstances.split(' '))
    const left = group?.instances.filter(({ id, isProtected }) => isProtected && !foundProtected.has(id)) ?? []
    if (left.length > 0) broken('I8', `${left.map(({ id }) => id).join(', ')} of ${name} are still protected`)
  }

  const isChanged = (what: string) => changedByOthers.includes(what)

  return { ended }
}

function nothingOfOurs(lab: Lab, observed: ObservedCluster, broken: ReportViolation): void {
  for (const { metadata } of lab.cluster.list('Node'))
    for (const key of Object.keys({ ...metadata.annotations, ...metadata.labels }))
      if (key.startsWith(ours)) broken('I8', `node ${metadata.name} still has ${key}`)
  for (const kind of restartable)
    for (const { metadata } of lab.cluster.list(kind))
      for (const key of Object.keys({ ...metadata.annotations, ...metadata.labels }))
        if (key.startsWith(ours)) broken('I8', `${kind} ${metadata.name} still has ${key}`)
  for (const group of lab.aws.account.groups.values())
    for (const key of group.tags.keys())
      if (key.startsWith(ours) && !stays.has(key)) broken('I8', `${group.name} still has the tag ${key}`)
  const holder = lab.cluster.find('Lease', 'kube-system', 'eks-node-upgrade')?.spec?.holderIdentity
  if (holder) broken('I8', `the Lease is still held by ${holder}`)
  if (observed.openRuns().length > 0) broken('I8', 'the record still has an open run')
}

function empty(
  name: string,
  leaves: readonly string[],
  { lab, observed, broken }: { lab: Lab; observed: ObservedCluster; broken: ReportViolation }
): void {
  const group = lab.aws.account.groups.get(name)
  if (!group) return
  if (group.instances.length > 0 && group.desired === 0)
    broken('I7', `${name} still has ${group.instances.length} instances`)
  const pods = lab
    .podsOn(name)
    .filter((pod) => isMovable(pod, observed))
    .filter(({ metadata }) => !leaves.some((stem) => `${metadata.namespace}/${metadata.name}`.startsWith(stem)))
  if (pods.length > 0) broken('I7', `${pods.map(({ metadata }) => metadata.name).join(', ')} are still on ${name}`)
}

function settingsOf(group: LabGroup): Settings {
  return {
    min: group.minSize,
    max: group.maxSize,
    desired: group.desired,
    suspended: [...group.suspended.keys()].sort().join(' '),
    newInstancesProtected: group.protectsNewInstances,
    protectedInstances: group.instances
      .filter(({ isProtected }) => isProtected)
      .map(({ id }) => id)
      .join(' '),
    tags: [...group.tags]
      .filter(([key]) => !key.startsWith(ours) && !key.startsWith('simulated/'))
      .map(([key, { value }]) => `${key}=${value}`)
      .sort()
      .join(' ')
  }
}
