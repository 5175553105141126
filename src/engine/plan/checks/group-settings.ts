/** Settings of an Auto Scaling group with which an upgrade would not work, in either group; and zones that only one has. */
import type { Group } from '../../model/node-group.ts'
import { shellWord } from '../../model/shell-word.ts'
import { autoscaling, type Blocker, finding } from '../finding.ts'
import type { GroupSide, PlanFacts } from '../plan-facts.ts'
import type { Findings } from './check.ts'

type Settings = Pick<PlanFacts['settings'], 'launchTimeoutMs'>
type SideRule = (side: GroupSide, settings: Settings) => readonly Blocker[]

export function groupSettings({
  active,
  inactive,
  settings
}: Pick<PlanFacts, 'active' | 'inactive'> & { settings: Settings }): Findings {
  const each = [active, inactive].flatMap((side) => rules.flatMap((rule) => rule(side, settings)))
  return { blockers: [...each, ...zonesMissing(active.group, inactive.group)], warnings: [] }
}

/** Rules for each group by itself. */
const rules: readonly SideRule[] = [
  launchConfiguration,
  operator,
  beingDeleted,
  weights,
  warmPool,
  suspended,
  instanceRefresh,
  launchHooks
]

/** https://docs.aws.amazon.com/autoscaling/ec2/userguide/launch-configurations.html */
function launchConfiguration({ group }: GroupSide): readonly Blocker[] {
  if (!group.launchConfiguration) return []
  const reason = `it uses the launch configuration ${group.launchConfiguration}, which has no versions to compare; AWS no longer supports launch configurations`
  const template = "--launch-template 'LaunchTemplateId=ID,Version=$Latest'"
  const command = autoscaling('update-auto-scaling-group', group.name, template)
  return [finding('launch-configuration', group.name, reason, `Switch it to a launch template with \`${command}\`.`)]
}

function operator({ group }: GroupSide): readonly Blocker[] {
  if (!group.operator) return []
  const reason = `only its operator, ${group.operator}, may change it`
  return [finding('operator', group.name, reason, 'Use the upgrade that the operator of the group offers.')]
}

function beingDeleted({ group }: GroupSide): readonly Blocker[] {
  if (!group.status) return []
  const reason = `AWS is deleting it (status: ${group.status})`
  return [finding('being-deleted', group.name, reason, autoscaling('describe-scaling-activities', group.name))]
}

/** https://docs.aws.amazon.com/autoscaling/ec2/userguide/asg-instance-weighting.html */
function weights({ group }: GroupSide): readonly Blocker[] {
  if (!group.weighted) return []
  const reason =
    'its sizes count weights or vCPUs instead of instances, so an equal number of instances cannot be requested'
  const units = autoscaling('update-auto-scaling-group', group.name, '--desired-capacity-type units')
  const remedy = `Remove the weights of its instance types, or run \`${units}\` if it selects them by attributes.`
  return [finding('weights', group.name, reason, remedy)]
}

/** https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-warm-pools.html */
function warmPool({ group }: GroupSide): readonly Blocker[] {
  if (!group.warmPool) return []
  const reason =
    'it has a warm pool: a higher maximum size would launch instances into the pool, and scaling in could return instances to it'
  return [finding('warm-pool', group.name, reason, autoscaling('delete-warm-pool', group.name))]
}

/** https://docs.aws.amazon.com/autoscaling/ec2/userguide/as-suspend-resume-processes.html */
function suspended({ group }: GroupSide): readonly Blocker[] {
  const stopped = ['Launch', 'Terminate'].filter((process) => group.suspended.includes(process))
  if (stopped.length === 0) return []
  const reason = `${stopped.join(' and ')} ${stopped.length === 1 ? 'is' : 'are'} suspended, and an upgrade needs both Launch and Terminate`
  const remedy = autoscaling('resume-processes', group.name, `--scaling-processes ${stopped.join(' ')}`)
  return [finding('suspended', group.name, reason, remedy)]
}

function instanceRefresh({ group, companions }: GroupSide): readonly Blocker[] {
  if (companions.activeRefreshes.length === 0) return []
  const reason = `an instance refresh is running (${companions.activeRefreshes.join(', ')})`
  return [finding('instance-refresh', group.name, reason, autoscaling('cancel-instance-refresh', group.name))]
}

/** https://docs.aws.amazon.com/autoscaling/ec2/userguide/lifecycle-hooks-overview.html */
function launchHooks({ group, companions }: GroupSide, { launchTimeoutMs }: Settings): readonly Blocker[] {
  const slow = companions.hooks.filter((hook) => hook.transition === 'launching' && hook.heartbeatMs > launchTimeoutMs)
  return slow.map((hook) => {
    const minutes = Math.ceil(hook.heartbeatMs / 60_000)
    const reason = `its launch hook ${hook.name} may hold an instance for ${minutes} min, longer than the launch timeout of ${launchTimeoutMs / 60_000} min`
    const heartbeat = `--lifecycle-hook-name ${shellWord(hook.name)} --heartbeat-timeout ${Math.floor(launchTimeoutMs / 1000)}`
    const shorter = autoscaling('put-lifecycle-hook', group.name, heartbeat)
    return finding('launch-hook', group.name, reason, `Use \`--launch-timeout-minutes ${minutes + 5}\`.`, shorter)
  })
}

/** Every zone of the active group must have a new node before anything is cordoned. */
function zonesMissing(active: Group, inactive: Group): readonly Blocker[] {
  const used = [...new Set(active.instances.map((one) => one.zone))].sort()
  const missing = used.filter((zone) => !inactive.zones.includes(zone))
  if (missing.length === 0) return []
  const reason = `it has no subnet in ${missing.join(', ')}, where ${active.name} has instances; volumes of that zone could not be attached to its nodes`
  const subnets = `--vpc-zone-identifier ${shellWord(active.subnets.join(','))}`
  const remedy = autoscaling('update-auto-scaling-group', inactive.name, subnets)
  return [finding('zone-missing', inactive.name, reason, remedy)]
}
