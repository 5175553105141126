/** Everything that the checks judge and the plan tells, computed once from what was read. */
import type { AccessCheck, ClusterView, Node } from '../model/cluster.ts'
import type { GateLook } from '../model/gates.ts'
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
import { type Choice, chooseImages, type ImageLooks, imageTargets, isFound, withAliases } from './image-choice.ts'
import type { NodeGroupPair } from './node-group-pair.ts'
import { withOwnWords } from './own-words.ts'
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
  /** Read only if an image is asked for. */
  images?: ImageLooks
  /** Of the template versions that would be written: names of the actions that are denied. */
  deniedTemplateWrites?: readonly string[]
  /** Of the control plane, such as `1.33`. */
  serverVersion: string
  /** What the inactive group was configured to launch when it was retired: the record's copy of it, and the tag's text. */
  retired: { record?: Configuration; tag?: string }
  lastOutcome?: EarlierOutcome
  /** What each gate answered; undefined: there is none. */
  gates?: readonly GateLook[]
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
  /** Only if an image is asked for. */
  choice?: Choice
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
    // An alias is compared as what it means now, if that was read.
    template: input.images ? withAliases(input.template, input.images) : input.template,
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

type Configurations = Pick<
  PlanFacts,
  'runs' | 'unknownInstances' | 'incomingTemplate' | 'launches' | 'choice' | 'compared'
>

function configurations(input: PlanInput, active: GroupSide, inactive: GroupSide): Configurations {
  const { retired, settings, images } = input
  const { group, color } = inactive
  const template = images ? withAliases(input.template, images) : input.template
  const naming = { name: active.group.name, color: active.color }
  const known = whatActiveRuns(active.group, naming, template, images?.ofInstances)
  const { runs, unknown: unknownInstances } = known
  const choice = images && choiceOf(input, images, active, inactive, runs)
  const launched = choice ? withAliases(choice.lookup, images) : template
  const incomingTemplate = group.template && launched(group.template)
  if (!incomingTemplate) return { runs, unknownInstances, choice }
  const launches: Launches = {
    fields: configurationOf(group, incomingTemplate, { name: group.name, color }, launched),
    written: configurationOf(group, incomingTemplate, undefined, launched),
    createdAt: incomingTemplate.createdAt
  }
  const image = images && { baseGiven: settings.amiBase !== undefined }
  const { whenUnchanged } = settings
  // Which image is meant must be known before anything can be said to be current.
  const isUnclear = choice !== undefined && !choice.targets.every((target) => isFound(target, settings.ami))
  const compared =
    runs.length === 0 || isUnclear
      ? undefined
      : compare({ launches, image, runs, retired: retiredCopies(retired), whenUnchanged })
  return { runs, unknownInstances, incomingTemplate, launches, choice, compared }
}

function choiceOf(
  { settings, template, serverVersion, now }: PlanInput,
  images: ImageLooks,
  active: GroupSide,
  inactive: GroupSide,
  runs: readonly ActiveRun[]
): Choice {
  const targets = imageTargets({ settings, inactive: inactive.group, template, serverVersion }, images)
  const [run] = runs
  if (settings.amiBase !== 'active' || !run) return chooseImages(targets, template, now)
  const from = { name: active.group.name, color: active.color }
  const to = { name: inactive.group.name, color: inactive.color }
  const content = { ...run.content, data: withOwnWords(run.content.data, from, to) }
  return chooseImages(targets, template, now, { content, source: run.content })
}
