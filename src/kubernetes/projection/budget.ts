/** A PodDisruptionBudget of the API in the engine's words. */
import type { Budget } from '../../engine/model/cluster.ts'
import { identity, selector } from './metadata.ts'
import type { RawBudget } from './raw.ts'

/** What the controller has not said yet is 0, which allows nothing. */
export function projectBudget(raw: RawBudget): Budget {
  const { metadata: meta, spec, status } = raw
  return {
    ...identity(raw),
    namespace: meta?.namespace ?? '',
    selector: spec?.selector ? selector(spec.selector) : undefined,
    minAvailable: spec?.minAvailable,
    maxUnavailable: spec?.maxUnavailable,
    generation: meta?.generation ?? 0,
    observedGeneration: status?.observedGeneration ?? 0,
    currentHealthy: status?.currentHealthy ?? 0,
    desiredHealthy: status?.desiredHealthy ?? 0,
    expectedPods: status?.expectedPods ?? 0,
    disruptionsAllowed: status?.disruptionsAllowed ?? 0,
    disruptedPods: Object.keys(status?.disruptedPods ?? {}),
    unhealthyPodEvictionPolicy: spec?.unhealthyPodEvictionPolicy ?? 'IfHealthyBudget'
  }
}
