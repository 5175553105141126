/** Which group of a pair is active, and whether both are at rest so that an upgrade may begin. */
import type { Group } from '../model/node-group.ts'
import type { Finding } from '../model/report.ts'
import { autoscaling, count, finding } from './finding.ts'
import type { NodeGroupPair } from './node-group-pair.ts'

export interface ActiveSide {
  active?: Group
  inactive?: Group
  findings: readonly Finding[]
}

/** The sides are told even where sizes are in motion, as long as only one group has instances. */
export function activeSide(pair: NodeGroupPair): ActiveSide {
  const { blue, green } = pair
  if (hasInstances(blue) && hasInstances(green)) return { findings: [bothActive(pair)] }
  if (!hasInstances(blue) && !hasInstances(green)) return { findings: [noneActive(pair)] }
  const [active, inactive] = hasInstances(blue) ? [blue, green] : [green, blue]
  return { active, inactive, findings: [...moving(active), ...moving(inactive), ...standby(active)] }
}

/** Instances that stay, or the wish for some: a group that is just starting counts, one whose last instances go does not. */
function hasInstances(group: Group): boolean {
  return group.capacity.desired > 0 || group.instances.some((one) => !one.lifecycle.startsWith('Terminating'))
}

function moving(group: Group): readonly Finding[] {
  const found: Finding[] = []
  const odd = group.instances.filter((one) => one.lifecycle !== 'InService' && !isStandby(one.lifecycle))
  const look = autoscaling('describe-scaling-activities', group.name, '--max-items 5')
  if (odd.length > 0) {
    const told = odd.slice(0, 3).map((one) => `${one.id} is ${one.lifecycle}`)
    const more = odd.length > 3 ? `, and ${odd.length - 3} more` : ''
    const reason = `its size is in motion: ${told.join(', ')}${more}`
    const retained = odd.filter((one) => one.lifecycle === 'Terminating:Retained').map(({ id }) => terminate(id))
    found.push(finding('in-motion', group.name, reason, ...retained, look))
  }
  const counted = group.instances.filter((one) => one.lifecycle === 'InService').length
  if (odd.length === 0 && counted !== group.capacity.desired) {
    const reason = `its size is in motion: it wants ${count(group.capacity.desired, 'instance')} and has ${counted} in service`
    found.push(finding('in-motion', group.name, reason, look))
  }
  return found
}

function standby(group: Group): readonly Finding[] {
  const ids = group.instances.filter((one) => isStandby(one.lifecycle)).map((one) => one.id)
  if (ids.length === 0) return []
  const reason = `${count(ids.length, 'instance')} in Standby, which would neither be emptied nor counted: ${ids.join(', ')}`
  return [
    finding('standby', group.name, reason, autoscaling('exit-standby', group.name, `--instance-ids ${ids.join(' ')}`))
  ]
}

function isStandby(lifecycle: string): boolean {
  return lifecycle === 'Standby' || lifecycle === 'EnteringStandby'
}

function bothActive({ name, blue, green }: NodeGroupPair): Finding {
  const reason = `both groups have instances: ${sizeText(blue)}, ${sizeText(green)}. Exactly one may; empty the nodes of the other, then scale it to zero`
  // The smaller one first: whoever pastes without reading does less harm.
  const smallerFirst = [blue, green].sort((one, other) => one.instances.length - other.instances.length)
  const onlyIf = (group: Group) => `   (only if ${group.name} is to go, and once its nodes are empty)`
  return finding('both-active', name, reason, ...smallerFirst.map((group) => toZero(group) + onlyIf(group)))
}

function noneActive({ name, blue, green }: NodeGroupPair): Finding {
  const reason = `neither ${blue.name} nor ${green.name} has instances, so there is nothing to upgrade`
  const start = autoscaling('update-auto-scaling-group', blue.name, '--min-size 1 --max-size 3 --desired-capacity 1')
  return finding('none-active', name, reason, start)
}

function sizeText(group: Group): string {
  return `${group.name} ${group.instances.length} (wants ${group.capacity.desired})`
}

function toZero(group: Group): string {
  return autoscaling('update-auto-scaling-group', group.name, '--min-size 0 --max-size 0 --desired-capacity 0')
}

function terminate(instanceId: string): string {
  return `aws autoscaling terminate-instance-in-auto-scaling-group --instance-id ${instanceId} --no-should-decrement-desired-capacity`
}
