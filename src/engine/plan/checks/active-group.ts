/** Exactly one group of the pair may have instances, and the sizes of both must be at rest. */
import { isInStandby } from '../../model/lifecycle.ts'
import type { Group } from '../../model/node-group.ts'
import { activeColor, hasInstances } from '../active-group.ts'
import { autoscaling, type Blocker, count, finding } from '../finding.ts'
import type { NodeGroupPair } from '../node-group-pair.ts'
import type { PlanInput } from '../plan-facts.ts'
import type { Findings } from './check.ts'

export function activeGroup({ pair }: Pick<PlanInput, 'pair'>): Findings {
  const color = activeColor(pair)
  if (color === undefined) {
    return { blockers: [hasInstances(pair.blue) ? bothActive(pair) : noneActive(pair)], warnings: [] }
  }
  const [active, inactive] = color === 'blue' ? [pair.blue, pair.green] : [pair.green, pair.blue]
  return { blockers: [...sizeChanging(active), ...sizeChanging(inactive), ...inStandby(active)], warnings: [] }
}

function sizeChanging(group: Group): readonly Blocker[] {
  const odd = group.instances.filter((one) => one.lifecycle !== 'InService' && !isInStandby(one))
  const look = autoscaling('describe-scaling-activities', group.name, '--max-items 5')
  if (odd.length > 0) {
    const shown = odd.slice(0, 3).map((one) => `${one.id} is ${one.lifecycle}`)
    const more = odd.length > 3 ? `, and ${odd.length - 3} more` : ''
    const reason = `its size is changing: ${shown.join(', ')}${more}`
    // Retained because its shutdown failed: https://docs.aws.amazon.com/autoscaling/ec2/userguide/instance-lifecycle-policy.html
    const retained = odd.filter((one) => one.lifecycle === 'Terminating:Retained').map(({ id }) => finishShutdown(id))
    return [finding('size-changing', group.name, reason, ...retained, look)]
  }
  const counted = group.instances.filter((one) => one.lifecycle === 'InService').length
  if (counted === group.capacity.desired) return []
  const reason = `its size is changing: it wants ${count(group.capacity.desired, 'instance')} and has ${counted} in service`
  return [finding('size-changing', group.name, reason, look)]
}

/** https://docs.aws.amazon.com/autoscaling/ec2/userguide/as-enter-exit-standby.html */
function inStandby(group: Group): readonly Blocker[] {
  const ids = group.instances.filter(isInStandby).map((one) => one.id)
  if (ids.length === 0) return []
  const reason = `${count(ids.length, 'instance')} in Standby, which would be neither drained nor counted: ${ids.join(', ')}`
  const remedy = autoscaling('exit-standby', group.name, `--instance-ids ${ids.join(' ')}`)
  return [finding('standby', group.name, reason, remedy)]
}

function bothActive({ name, blue, green }: NodeGroupPair): Blocker {
  const reason = `both groups have instances: ${sizeText(blue)}, ${sizeText(green)}. Exactly one group may have instances`
  // The smaller one first: a command that is pasted without reading does less harm.
  const smallerFirst = [blue, green].sort((one, other) => one.instances.length - other.instances.length)
  const remedies = smallerFirst.map(
    (group) => `If ${group.name} is not needed, drain its nodes, then run \`${toZero(group)}\`.`
  )
  return finding('both-active', name, reason, ...remedies)
}

function noneActive({ name, blue, green }: NodeGroupPair): Blocker {
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

function finishShutdown(id: string): string {
  const terminate = `aws autoscaling terminate-instance-in-auto-scaling-group --instance-id ${id} --no-should-decrement-desired-capacity`
  return `Finish the shutdown of ${id} by hand, then run \`${terminate}\`.`
}
