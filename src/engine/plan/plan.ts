/** The plan: what an upgrade would do and everything that blocks it. Made of read-only looks, all gathered beforehand. */
import type { Group } from '../model/node-group.ts'
import type { Change, Plan } from '../model/report.ts'
import type { Findings } from './checks/check.ts'
import { checks } from './checks/checks.ts'
import type { Compared, Launches } from './comparison.ts'
import type { Choice } from './image-choice.ts'
import { planDigest } from './plan-digest.ts'
import { type PlanFacts, type PlanInput, planFacts } from './plan-facts.ts'

/** The plan with what it was made of, so that it is computed once. */
export interface PlanMade {
  plan: Plan
  /** `upgrade`: there is something to do; whether it can be done is said by the blockers. */
  verdict: Compared['verdict']
  /** Undefined if the pair has no active side, or the inactive group's template could not be read. */
  launches?: Launches
  /** Only if an image was asked for. */
  choice?: Choice
  active?: Group
  inactive?: Group
}

export function makePlan(input: PlanInput): PlanMade {
  const facts = planFacts(input)
  const found = checks.map((check) => check(input, facts))
  const all: Findings = {
    blockers: found.flatMap(({ blockers }) => blockers),
    warnings: found.flatMap(({ warnings }) => warnings)
  }
  if (!facts) return { plan: planWithoutSides(input, all), verdict: 'refused' }
  return {
    plan: planOfSides(facts, all),
    verdict: facts.compared?.verdict ?? 'refused',
    launches: facts.launches,
    choice: facts.choice,
    active: facts.active.group,
    inactive: facts.inactive.group
  }
}

function planOfSides(facts: PlanFacts, { blockers, warnings }: Findings): Plan {
  const { moves, runs, compared, incomingTemplate: incoming } = facts
  const { name, instances } = facts.active.group
  const isWritten = (facts.choice?.writes.length ?? 0) > 0 && compared?.verdict !== 'unchanged'
  return {
    cluster: facts.settings.cluster,
    group: facts.pair.name,
    active: {
      name,
      nodes: instances.length,
      instanceTypes: [...new Set(instances.map((one) => one.type))].sort(),
      template: runs.map(({ template }) => `${template.name || template.id} ${template.version}`).join(', ')
    },
    inactive: {
      name: facts.inactive.group.name,
      template: incoming ? `${incoming.name} ${isWritten ? 'new version' : incoming.version}` : ''
    },
    image: imageText(facts),
    comparison: compared?.comparison ?? 'change',
    meant: compared?.verdict === 'upgrade' && compared.comparison !== 'change',
    changes: (compared?.changes ?? []).map((change) => withImageNames(change, facts)),
    moves: moves.moves,
    podsToMove: moves.podsToMove,
    workloadsToMove: moves.workloadsToMove,
    daemonSetPods: moves.daemonSetPods,
    emptyDirPods: moves.emptyDirPods,
    estimateMs: facts.forecast.estimateMs,
    longest: facts.forecast.longest,
    digest: planDigest(facts),
    // If there is nothing to do, nothing blocks it.
    blockers: compared?.verdict === 'unchanged' ? [] : blockers,
    warnings
  }
}

/** How the image that was asked for comes about; undefined if none was. */
function imageText({ choice, inactive, compared }: PlanFacts): string | undefined {
  if (!choice) return undefined
  if (compared?.verdict === 'unchanged') return 'It is current: nothing is written.'
  const texts = choice.targets.flatMap(({ ref, version, alias, wanted }) => {
    const template = ref.name || version.name || ref.id
    if (alias !== undefined) return [`${template} follows ${alias}, which means ${wanted} now: nothing is written.`]
    const write = choice.writes.find(({ target }) => target.ref === ref)
    if (!write) return [`${template} has ${wanted} already: nothing is written.`]
    const content = write.isCopy ? 'with the settings of the active group' : 'in which only the image changes'
    const back = 'a revert removes it again'
    return [
      `A new version of ${template} is written, ${content}; ${inactive.group.name} follows ${ref.version}; ${back}.`
    ]
  })
  return texts.join(' ')
}

/** The id of an image says nothing to a person. */
function withImageNames(change: Change, { images }: PlanFacts): Change {
  if (!images || change.field !== 'image') return change
  const named = (id: string) => {
    const name = images.images.find((one) => one.id === id)?.name
    return name ? `${id} (${name})` : id
  }
  return { ...change, from: named(change.from), to: named(change.to) }
}

function planWithoutSides({ settings, pair }: PlanInput, { blockers, warnings }: Findings): Plan {
  const { blue, green } = pair
  return {
    cluster: settings.cluster,
    group: pair.name,
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
    blockers,
    warnings
  }
}
