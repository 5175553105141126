/**
 * Watches a lab from outside and says which invariants of an upgrade were broken: it follows every change of every object
 * and every call at the instant at which it takes effect. It shares no code with the engine, and believes only what it sees.
 */

import type { Lab } from '../joined/lab.ts'
import type { PortCall } from '../ports/call-gate.ts'
import { createCallChecks } from './calls.ts'
import { createObservedCluster } from './cluster-view.ts'
import { createEndChecks, type ExpectedEnd } from './ending.ts'
import { createGateChecks } from './gates.ts'
import type { Invariant, Violation } from './invariants.ts'
import { createPodChecks, type ServingGap } from './pods.ts'
import { createSideChecks } from './sides.ts'
import { createTemplateChecks } from './templates.ts'

export interface ObserverOptions {
  /** Workloads (`shop/Deployment/ledger`) that may be without a serving pod for a moment: agreed to, or not our doing. */
  mayBeDown?: readonly string[]
  /** Settings that others changed on purpose while the scenario ran, as `GROUP setting`: not compared at the end. */
  changedByOthers?: readonly string[]
}

export interface Observer {
  readonly violations: readonly Violation[]
  /** Every moment in which a workload that had served had no serving pod, whatever caused it. */
  readonly gaps: readonly ServingGap[]
  /** Counted so far: workloads followed and changes of pods seen. */
  readonly seen: { workloads: number; changes: number }
  /** To be told of every call, see `CallGateOptions.sees`. */
  sees(call: PortCall, when: 'before' | 'after', failed: boolean): void
  /** A run has ended: compares what is there with its outcome. */
  ended(ending: ExpectedEnd): void
  stop(): void
}

/** Begins to watch now: what is there now is what must be there in the end. */
export function observeLab(lab: Lab, options: ObserverOptions = {}): Observer {
  const violations: Violation[] = []
  const broken = (invariant: Invariant, text: string): void => {
    violations.push({ invariant, at: lab.clock.now(), text })
  }
  const observed = createObservedCluster(lab)
  const pods = createPodChecks(lab, observed, broken, options.mayBeDown ?? [])
  const calls = createCallChecks(lab, observed, broken)
  const gates = createGateChecks(lab, observed, broken)
  const sides = createSideChecks(lab, observed, broken)
  const changedByOthers = options.changedByOthers ?? []
  const end = createEndChecks(lab, observed, broken, changedByOthers)
  const templates = createTemplateChecks(lab, observed, broken, changedByOthers)
  const stopListening = lab.cluster.store.listen((change) => {
    observed.changed(change)
    pods.changed(change)
    sides.changed(change)
  })
  const stopAws = lab.aws.listen({ onTerminating: (instance) => sides.instanceEnds(instance) })
  return {
    violations,
    gaps: pods.gaps,
    seen: pods.seen,
    sees(call, when, failed) {
      if (when === 'before') {
        calls.before(call)
        templates.before(call)
        gates.before(call)
      } else if (!failed) {
        sides.looked()
        gates.answered(call)
      }
    },
    ended(ending) {
      pods.ended()
      end.ended(ending)
      templates.ended(ending.outcome)
    },
    stop() {
      stopListening()
      stopAws()
    }
  }
}
