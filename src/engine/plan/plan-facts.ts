/** Everything that the checks judge and the plan tells, computed once from what was read. */
import type { AccessCheck, ClusterView, Node } from '../model/cluster.ts'
import type { Color, Companions, Group, TemplateVersion } from '../model/node-group.ts'
import type { Settings } from '../model/settings.ts'
import { type ClusterIndex, indexCluster } from '../policy/workloads.ts'
import { activeColor, nodesOf } from './active-group.ts'
import { type Compared, compare, type EarlierOutcome, type Launches } from './comparison.ts'
import {
  type ActiveRun,
  type Configuration,
  configurationOf,
  type TemplateLookup,
  whatActiveRuns
} from './configuration.ts'
import { type Forecast, forecast } from './forecast.ts'
import type { NodeGroupPair } from './node-group-pair.ts'
import { type MoveSurvey, surveyMoves } from './planned-moves.ts'
import { retiredCopies } from './retired-configuration.ts'

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
  lastOutcome?: EarlierOutcome
  /** The pod in which this process runs. */
  ownPod?: { namespace: string; name: string }
  /** When the AWS credentials end for good; undefined: they are renewed. */
  credentialsExpireAt?: number
  now: number
}

export interface GroupSide {
  group: Group
  color: Color
  companions: Companions
}

/** Known only if exactly one group of the pair has instances. */
export interface PlanFacts extends PlanInput {
  active: GroupSide
  inactive: GroupSide
  index: ClusterIndex
  /** Nodes of the active group, and their names: they are drained. */
  nodes: readonly Node[]
  outgoing: ReadonlySet<string>
  moves: MoveSurvey
  forecast: Forecast
  /** What the active instances run, and the ids of those of which it cannot be read. */
  runs: readonly ActiveRun[]
  unknownInstances: readonly string[]
  /** Undefined if the inactive group's template version cannot be read. */
  incomingTemplate?: TemplateVersion
  launches?: Launches
  /** Undefined if either side of the comparison is unknown. */
  compared?: Compared
}

export function planFacts(input: PlanInput): PlanFacts | undefined {
  const color = activeColor(input.pair)
  if (color === undefined) return undefined
  const active = sideOf(color, input)
  const inactive = sideOf(color === 'blue' ? 'green' : 'blue', input)
  const index = indexCluster(input.view)
  const nodes = nodesOf(active.group, input.view)
  const outgoing = new Set(nodes.map((node) => node.name))
  const moves = surveyMoves(index, outgoing, input.settings)
  return {
    ...input,
    active,
    inactive,
    index,
    nodes,
    outgoing,
    moves,
    forecast: forecast(moves.moves, nodes, active.group.instances.length, input.settings),
    ...configurations(input, active, inactive)
  }
}

function sideOf(color: Color, { pair, companions }: PlanInput): GroupSide {
  return { group: pair[color], color, companions: companions[color] }
}

function configurations(
  { template, retired, settings }: PlanInput,
  active: GroupSide,
  { group, color }: GroupSide
): Pick<PlanFacts, 'runs' | 'unknownInstances' | 'incomingTemplate' | 'launches' | 'compared'> {
  const naming = { name: active.group.name, color: active.color }
  const { runs, unknown: unknownInstances } = whatActiveRuns(active.group, naming, template)
  const incomingTemplate = group.template && template(group.template)
  if (!incomingTemplate) return { runs, unknownInstances }
  const launches: Launches = {
    fields: configurationOf(group, incomingTemplate, { name: group.name, color }, template),
    written: configurationOf(group, incomingTemplate, undefined, template),
    createdAt: incomingTemplate.createdAt
  }
  const { whenUnchanged } = settings
  const compared =
    runs.length === 0 ? undefined : compare({ launches, runs, retired: retiredCopies(retired), whenUnchanged })
  return { runs, unknownInstances, incomingTemplate, launches, compared }
}
