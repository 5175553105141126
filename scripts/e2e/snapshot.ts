// What must be as it was, and what must not be left: settings of both groups, and every mark of the product.
import type { AutoScalingGroup } from '@aws-sdk/client-auto-scaling'
import { check } from './expect.ts'
import type { Ground } from './ground.ts'
import type { Observer } from './observer.ts'
import type { Testbed } from './testbed.ts'

export interface GroupSettings {
  name: string
  min: number
  max: number
  desired: number
  instances: string[]
  protected: string[]
  newProtected: boolean
  suspended: string[]
  tags: Record<string, string>
  template: string
  zones: string[]
  /** Cooldown, health checks and whatever else AWS tells of it and nothing should touch. */
  rest: string
}

export type PairSettings = Readonly<Record<'blue' | 'green', GroupSettings>>

const ours = 'eks-node-upgrade/'
const forFinding = new Set([`${ours}group`, `${ours}color`])

export async function readSettings(testbed: Testbed, ground: Ground): Promise<PairSettings> {
  const { AutoScalingGroups = [] } = await testbed.aws.autoScaling.describeAutoScalingGroups({
    AutoScalingGroupNames: [ground.blue, ground.green]
  })
  const groups = AutoScalingGroups.map(readGroup)
  const find = (name: string) => {
    const group = groups.find((one) => one.name === name)
    if (!group) throw new Error(`the group ${name} is gone`)
    return group
  }
  return { blue: find(ground.blue), green: find(ground.green) }
}

function readGroup(group: AutoScalingGroup): GroupSettings {
  const { Instances = [], Tags = [], SuspendedProcesses = [], AvailabilityZones = [] } = group
  const ids = (instances: typeof Instances) => instances.map(({ InstanceId = '' }) => InstanceId).sort()
  const untouched = ['DefaultCooldown', 'HealthCheckType', 'HealthCheckGracePeriod', 'VPCZoneIdentifier'] as const
  return {
    name: group.AutoScalingGroupName ?? '',
    min: group.MinSize ?? Number.NaN,
    max: group.MaxSize ?? Number.NaN,
    desired: group.DesiredCapacity ?? Number.NaN,
    instances: ids(Instances),
    protected: ids(Instances.filter(({ ProtectedFromScaleIn }) => ProtectedFromScaleIn)),
    newProtected: group.NewInstancesProtectedFromScaleIn === true,
    suspended: SuspendedProcesses.map(({ ProcessName = '' }) => ProcessName).sort(),
    tags: Object.fromEntries(Tags.map(({ Key = '', Value = '' }) => [Key, Value])),
    template: JSON.stringify(group.LaunchTemplate),
    zones: [...AvailabilityZones].sort(),
    rest: [...untouched, 'MaxInstanceLifetime' as const].map((name) => `${name}=${group[name] ?? ''}`).join(' ')
  }
}

export function sizes({ min, max, desired }: GroupSettings): string {
  return `${min}/${max}/${desired}`
}

/** After an upgrade: the sizes have changed hands, and nothing else has changed. */
export function checkSwapped(before: PairSettings, after: PairSettings): void {
  const { blue, green } = before
  check('the retired group is at zero', sizes(after.blue) === '0/0/0', sizes(after.blue))
  check(
    "the new active group has the other's sizes",
    sizes(after.green) === sizes(blue),
    `${sizes(after.green)}, was ${sizes(blue)}`
  )
  check('the retired group has no instance', after.blue.instances.length === 0, after.blue.instances)
  check(
    'the new active group has as many instances',
    after.green.instances.length === blue.instances.length,
    `${after.green.instances.length} of ${blue.instances.length}`
  )
  check('no instance is left protected', after.green.protected.length === 0, after.green.protected)
  for (const color of ['blue', 'green'] as const) checkRest(color, before[color], after[color])
  const retired = Object.keys(after.blue.tags).filter((key) => key.startsWith(`${ours}retired`))
  check(
    'the retired group says what it was',
    retired.length > 0,
    retired.map((key) => `${key}=${after.blue.tags[key]}`)
  )
  check('the active group has no tag of a run', marks(after.green, green).length === 0, marks(after.green, green))
}

/** After a revert: everything as it was, to the instance. */
export function checkRestored(before: PairSettings, after: PairSettings): void {
  for (const color of ['blue', 'green'] as const) {
    const [was, is] = [before[color], after[color]]
    check(`${color} has its sizes of before`, sizes(is) === sizes(was), `${sizes(is)}, was ${sizes(was)}`)
    check(
      `${color} has its very instances`,
      same(is.instances, was.instances),
      `${is.instances.length} of ${was.instances.length}`
    )
    check(
      `${color} protects what it protected`,
      same(is.protected, was.protected),
      `${is.protected.length}, was ${was.protected.length}`
    )
    checkRest(color, was, is)
    check(`${color} has no tag more than before`, marks(is, was).length === 0, marks(is, was))
  }
}

function checkRest(color: string, was: GroupSettings, is: GroupSettings): void {
  check(
    `${color} suspends what it suspended`,
    same(is.suspended, was.suspended),
    `[${is.suspended}], was [${was.suspended}]`
  )
  const differ = (['newProtected', 'template', 'zones', 'rest'] as const).filter(
    (key) => JSON.stringify(is[key]) !== JSON.stringify(was[key])
  )
  check(`${color}'s other settings are as before`, differ.length === 0, differ)
  const foreign = Object.keys(was.tags).filter(
    (key) => is.tags[key] !== was.tags[key] && !key.startsWith(`${ours}retired`)
  )
  check(`${color}'s tags of before are there`, foreign.length === 0, foreign)
}

function marks(is: GroupSettings, was: GroupSettings): string[] {
  return Object.keys(is.tags).filter((key) => key.startsWith(ours) && !forFinding.has(key) && !(key in was.tags))
}

function same(a: readonly string[], b: readonly string[]): boolean {
  return a.join() === b.join()
}

/** No cordon, annotation or label of ours, and no Lease that is held. The record may stay. */
export async function checkNothingLeft(testbed: Testbed, cordonedBefore: readonly string[] = []): Promise<void> {
  const { kubernetes } = testbed
  const nodes = (await kubernetes.list('/api/v1/nodes')).items
  const cordoned = nodes.filter(({ spec }) => spec.unschedulable).map(({ metadata }) => metadata.name)
  check(
    'only what was cordoned before is',
    same(cordoned.sort(), [...cordonedBefore].sort()),
    cordoned.length === 0 ? 'none' : cordoned
  )
  const marked: string[] = []
  for (const path of [
    '/api/v1/nodes',
    '/api/v1/pods',
    '/api/v1/namespaces',
    '/apis/apps/v1/deployments',
    '/apis/apps/v1/statefulsets',
    '/apis/apps/v1/replicasets',
    '/apis/apps/v1/daemonsets',
    '/apis/policy/v1/poddisruptionbudgets'
  ]) {
    for (const { metadata, spec } of (await kubernetes.list(path)).items) {
      const template = spec?.template?.metadata ?? {}
      const words = { ...metadata.labels, ...metadata.annotations, ...template.labels, ...template.annotations }
      const found = Object.keys(words).filter((key) => key.startsWith(ours))
      if (found.length > 0) marked.push(`${path.split('/').at(-1)}/${metadata.name}: ${found}`)
    }
  }
  check('I8: no object has a mark of ours', marked.length === 0, marked.length === 0 ? 'none' : marked.slice(0, 5))
  const lease = await kubernetes.get('/apis/coordination.k8s.io/v1/namespaces/kube-system/leases/eks-node-upgrade')
  check(
    'I8: the Lease is held by no one',
    !lease?.spec?.holderIdentity,
    lease ? `holder "${lease.spec?.holderIdentity ?? ''}"` : 'there is none'
  )
}

/** What the observer must not have seen, in any run. */
export function checkCalm(observer: Observer): void {
  const gaps = observer.gaps.map(({ workload, at, untilAt }) => `${workload} for ${untilAt ? untilAt - at : '?'} ms`)
  check(
    'I3: no workload was without a ready pod at any moment',
    gaps.length === 0,
    gaps.length === 0 ? lows(observer) : gaps
  )
  const breaks = observer.brokenBudgets.map(
    (one) => `${one.budget} at ${one.healthy} of ${one.desired}: ${one.pod} ${one.how}`
  )
  check('I1: no budget was broken at any moment', breaks.length === 0, breaks.length === 0 ? '0' : breaks.slice(0, 5))
  check(
    'I23: never were both sides cordoned',
    observer.bothCordoned.length === 0,
    `${observer.bothCordoned.length} moments`
  )
}

function lows(observer: Observer): string {
  const low = [...observer.lowest].map(([key, { ready, wanted }]) => `${key.split('/')[2]} ${ready}/${wanted}`)
  return `lowest ${low.join(', ')}`
}

/** Every workload has all its pods, ready, on that group's nodes. */
export function checkPlaced(observer: Observer, group: string, elsewhere: string): void {
  const strays = observer.podsOn(elsewhere).map(({ namespace, name }) => `${namespace}/${name}`)
  const there = observer.podsOn(group)
  const unready = there.filter(({ ready, leaving }) => !ready || leaving).map(({ name }) => name)
  check(`every pod is on ${group}, ready`, strays.length === 0 && unready.length === 0 && there.length > 0, {
    there: there.length,
    ...(strays.length > 0 && { elsewhere: strays.slice(0, 5) }),
    ...(unready.length > 0 && { unready: unready.slice(0, 5) })
  })
  const short = observer
    .workloads()
    .filter(({ kind, spec, status }) => kind !== 'DaemonSet' && (status?.readyReplicas ?? 0) < spec.replicas)
  check(
    'every workload has all its pods',
    short.length === 0,
    short.map(({ metadata }) => metadata.name)
  )
}
