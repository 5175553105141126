/** What of the two Auto Scaling groups stands in the way of an upgrade. */
import type { Color, Companions, Group } from '../model/node-group.ts'
import type { Finding } from '../model/report.ts'
import type { Settings } from '../model/settings.ts'
import { shellWord } from '../model/shell-word.ts'
import { placeholders } from './configuration.ts'
import { autoscaling, count, finding, nameSome, tagCommand } from './finding.ts'

export interface GroupSide {
  group: Group
  color: Color
  companions: Companions
}

export interface GroupFindings {
  blockers: readonly Finding[]
  warnings: readonly Finding[]
}

type Rule = (side: GroupSide, settings: Pick<Settings, 'launchTimeoutMs'>) => readonly Finding[]

/** Rules for either group by itself. */
const rules: readonly Rule[] = [
  ({ group }) => {
    if (!group.launchConfiguration) return []
    const reason = `it launches from the launch configuration ${group.launchConfiguration}; AWS has ended those, and only launch templates have versions to compare`
    const remedy = autoscaling(
      'update-auto-scaling-group',
      group.name,
      "--launch-template 'LaunchTemplateId=ID,Version=$Latest'"
    )
    return [finding('launch-configuration', group.name, reason, remedy)]
  },
  ({ group }) => {
    if (!group.operator) return []
    const reason = `only ${group.operator} may change it (it is the group's operator)`
    return [
      finding(
        'operator',
        group.name,
        reason,
        autoscaling('describe-auto-scaling-groups', group.name).replace(
          '--auto-scaling-group-name ',
          '--auto-scaling-group-names '
        )
      )
    ]
  },
  ({ group }) => {
    if (!group.status) return []
    const reason = `AWS is deleting it (status: ${group.status})`
    return [finding('being-deleted', group.name, reason, autoscaling('describe-scaling-activities', group.name))]
  },
  ({ group }) => {
    if (!group.weighted) return []
    const reason =
      'its sizes count weights or vCPU instead of instances, so that "as many instances" cannot be asked for'
    return [
      finding(
        'weights',
        group.name,
        reason,
        autoscaling('update-auto-scaling-group', group.name, '--desired-capacity-type units')
      )
    ]
  },
  ({ group }) => {
    if (!group.warmPool) return []
    const reason =
      'it has a warm pool: raising its maximum would launch instances into the pool, and scaling in would keep some'
    return [finding('warm-pool', group.name, reason, autoscaling('delete-warm-pool', group.name))]
  },
  ({ group }) => {
    const stopped = ['Launch', 'Terminate'].filter((process) => group.suspended.includes(process))
    if (stopped.length === 0) return []
    const reason = `${stopped.join(' and ')} ${stopped.length === 1 ? 'is' : 'are'} suspended, and both are needed`
    const remedy = autoscaling('resume-processes', group.name, `--scaling-processes ${stopped.join(' ')}`)
    return [finding('suspended', group.name, reason, remedy)]
  },
  ({ group, companions }) => {
    if (companions.activeRefreshes.length === 0) return []
    const reason = `an instance refresh is running (${companions.activeRefreshes.join(', ')})`
    return [finding('instance-refresh', group.name, reason, autoscaling('cancel-instance-refresh', group.name))]
  },
  ({ group, companions }, settings) =>
    companions.hooks
      .filter((hook) => hook.transition === 'launching' && hook.heartbeatMs > settings.launchTimeoutMs)
      .map((hook) => {
        const minutes = Math.ceil(hook.heartbeatMs / 60_000)
        const reason = `its launch hook ${hook.name} may hold an instance for ${minutes} min, longer than the launch timeout of ${settings.launchTimeoutMs / 60_000} min`
        const shorter = autoscaling(
          'put-lifecycle-hook',
          group.name,
          `--lifecycle-hook-name ${shellWord(hook.name)} --heartbeat-timeout ${Math.floor(settings.launchTimeoutMs / 1000)}`
        )
        return finding('launch-hook', group.name, reason, `--launch-timeout-minutes ${minutes + 5}`, shorter)
      })
]

export function groupFindings(
  active: GroupSide,
  incoming: GroupSide,
  settings: Pick<Settings, 'launchTimeoutMs'>
): GroupFindings {
  const each = [active, incoming].flatMap((side) => rules.flatMap((rule) => rule(side, settings)))
  return {
    blockers: [...each, ...zonesMissing(active.group, incoming.group), ...companionsMissing(active, incoming)],
    warnings: targetGroups(active, incoming)
  }
}

/** Every zone of outgoing must have a usable node of incoming before anything is cordoned. */
function zonesMissing(active: Group, incoming: Group): readonly Finding[] {
  const used = [...new Set(active.instances.map((one) => one.zone))].sort()
  const missing = used.filter((zone) => !incoming.zones.includes(zone))
  if (missing.length === 0) return []
  const reason = `it has no subnet in ${missing.join(', ')}, where ${active.name} has instances; volumes there could not follow`
  const subnets = shellWord(active.subnets.join(','))
  return [
    finding(
      'zone-missing',
      incoming.name,
      reason,
      autoscaling('update-auto-scaling-group', incoming.name, `--vpc-zone-identifier ${subnets}`)
    )
  ]
}

/** Sizes go with the role; everything else of a group must be there on both, else the upgrade would lose it. */
function companionsMissing(active: GroupSide, incoming: GroupSide): readonly Finding[] {
  const from = active.group.name
  const to = incoming.group.name
  const found: Finding[] = []
  const add = (rule: string, noun: string, missing: readonly string[], ...remedies: readonly string[]) => {
    if (missing.length === 0) return
    found.push(finding(rule, to, `it lacks ${noun} that ${from} has: ${nameSome(missing, 5)}`, ...remedies))
  }
  const policies = lacking(active, incoming, ({ companions }) => companions.policies)
  add(
    'policy-missing',
    'scaling policies',
    policies,
    ...policies.map(
      (name) =>
        `${autoscaling('describe-policies', from, `--policy-names ${shellWord(name)}`)}   (then put-scaling-policy the same on ${to})`
    )
  )
  const schedules = lacking(active, incoming, ({ companions }) => companions.scheduledActions)
  add(
    'schedule-missing',
    'scheduled actions',
    schedules,
    ...schedules.map(
      (name) =>
        `${autoscaling('describe-scheduled-actions', from, `--scheduled-action-names ${shellWord(name)}`)}   (then put-scheduled-update-group-action the same on ${to})`
    )
  )
  const hooks = lacking(active, incoming, ({ companions }) =>
    companions.hooks.map((one) => `${one.name} (${one.transition})`)
  )
  add(
    'hook-missing',
    'lifecycle hooks',
    hooks,
    `${autoscaling('describe-lifecycle-hooks', from)}   (then put-lifecycle-hook the same on ${to})`
  )
  const traffic = lacking(active, incoming, trafficOf)
  add('target-group-missing', 'target groups or load balancers', traffic, ...traffic.map((one) => attach(to, one)))
  const tags = lacking(active, incoming, ({ group }) =>
    Object.keys(group.tags).filter((key) => key.startsWith('k8s.io/cluster-autoscaler/'))
  )
  add(
    'autoscaler-tag-missing',
    'tags for Cluster Autoscaler',
    tags,
    ...tags.map((key) => tagCommand(to, key, active.group.tags[key] ?? ''))
  )
  return found
}

/** Names that outgoing has and incoming lacks; a name may hold the group's own name and color. */
function lacking(
  active: GroupSide,
  incoming: GroupSide,
  names: (side: GroupSide) => readonly string[]
): readonly string[] {
  const plain = (side: GroupSide, name: string) => placeholders(name, { name: side.group.name, color: side.color })
  const there = new Set(names(incoming).flatMap((name) => [name, plain(incoming, name)]))
  return names(active).filter((name) => !there.has(name) && !there.has(plain(active, name)))
}

function trafficOf({ group, companions }: GroupSide): readonly string[] {
  return [...new Set([...group.targetGroups, ...group.loadBalancers, ...companions.trafficSources])]
}

function attach(group: string, source: string): string {
  if (source.includes(':targetgroup/')) {
    return autoscaling('attach-load-balancer-target-groups', group, `--target-group-arns ${shellWord(source)}`)
  }
  if (source.startsWith('arn:'))
    return autoscaling('attach-traffic-sources', group, `--traffic-sources Identifier=${shellWord(source)}`)
  return autoscaling('attach-load-balancers', group, `--load-balancer-names ${shellWord(source)}`)
}

function targetGroups(active: GroupSide, incoming: GroupSide): readonly Finding[] {
  const both = trafficOf(active).filter((one) => trafficOf(incoming).includes(one))
  if (both.length === 0) return []
  const reason = `${count(both.length, 'target group or load balancer')} (${nameSome(both)}) get both groups' instances; this version does not yet wait until they take the new ones`
  return [
    finding('target-groups', active.group.name, reason, 'aws elbv2 describe-target-health --target-group-arn ARN')
  ]
}
