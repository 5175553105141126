/**
 * Watches a lab from outside and says which invariants of an upgrade were broken: it follows every change of every object
 * and every call at the instant at which it takes effect. It shares no code with the engine, and believes only what it sees.
 *
 * | | |
 * | --- | --- |
 * | I1 | nothing of ours takes a budget below its minimum; pods are deleted only as the way back allows |
 * | I2 | every eviction names the pod's UID, and the pod is on a cordoned node of a group |
 * | I3 | no workload that served is without a serving pod |
 * | I4 | before `retiring` nothing is taken from the outgoing group |
 * | I5 | `retiring` begins only when no movable pod is left on the outgoing group |
 * | I6 | instances go by id, empty; Auto Scaling can never choose one |
 * | I7 | the outcome agrees with the world |
 * | I8 | at the end nothing of ours is left |
 * | I9 | foreign things are not touched |
 * | I10 | settings end as found, sizes with the role |
 * | I11 | who writes holds the Lease |
 * | I13 | the record is there before the first change |
 * | I14 | no pod moves twice on the way forward |
 * | I18 | the first old node is cordoned only when the new ones are there |
 * | I23 | never are both sides cordoned |
 * | I24 | the direction never leaves `reverting` or `retiring` |
 */

import type { Lab } from '../joined/lab.ts'
import type { PortCall } from '../ports/call-gate.ts'
import { createCallChecks } from './calls.ts'
import { createEyes } from './cluster-view.ts'
import { createEndChecks, type Ending } from './ending.ts'
import { createPodChecks, type Gap } from './pods.ts'
import { createSideChecks } from './sides.ts'

export type Invariant =
  | 'I1'
  | 'I2'
  | 'I3'
  | 'I4'
  | 'I5'
  | 'I6'
  | 'I7'
  | 'I8'
  | 'I9'
  | 'I10'
  | 'I11'
  | 'I13'
  | 'I14'
  | 'I18'
  | 'I23'
  | 'I24'

export interface Violation {
  invariant: Invariant
  at: number
  text: string
}

export interface ObserverOptions {
  /** Workloads (`shop/Deployment/ledger`) that may be without a serving pod for a moment: agreed to, or not our doing. */
  mayBeDown?: readonly string[]
  /** Settings that others changed on purpose meanwhile, as `GROUP setting`: not compared at the end. */
  changedByOthers?: readonly string[]
}

export interface Observer {
  readonly violations: readonly Violation[]
  /** Every moment in which a workload that had served had no serving pod, whoever's doing it was. */
  readonly gaps: readonly Gap[]
  /** Counted so far: workloads followed and changes of pods seen. */
  readonly seen: { workloads: number; changes: number }
  /** To be told of every call, see `WireOptions.sees`. */
  sees(call: PortCall, when: 'before' | 'after', failed: boolean): void
  /** A run has ended: compares what is there with its outcome. */
  ended(ending: Ending): void
  stop(): void
}

/** Begins to watch now: what is there now is what must be there in the end. */
export function observe(lab: Lab, options: ObserverOptions = {}): Observer {
  const violations: Violation[] = []
  const broken = (invariant: Invariant, text: string): void => {
    violations.push({ invariant, at: lab.clock.now(), text })
  }
  const eyes = createEyes(lab)
  const pods = createPodChecks(lab, eyes, broken, options.mayBeDown ?? [])
  const calls = createCallChecks(lab, eyes, broken)
  const sides = createSideChecks(lab, eyes, broken)
  const end = createEndChecks(lab, eyes, broken, options.changedByOthers ?? [])
  const stopListening = lab.cluster.store.listen((change) => {
    eyes.changed(change)
    pods.changed(change)
    sides.changed(change)
  })
  const stopAws = lab.aws.listen({ onTerminating: (instance) => sides.instanceEnds(instance) })
  return {
    violations,
    gaps: pods.gaps,
    seen: pods.seen,
    sees(call, when, failed) {
      if (when === 'before') calls.before(call)
      else if (!failed) sides.looked()
    },
    ended(ending) {
      pods.ended()
      end.ended(ending)
    },
    stop() {
      stopListening()
      stopAws()
    }
  }
}
