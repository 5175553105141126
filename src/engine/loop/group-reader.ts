/**
 * Reads both groups no more often than it is worth: at once after a write of ours or when a new node appears, quickly for some
 * seconds after that, seldom while only pods move. Auto Scaling's API is one bucket of tokens for the whole account.
 */
import type { Clock } from '../model/clock.ts'
import type { ClusterView } from '../model/cluster.ts'
import { UpgradeError } from '../model/error.ts'
import { countsInDesired } from '../model/lifecycle.ts'
import { activityAfterMs, activityLookMs, groupBusyForMs, groupFreshForMs, groupLookMs } from '../model/limits.ts'
import type { Activity, NodeGroups, TemplateState } from '../model/node-group.ts'
import type { StageName } from '../model/report.ts'
import type { OpenRun } from '../record/record.ts'
import type { Groups } from '../world/world.ts'

export interface GroupReader {
  /** The newest look; reads again when it is time. Rejects as the port does. */
  read(run: OpenRun, view: ClusterView): Promise<{ groups: Groups; activities: readonly Activity[] }>
  /** Something of ours was written: what was read before is old. */
  wrote(): void
  /** Something is to be written: the next look must be a new one. */
  refresh(): void
  stage(name: StageName): void
  /** When the next look is due. */
  dueAt(): number
}

const waitingStages: readonly StageName[] = ['freeze', 'launch', 'retire', 'release', 'uncordon']

export function createGroupReader(ports: { clock: Clock; nodeGroups: NodeGroups }): GroupReader {
  const { clock, nodeGroups } = ports
  let groups: Groups | undefined
  let activities: readonly Activity[] = []
  let activitiesAt = Number.NEGATIVE_INFINITY
  let changedAt = clock.now()
  let stale = true
  let stage: StageName = 'freeze'
  let missingSince: number | undefined

  const dueAt = () => {
    if (!groups || stale) return clock.now()
    const since = clock.now() - changedAt
    if (since < groupFreshForMs && waitingStages.includes(stage)) return groups.at + groupLookMs.fresh
    if (since < groupBusyForMs && waitingStages.includes(stage)) return groups.at + groupLookMs.busy
    return groups.at + (waitingStages.includes(stage) ? groupLookMs.waiting : groupLookMs.calm)
  }

  async function readActivities(run: OpenRun, now: Groups): Promise<void> {
    const incoming = now.incoming
    const missing = incoming.instances.filter(countsInDesired).length < incoming.capacity.desired
    missingSince = missing ? (missingSince ?? now.at) : undefined
    if (missingSince === undefined || now.at - missingSince < activityAfterMs) return
    if (now.at - activitiesAt < activityLookMs) return
    activitiesAt = now.at
    // AWS's clock and ours may differ by seconds; an activity of an earlier run would be minutes old.
    activities = await nodeGroups.activities(incoming.name, run.startedAt - 5_000)
  }

  return {
    dueAt,
    stage(name) {
      if (name !== stage) changedAt = clock.now()
      stage = name
    },
    refresh() {
      stale = true
    },
    wrote() {
      stale = true
      changedAt = clock.now()
    },
    async read(run, view) {
      const unknown = newNode(view, groups)
      if (unknown && groups && clock.now() - groups.at >= groupLookMs.busy / 2) stale = true
      if (groups && clock.now() < dueAt()) return { groups, activities }
      // Set before the call: a write that ends while it is under way makes it old again.
      stale = false
      const at = clock.now()
      const [found, templates] = await Promise.all([
        nodeGroups.describe([run.outgoing.name, run.incoming.name]),
        templateStates(run, nodeGroups)
      ]).catch((error: unknown) => {
        stale = true
        throw error
      })
      const outgoing = found.find((group) => group.name === run.outgoing.name)
      const incoming = found.find((group) => group.name === run.incoming.name)
      if (!outgoing || !incoming) {
        const gone = outgoing ? run.incoming.name : run.outgoing.name
        throw new UpgradeError(`Auto Scaling group ${gone} does not exist any more.`, {
          code: 'group-not-found',
          outcome: 'halted',
          hint: `Create it again under the same name, or decide what becomes of the other: aws autoscaling describe-auto-scaling-groups --auto-scaling-group-names ${gone}`
        })
      }
      groups = { outgoing, incoming, templates, at }
      await readActivities(run, groups)
      return { groups, activities }
    }
  }
}

/** Only of templates that the run writes a version of; one that is gone is left out. */
async function templateStates(run: OpenRun, nodeGroups: NodeGroups): Promise<readonly TemplateState[]> {
  const writes = run.templateWrites ?? []
  const states = writes.map(({ template, latestBefore }) => nodeGroups.templateState(template, latestBefore))
  return (await Promise.all(states)).filter((state) => state !== undefined)
}

/** A node that just came and belongs to no instance that was read: its instance is newer than the look. */
function newNode(view: ClusterView, groups: Groups | undefined): boolean {
  if (!groups) return false
  const known = new Set([...groups.outgoing.instances, ...groups.incoming.instances].map((instance) => instance.id))
  return view.nodes.some(
    (node) => node.instanceId !== undefined && !known.has(node.instanceId) && node.createdAt > groups.at - 1_000
  )
}
