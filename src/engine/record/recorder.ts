/** Collects what a run did, for the one result that all faces are made of, and passes events on as they happen. */
import type { Ports } from '../model/ports.ts'
import type { Event, Finding, Guarded, Plan, Reason, Result, StageTime } from '../model/report.ts'
import type { Settings } from '../model/settings.ts'
import type { OpenRun } from './record.ts'

export interface Recorder {
  event(event: EventBody): void
  did(text: string): void
  note(level: 'info' | 'warning', title: string, text: string): void
  plan(plan: Plan): void
  /** Actions that guards stopped in this pass. Each is told once, and counted. */
  guarded(stopped: readonly Omit<Guarded, 'count'>[]): void
  /** How the run ended; `facts` win over what was collected. */
  result(outcome: Result['outcome'], facts?: Partial<Result>): Result
  /** Knows the run from here on. */
  follow(run: OpenRun): void
  stages: StageTime[]
}

type DistributiveOmit<T, K extends keyof never> = T extends unknown ? Omit<T, K> : never
export type EventBody = DistributiveOmit<Event, 'at'>

/** A timeline longer than this helps no one; later entries are dropped. */
const timelineLimit = 2_000

export function createRecorder(settings: Settings, ports: Pick<Ports, 'clock' | 'reporter'>): Recorder {
  const startedAt = ports.clock.now()
  const timeline: { at: number; text: string }[] = []
  const warnings: Finding[] = []
  const stages: StageTime[] = []
  const guarded = new Map<string, Guarded>()
  let run: OpenRun | undefined
  let plan: Plan | undefined

  const event = (body: EventBody) => ports.reporter.report({ at: ports.clock.now(), ...body } as Event)
  const remember = (text: string) => {
    if (timeline.length < timelineLimit) timeline.push({ at: ports.clock.now(), text })
  }
  return {
    event,
    stages,
    did(text) {
      remember(text)
      event({ kind: 'did', text })
    },
    note(level, title, text) {
      remember(`${title}: ${text}`)
      if (level === 'warning') warnings.push({ rule: 'note', object: title, reason: text, remedies: [] })
      event({ kind: 'note', level, title, text })
    },
    plan(made) {
      plan = made
      warnings.push(...made.warnings)
      event({ kind: 'plan', plan: made })
    },
    guarded(stopped) {
      for (const one of stopped) {
        const key = `${one.invariant} ${one.action} ${one.object}`
        const known = guarded.get(key)
        guarded.set(key, { ...one, count: (known?.count ?? 0) + 1 })
        if (known) continue
        remember(`a guard (${one.invariant}) stopped ${one.action} of ${one.object}`)
        event({ kind: 'guarded', ...one })
      }
    },
    follow(next) {
      run = next
    },
    result(outcome, facts = {}) {
      return {
        outcome,
        mode: settings.mode,
        cluster: settings.cluster,
        group: plan?.group ?? settings.group ?? '',
        runId: run?.id ?? '',
        startedAt,
        endedAt: ports.clock.now(),
        activeGroup: plan?.active.name ?? run?.outgoing.name ?? '',
        inactiveGroup: plan?.inactive.name ?? run?.incoming.name ?? '',
        nodes: [],
        podsMoved: run?.podsMoved ?? 0,
        plan,
        stages,
        timeline,
        guarded: [...guarded.values()],
        restored: [],
        differences: [],
        warnings,
        ...facts
      }
    }
  }
}

export function reasonOf(code: Reason['code'], message: string, hint: string): Reason {
  return { code, message, hint }
}
