/** Which group is active and which is not, as results name them. */
import type { Group } from '../model/node-group.ts'
import type { Result } from '../model/report.ts'
import type { OpenRun } from '../record/record.ts'
import type { PreparedPlan } from './plan-input.ts'

type SideNames = Pick<Result, 'activeGroup' | 'inactiveGroup'>

export function plannedSides({ plan }: PreparedPlan): SideNames & Pick<Result, 'group'> {
  return { group: plan.group, activeGroup: plan.active.name, inactiveGroup: plan.inactive.name }
}

/** The side with instances is active; of two without any, neither is better than the other. */
export function sidesOf(blue: Group, green: Group): SideNames {
  const [active, inactive] = blue.instances.length > 0 || blue.capacity.desired > 0 ? [blue, green] : [green, blue]
  return { activeGroup: active.name, inactiveGroup: inactive.name }
}

/** Of an open run: the group that serves. Once the pods were moved and verified, that is the incoming one. */
export function servingSides(run: OpenRun): SideNames {
  const incomingServes = run.held !== undefined || run.direction === 'retiring'
  return sideNames(run, incomingServes)
}

/** Of a run that has ended. */
export function sideNames(run: OpenRun, swapped: boolean): SideNames {
  const { outgoing, incoming } = run
  return swapped
    ? { activeGroup: incoming.name, inactiveGroup: outgoing.name }
    : { activeGroup: outgoing.name, inactiveGroup: incoming.name }
}
