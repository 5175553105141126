/** The record of a new run: everything that cannot be seen later, written before the first change. */

import { countsInDesired } from '../model/lifecycle.ts'
import type { Color, Group } from '../model/node-group.ts'
import type { Ports } from '../model/ports.ts'
import type { Settings } from '../model/settings.ts'
import { nodesOf } from '../plan/active-group.ts'
import { configurationFingerprint } from '../plan/retired-configuration.ts'
import { indexCluster } from '../policy/workloads.ts'
import type { OpenRun, Original } from '../record/record.ts'
import { takeBaseline } from '../world/workload-health.ts'
import { describedBy } from './image-input.ts'
import { configuredNow, type PreparedPlan, plannedTemplates } from './plan-input.ts'

export function newRun(prepared: PreparedPlan, settings: Settings, ports: Ports, id: string): OpenRun {
  const { active, inactive, launches, plan } = prepared
  if (!active || !inactive) throw new Error('a run needs an active and an inactive group')
  const view = ports.cluster.view()
  const nodes = nodesOf(active, view)
  const index = indexCluster(view)
  const now = ports.clock.now()
  const writes = prepared.templateWrites.map((one) => ({ ...one, description: describedBy(id, one.image) }))
  return {
    id,
    startedAt: now,
    by: [ports.host.name, ports.host.link].filter(Boolean).join(' '),
    direction: 'forward',
    outgoing: original(active, colorOf(active, prepared)),
    incoming: original(inactive, colorOf(inactive, prepared)),
    count: active.instances.filter(countsInDesired).length,
    cordonedBefore: nodes.filter((node) => !node.schedulable).flatMap((node) => node.instanceId ?? []),
    changes: plan.changes.map(({ field, from, to }) => ({ field, from: from.slice(0, 200), to: to.slice(0, 200) })),
    changeFingerprint: launches ? configurationFingerprint(launches.fields) : '',
    plannedTemplates: plannedTemplates(inactive, prepared.template),
    ...(writes.length > 0 ? { templateWrites: writes } : {}),
    serverVersion: prepared.serverVersion,
    outgoingConfiguration: configuredNow(active, prepared),
    settings: { ...settings, group: plan.group },
    baseline: takeBaseline(new Set(nodes.map((node) => node.name)), index, settings, now),
    spentMs: {},
    elapsedMs: 0,
    podsMoved: 0,
    podsTotal: plan.podsToMove,
    replaced: [],
    beforeReplacement: [],
    returned: {}
  }
}

function original(group: Group, color: Color): Original {
  return {
    name: group.name,
    color,
    capacity: group.capacity,
    suspended: group.suspended,
    newInstancesProtected: group.newInstancesProtected,
    protectedInstances: group.instances
      .filter((instance) => instance.protectedFromScaleIn)
      .map((instance) => instance.id)
  }
}

function colorOf(group: Group, { pair }: PreparedPlan): Color {
  return group === pair.blue ? 'blue' : 'green'
}
