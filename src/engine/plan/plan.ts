/** The plan: what an upgrade would do and everything that stands in its way. Made of read-only looks, all gathered beforehand. */
import type { AccessCheck, ClusterView, Node } from '../model/cluster.ts'
import type { Color, Companions, Group, TemplateVersion } from '../model/node-group.ts'
import type { Finding, Plan } from '../model/report.ts'
import type { Settings } from '../model/settings.ts'
import { type ClusterIndex, indexCluster } from '../policy/workloads.ts'
import { accessFindings } from './access.ts'
import { activeSide } from './active-group.ts'
import { type Compared, compare, type LastOutcome, type Launches } from './comparison.ts'
import {
  type ActiveRun,
  type Configuration,
  configurationOf,
  type TemplateLookup,
  whatActiveRuns
} from './configuration.ts'
import { incomingOffers } from './expected-nodes.ts'
import { finding, nameSome, shellWord } from './finding.ts'
import { fitFindings, roomFor } from './fit-blockers.ts'
import { forecast } from './forecast.ts'
import { groupFindings } from './group-blockers.ts'
import type { NodeGroupPair } from './node-group-pair.ts'
import { type MoveSurvey, surveyMoves } from './planned-moves.ts'
import { parseRetiredCopy, type RetiredCopy, retiredFromRecord } from './retired-configuration.ts'
import { followsLatest, kubeletSkew, nodesMissing, ownPodInTheWay, timesTooShort } from './situation.ts'
import { workloadBlockers, workloadWarnings } from './workload-blockers.ts'

export interface PlanInput {
  settings: Settings
  pair: NodeGroupPair
  view: ClusterView
  /**
   * Finds versions that were read before: those of both groups' templates (`templateRefsOf`) and of every instance. `$Latest` and
   * `$Default` are followed.
   */
  template: TemplateLookup
  companions: { blue: Companions; green: Companions }
  denied: readonly AccessCheck[]
  /** Of the control plane, such as `1.33`. */
  serverVersion: string
  /** What the inactive group was configured to launch when it was retired: the record's copy of it, and the tag's text. */
  retired: { record?: Configuration; tag?: string }
  lastOutcome?: LastOutcome
  /** The pod in which this process runs. */
  ownPod?: { namespace: string; name: string }
  /** When the AWS credentials end for good; undefined: they are renewed. */
  credentialsExpireAt?: number
  now: number
}

/** The plan with what it was made of, so that nobody computes it twice. */
export interface PlanMade {
  plan: Plan
  /** `upgrade`: something is to be done; whether it can be is said by the blockers. */
  verdict: Compared['verdict']
  /** Undefined where the pair has no active side, or an incoming template could not be read. */
  launches?: Launches
  active?: Group
  inactive?: Group
}

interface Sides {
  active: Group
  inactive: Group
  activeColor: Color
  inactiveColor: Color
}

interface Findings {
  blockers: Finding[]
  warnings: Finding[]
}

export function makePlan(input: PlanInput): PlanMade {
  const { pair } = input
  const found = activeSide(pair)
  const all: Findings = { blockers: [...found.findings, ...accessFindings(input.denied)], warnings: [] }
  if (!found.active || !found.inactive) {
    return { plan: emptyPlan(input, all), verdict: 'refused' }
  }
  const activeColor: Color = found.active === pair.blue ? 'blue' : 'green'
  const sides: Sides = {
    active: found.active,
    inactive: found.inactive,
    activeColor,
    inactiveColor: activeColor === 'blue' ? 'green' : 'blue'
  }
  const { compared, launches, runs, incoming } = compareSides(input, sides, all)
  const index = indexCluster(input.view)
  const nodes = nodesOf(sides.active, input.view)
  const outgoing = new Set(nodes.map((node) => node.name))
  const moves = surveyMoves(index, outgoing, input.settings)
  const time = forecast(moves.moves, sides.active.instances.length, input.settings)
  const verdict = compared?.verdict ?? 'refused'

  addGroupFindings(input, sides, all)
  all.warnings.push(...followsLatest(sides.active, activeColor, runs, input.template))
  addClusterFindings(input, sides, { index, nodes, outgoing, moves, incoming, runs, launches }, all)
  all.warnings.push(...timesTooShort({ ...input, timeoutMs: input.settings.timeoutMs }, time.estimateMs))
  const plan: Plan = {
    cluster: input.settings.cluster,
    group: pair.name,
    active: {
      name: sides.active.name,
      nodes: sides.active.instances.length,
      instanceTypes: [...new Set(sides.active.instances.map((one) => one.type))].sort(),
      template: runs.map(({ template }) => `${template.name || template.id} ${template.version}`).join(', ')
    },
    inactive: { name: sides.inactive.name, template: incoming ? `${incoming.name} ${incoming.version}` : '' },
    comparison: compared?.comparison ?? 'change',
    meant: verdict === 'upgrade' && compared?.comparison !== 'change',
    changes: compared?.changes ?? [],
    moves: moves.moves,
    podsToMove: moves.podsToMove,
    workloadsToMove: moves.workloadsToMove,
    daemonSetPods: moves.daemonSetPods,
    emptyDirPods: moves.emptyDirPods,
    estimateMs: time.estimateMs,
    longest: time.longest,
    // Where there is nothing to do, nothing stands in its way.
    blockers: verdict === 'unchanged' ? [] : all.blockers,
    warnings: all.warnings
  }
  return { plan, verdict, launches, active: sides.active, inactive: sides.inactive }
}

function compareSides(
  input: PlanInput,
  sides: Sides,
  all: Findings
): { compared?: Compared; launches?: Launches; runs: readonly ActiveRun[]; incoming?: TemplateVersion } {
  const { active, inactive } = sides
  const { runs, unknown } = whatActiveRuns(active, { name: active.name, color: sides.activeColor }, input.template)
  if (unknown.length > 0 && !active.launchConfiguration) {
    const reason = `what ${nameSome(unknown)} ${unknown.length === 1 ? 'was' : 'were'} launched from cannot be read: no template version is remembered, or it is gone`
    const command = `aws autoscaling describe-auto-scaling-instances --instance-ids ${unknown.slice(0, 5).join(' ')}`
    all.blockers.push(finding('template-unknown', active.name, reason, command))
  }
  const incoming = inactive.template && input.template(inactive.template)
  if (!incoming) {
    if (!inactive.launchConfiguration) all.blockers.push(templateMissing(inactive))
    return { runs }
  }
  const launches: Launches = {
    fields: configurationOf(inactive, incoming, { name: inactive.name, color: sides.inactiveColor }, input.template),
    written: configurationOf(inactive, incoming, undefined, input.template),
    createdAt: incoming.createdAt
  }
  if (runs.length === 0) return { runs, launches, incoming }
  const compared = compare({
    group: input.pair.name,
    inactive: inactive.name,
    launches,
    runs,
    retired: retiredCopies(input.retired),
    whenUnchanged: input.settings.whenUnchanged,
    lastOutcome: input.lastOutcome
  })
  all.blockers.push(...compared.blockers)
  all.warnings.push(...compared.warnings)
  return { compared, launches, runs, incoming }
}

function templateMissing(group: Group): Finding {
  const ref = group.template
  if (!ref) return finding('template-missing', group.name, 'it has no launch template', describeGroup(group.name))
  const reason = `its launch template ${ref.name || ref.id} has no version ${ref.version}`
  const command = `aws ec2 describe-launch-template-versions --launch-template-id ${shellWord(ref.id)}`
  return finding('template-missing', group.name, reason, command)
}

/** Copies that can be read; a tag that somebody edited is no copy. */
export function retiredCopies(retired: PlanInput['retired']): readonly RetiredCopy[] {
  const copies: (RetiredCopy | undefined)[] = [
    retired.record && retiredFromRecord(retired.record),
    retired.tag === undefined ? undefined : parseRetiredCopy(retired.tag)
  ]
  return copies.filter((copy) => copy !== undefined)
}

function addGroupFindings(input: PlanInput, sides: Sides, all: Findings): void {
  const { companions, settings } = input
  const found = groupFindings(
    { group: sides.active, color: sides.activeColor, companions: companions[sides.activeColor] },
    { group: sides.inactive, color: sides.inactiveColor, companions: companions[sides.inactiveColor] },
    settings
  )
  all.blockers.push(...found.blockers)
  all.warnings.push(...found.warnings)
}

interface ClusterFacts {
  index: ClusterIndex
  nodes: readonly Node[]
  outgoing: ReadonlySet<string>
  moves: MoveSurvey
  incoming?: TemplateVersion
  runs: readonly ActiveRun[]
  launches?: Launches
}

function addClusterFindings(input: PlanInput, sides: Sides, facts: ClusterFacts, all: Findings): void {
  const { index, moves, outgoing } = facts
  const missing = nodesMissing(sides.active, facts.nodes, input.view, input.settings.cluster)
  all.blockers.push(...missing.blockers)
  all.warnings.push(...missing.warnings)
  all.blockers.push(...workloadBlockers(moves.workloads, index), ...ownPodInTheWay(input.ownPod, input.view, outgoing))
  all.warnings.push(...workloadWarnings(moves.workloads, index))
  all.blockers.push(...kubeletSkew(sides.inactive, facts.nodes, facts.runs, facts.launches, input.serverVersion))
  if (!facts.incoming) return
  const sameUserData = facts.runs.every((run) => run.fields['user data'] === facts.launches?.fields['user data'])
  const alike = sameUserData ? { nodes: facts.nodes, color: sides.activeColor } : undefined
  const offers = incomingOffers(sides.inactive, facts.incoming, input.view, alike)
  const room = roomFor(input.view, offers, outgoing, {
    name: sides.inactive.name,
    nodes: sides.active.instances.length
  })
  const fit = fitFindings(moves.workloads, room, index)
  all.blockers.push(...fit.blockers)
  all.warnings.push(...fit.warnings)
}

/** Nodes of a group, matched by instance and never by name. */
export function nodesOf(group: Group, view: ClusterView): readonly Node[] {
  const ids = new Set(group.instances.map((one) => one.id))
  return view.nodes.filter((node) => node.instanceId !== undefined && ids.has(node.instanceId))
}

function emptyPlan(input: PlanInput, all: Findings): Plan {
  const { blue, green } = input.pair
  return {
    cluster: input.settings.cluster,
    group: input.pair.name,
    active: { name: blue.name, nodes: blue.instances.length, instanceTypes: [], template: blue.template?.name ?? '' },
    inactive: { name: green.name, template: green.template?.name ?? '' },
    comparison: 'change',
    changes: [],
    moves: [],
    podsToMove: 0,
    workloadsToMove: 0,
    daemonSetPods: 0,
    emptyDirPods: 0,
    estimateMs: 0,
    blockers: all.blockers,
    warnings: all.warnings
  }
}

function describeGroup(name: string): string {
  return `aws autoscaling describe-auto-scaling-groups --auto-scaling-group-names ${shellWord(name)}`
}
