/** The plan: what an upgrade would do and everything that blocks it. Made of read-only looks, all gathered beforehand. */
import type { Group } from '../model/node-group.ts'
import type { Plan } from '../model/report.ts'
import type { Findings } from './checks/check.ts'
import { checks } from './checks/checks.ts'
import type { Compared, Launches } from './comparison.ts'
import { type PlanFacts, type PlanInput, planFacts } from './plan-facts.ts'

/** The plan with what it was made of, so that it is computed once. */
export interface PlanMade {
  plan: Plan
  /** `upgrade`: there is something to do; whether it can be done is said by the blockers. */
  verdict: Compared['verdict']
  /** Undefined if the pair has no active side, or the inactive group's template could not be read. */
  launches?: Launches
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
    active: facts.active.group,
    inactive: facts.inactive.group
  }
}

function planOfSides(facts: PlanFacts, { blockers, warnings }: Findings): Plan {
  const { moves, runs, compared, incomingTemplate: incoming } = facts
  const { name, instances } = facts.active.group
  return {
    cluster: facts.settings.cluster,
    group: facts.pair.name,
    active: {
      name,
      nodes: instances.length,
      instanceTypes: [...new Set(instances.map((one) => one.type))].sort(),
      template: runs.map(({ template }) => `${template.name || template.id} ${template.version}`).join(', ')
    },
    inactive: { name: facts.inactive.group.name, template: incoming ? `${incoming.name} ${incoming.version}` : '' },
    comparison: compared?.comparison ?? 'change',
    meant: compared?.verdict === 'upgrade' && compared.comparison !== 'change',
    changes: compared?.changes ?? [],
    moves: moves.moves,
    podsToMove: moves.podsToMove,
    workloadsToMove: moves.workloadsToMove,
    daemonSetPods: moves.daemonSetPods,
    emptyDirPods: moves.emptyDirPods,
    estimateMs: facts.forecast.estimateMs,
    longest: facts.forecast.longest,
    // If there is nothing to do, nothing blocks it.
    blockers: compared?.verdict === 'unchanged' ? [] : blockers,
    warnings
  }
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
