/** Gathers everything that the plan is made of, side by side, and makes it. Nothing is written. */
import type { AccessCheck } from '../model/cluster.ts'
import type { GateLook } from '../model/gates.ts'
import { retiredConfigurationTag } from '../model/names.ts'
import type { Color, Companions, Group, TemplateRef, TemplateVersion } from '../model/node-group.ts'
import type { Ports } from '../model/ports.ts'
import type { Settings } from '../model/settings.ts'
import { activeColor } from '../plan/active-group.ts'
import { accessNeeded } from '../plan/checks/access.ts'
import {
  type Configuration,
  configurationOf,
  lookupIn,
  type TemplateLookup,
  templateRefsOf
} from '../plan/configuration.ts'
import type { ImageLooks } from '../plan/image-choice.ts'
import type { NodeGroupPair } from '../plan/node-group-pair.ts'
import { makePlan, type PlanMade } from '../plan/plan.ts'
import type { GroupRecord, TemplateWrite } from '../record/record.ts'
import { askGates } from '../world/gate-looks.ts'
import { deniedWrites, readImages, templateWrites } from './image-input.ts'

export interface PreparedPlan extends PlanMade {
  pair: NodeGroupPair
  /** Launch template versions that the run would write. */
  templateWrites: readonly TemplateWrite[]
  template: TemplateLookup
  serverVersion: string
}

/** `pair` may come from a list; both groups are read again with their instances. */
export async function preparePlan(
  pair: NodeGroupPair,
  settings: Settings,
  ports: Ports,
  record: GroupRecord,
  signal: AbortSignal
): Promise<PreparedPlan> {
  const { nodeGroups, cluster } = ports
  const described = nodeGroups.describe([pair.blue.name, pair.green.name])
  const [groups, blueCompanions, greenCompanions, denied, serverVersion, gates] = await Promise.all([
    described,
    nodeGroups.companions(pair.blue.name),
    nodeGroups.companions(pair.green.name),
    cluster.denied(accessNeeded(settings)),
    cluster.version(),
    askGates(settings.gates ?? [], ports, signal)
  ])
  const fresh: NodeGroupPair = {
    name: pair.name,
    blue: groups.find((group) => group.name === pair.blue.name) ?? pair.blue,
    green: groups.find((group) => group.name === pair.green.name) ?? pair.green
  }
  const template = await readTemplates([fresh.blue, fresh.green], ports)
  const companions = { blue: blueCompanions, green: greenCompanions }
  const active = activeColor(fresh) ?? 'blue'
  const inactive = active === 'blue' ? 'green' : 'blue'
  const pairNow = { active: fresh[active], inactive: fresh[inactive] }
  const images = await readImages(pairNow, template, settings, serverVersion, ports)
  const gathered = { template, companions, denied, serverVersion, images, gates }
  const made = planOf(fresh, settings, ports, record, gathered)
  if (!made.choice || made.verdict === 'unchanged' || made.choice.writes.length === 0) return made
  const words = (color: Color) => ({ name: fresh[color].name, color })
  const sides = { active: words(active), inactive: words(inactive) }
  const writes = await templateWrites(made.choice, sides, ports)
  if (made.plan.blockers.length > 0) return { ...made, templateWrites: writes }
  const deniedTemplateWrites = await deniedWrites(writes, ports)
  const known =
    deniedTemplateWrites.length === 0
      ? made
      : planOf(fresh, settings, ports, record, { ...gathered, deniedTemplateWrites })
  return { ...known, templateWrites: writes }
}

interface Gathered {
  template: TemplateLookup
  companions: { blue: Companions; green: Companions }
  denied: readonly AccessCheck[]
  serverVersion: string
  images?: ImageLooks
  deniedTemplateWrites?: readonly string[]
  gates: readonly GateLook[]
}

function planOf(
  pair: NodeGroupPair,
  settings: Settings,
  ports: Ports,
  record: GroupRecord,
  gathered: Gathered
): PreparedPlan {
  const inactive = pair.blue.instances.length > 0 ? pair.green : pair.blue
  const made = makePlan({
    settings,
    pair,
    view: ports.cluster.view(),
    ...gathered,
    retired: {
      // The record's copy is of the group that was retired last; swapped roles make it another one's.
      record: record.retired?.group === inactive.name ? record.retired.configuration : undefined,
      tag: inactive.tags[retiredConfigurationTag]
    },
    lastOutcome: record.last && {
      outcome: record.last.outcome,
      at: record.last.at,
      reason: record.last.reason?.message,
      change: record.last.changeFingerprint
    },
    ownPod: ports.ownPod,
    credentialsExpireAt: ports.credentialsExpireAt?.(),
    now: ports.clock.now()
  })
  return { ...made, pair, template: gathered.template, serverVersion: gathered.serverVersion, templateWrites: [] }
}

/** Every version that the groups would launch or that their instances were launched from, each read once. */
async function readTemplates(groups: readonly Group[], { nodeGroups }: Ports): Promise<TemplateLookup> {
  const refs = new Map<string, TemplateRef>()
  for (const group of groups) {
    for (const ref of templateRefsOf(group)) refs.set(`${ref.id}:${ref.version}`, ref)
    for (const { template } of group.instances) if (template) refs.set(`${template.id}:${template.version}`, template)
  }
  const found = await Promise.all(
    [...refs].map(async ([key, ref]) => ({ key, version: await nodeGroups.template(ref) }))
  )
  const versions: TemplateVersion[] = []
  const followed: Record<string, number> = {}
  for (const { key, version } of found) {
    if (!version) continue
    versions.push(version)
    followed[key] = version.version
  }
  return lookupIn(versions, followed)
}

/** What a group is configured to launch now, field by field; empty where its template cannot be read. */
export function configuredNow(group: Group, prepared: PreparedPlan): Configuration {
  const template = group.template && prepared.template(group.template)
  if (!template) return {}
  const color = group === prepared.pair.blue ? 'blue' : 'green'
  return configurationOf(group, template, { name: group.name, color }, prepared.template)
}

/** `id:version` of everything that the group may launch from, aliases followed. */
export function plannedTemplates(group: Group, template: TemplateLookup): readonly string[] {
  return templateRefsOf(group).flatMap((ref) => {
    const version = template(ref)
    return version ? [`${version.id}:${version.version}`] : []
  })
}
