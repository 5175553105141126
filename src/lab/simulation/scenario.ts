/** A scenario is data: a world, what is requested of the engine, what happens in between, and how it must end. */
import type { ErrorCode } from '../../engine/model/error.ts'
import type { Direction, Result, StageName } from '../../engine/model/report.ts'
import type { Rule } from '../../engine/model/rules.ts'
import type { Mode, Settings } from '../../engine/model/settings.ts'
import type { Lab } from '../joined/lab.ts'
import type { WorldDescription } from '../joined/world.ts'
import type { CallFault } from '../ports/call-gate.ts'
import type { LabPortsOptions } from '../ports/ports.ts'

/** A moment of one run. */
export type When =
  /** Milliseconds after its start. */
  | { at: number }
  | { stage: StageName; direction?: Direction }
  | { direction: Direction }
  /** So many pods have been moved, in this direction. */
  | { moved: number; direction?: Direction }
  /** The nth call of this name has taken effect. */
  | { call: string; count?: number }

export interface TimedEvent {
  when: When
  /** What a person or the environment does. */
  do(lab: Lab): void
}

/** Calls that meet a fault: those of this name (or any), from the nth on, this many times. */
export interface InjectedFault {
  call?: string | RegExp
  /** Only calls whose path or input, as JSON, has this in it. */
  about?: string
  /** Counted from 0 among those that fit; 0 unless it says more. */
  from?: number
  /** 1 unless it says more; `Number.POSITIVE_INFINITY` for ever. */
  times?: number
  fault: CallFault
}

export interface Expected {
  /** `killed` where the process does not live to tell. */
  outcome: Result['outcome'] | 'killed'
  code?: ErrorCode
  /** In the reason's message. */
  says?: RegExp
  /** Rules of findings that must be among those that refuse. */
  rules?: readonly Rule[]
  /** In the title or the text of a warning. */
  warns?: RegExp
  /** Calls that change something; reviews of access do not. */
  writes?: number
}

export interface ScenarioStep {
  mode?: Mode
  settings?: Partial<Settings>
  /** The action's post step, for the run that was begun last. */
  recovers?: boolean
  /** Done before it starts, with the world at rest. */
  before?(lab: Lab): void
  timedEvents?: readonly TimedEvent[]
  faults?: readonly InjectedFault[]
  /** The process is killed, or asked to stop, then. */
  kill?: When
  cancel?: When
  ports?: Partial<Pick<LabPortsOptions, 'latencyMs' | 'feedLagMs' | 'isSilent' | 'deny' | 'ownPod' | 'host'>> & {
    /** Of this long a life from the start of the run, in ms. */
    credentialsEndAfterMs?: number
  }
  /** Another one, started this many ms later on another machine. */
  beside?: ScenarioStep & { afterMs: number }
  expect: Expected
}

export interface Scenario {
  /** As it is typed: `calm-upgrade`. */
  name: string
  /** One sentence, without a full stop. */
  story: string
  world: WorldDescription
  /** Of every step. */
  settings?: Partial<Settings>
  steps: readonly ScenarioStep[]
  /** Workloads that may be without a serving pod for a moment, as `shop/Deployment/ledger`. */
  mayBeDown?: readonly string[]
  /** Settings that others change on purpose during the scenario, as `GROUP setting`. */
  changedByOthers?: readonly string[]
  /** `namespace/pod` (or its beginning) of pods that stay on the emptied side. */
  leaves?: readonly string[]
  /** How the groups stand in the end. `open`: the run is not over, nothing is compared. */
  end: 'swapped' | 'as-found' | 'open'
  /** More that must be so in the end: what is wrong, in words. */
  check?(lab: Lab): readonly string[]
}
