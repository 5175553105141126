/** PodDisruptionBudgets that would refuse every eviction, ever or now. No remedy changes a budget: that is its owner's decision. */
import type { Budget } from '../../model/cluster.ts'
import { shellWord } from '../../model/shell-word.ts'
import { budgetText, expectedPods, neverAllows } from '../../policy/budgets.ts'
import { restartHindrance } from '../../policy/disruption-method.ts'
import { type ClusterIndex, ownerLabel } from '../../policy/workloads.ts'
import { type Blocker, finding, kubectl, type Warning } from '../finding.ts'
import type { PlanFacts } from '../plan-facts.ts'
import type { OutgoingWorkload } from '../planned-moves.ts'
import type { Findings } from './check.ts'
import { consent, scaleUp } from './workloads.ts'

type Moves = { moves: Pick<PlanFacts['moves'], 'workloads'>; index: ClusterIndex }

export function budgets({ moves, index }: Moves): Findings {
  return {
    blockers: moves.workloads.flatMap((one) => refused(one, index)),
    warnings: moves.workloads.flatMap((one) => blockedNow(one, index))
  }
}

function refused({ owner, method }: OutgoingWorkload, index: ClusterIndex): readonly Blocker[] {
  if (method?.how !== 'refuse') return []
  const label = ownerLabel(owner)
  const look = method.budgets.map((budget) => describe(budget))
  if (method.rule === 'two-budgets') {
    const remedy = 'Change the selectors of the budgets so that one of them selects the pods.'
    return [finding(method.rule, label, method.why, remedy, ...look)]
  }
  if (method.rule !== 'budget-never-allows') return []
  const mayRestart = restartHindrance(owner, index) === undefined
  const remedy = 'Let the budget allow one eviction if all pods are ready, wherever the budget is defined.'
  return [
    finding(
      method.rule,
      label,
      method.why,
      ...(mayRestart ? [consent(owner)] : []),
      ...scaleUp(owner, index),
      remedy,
      ...look
    )
  ]
}

/** A budget that is below its minimum before anything was changed refuses evictions until that is fixed. */
function blockedNow({ label, method }: OutgoingWorkload, index: ClusterIndex): readonly Warning[] {
  const budget = method?.how === 'evict' ? method.budget : undefined
  if (!budget || budget.disruptionsAllowed > 0 || neverAllows(budget, index)) return []
  const text = budgetText(budget, expectedPods(budget, index))
  const reason = `its budget ${budget.name} (${text}) allows no eviction now: ${budget.currentHealthy} healthy, ${budget.desiredHealthy} needed. Until this is fixed, only pods that are not ready can be moved`
  return [finding('budget-blocked-now', label, reason, describe(budget))]
}

function describe(budget: Budget): string {
  return kubectl(budget.namespace, 'describe pdb', shellWord(budget.name))
}
