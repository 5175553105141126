/** Plays a scenario on a clock, with every check of the observer on, and says what was not as it should be. */
import type { Event, Guarded, Result } from '../../engine/model/report.ts'
import { defaultSettings, type Settings } from '../../engine/model/settings.ts'
import { recover, run } from '../../engine/run/run.ts'
import { type SleepingClock, virtualClock } from '../clock.ts'
import { createLab, type Lab } from '../joined/lab.ts'
import { type Observer, observeLab } from '../observer/observer.ts'
import type { CallFault, PortCall } from '../ports/call-gate.ts'
import { labPorts } from '../ports/ports.ts'
import type { Expected, InjectedFault, Scenario, ScenarioStep, TimedEvent, When } from './scenario.ts'

/** Longer than any run may take, in ms of the lab's time. */
const patienceMs = 24 * 3_600_000

export interface PlayedScenario {
  scenario: Scenario
  /** Undefined for a step whose process was killed. */
  results: readonly (Result | undefined)[]
  /** In words; empty when all is as expected. */
  failures: readonly string[]
  observer: Observer
  lab: Lab
  /** Calls of each process, in the order of the steps. */
  calls: readonly (readonly PortCall[])[]
}

export interface ScenarioOptions {
  seed?: number
  /** Told of everything that an engine tells. */
  tell?(event: Event, step: number): void
  /** Told before a step begins. */
  begins?(step: ScenarioStep, index: number, lab: Lab): void
  ends?(result: Result | undefined, index: number): void
  /** Asked about each call before the scenario's own faultInjector. */
  meet?(call: PortCall, step: number): CallFault | undefined
  /** A person who asks to stop. */
  signal?: AbortSignal
}

/** On a virtual clock: the same every time, in a small part of real time. */
export function runScenario(scenario: Scenario, options: ScenarioOptions = {}): Promise<PlayedScenario> {
  const clock = virtualClock({ seed: options.seed ?? 1 })
  return clock.run(playScenario(scenario, clock, options))
}

export async function playScenario(
  scenario: Scenario,
  clock: SleepingClock,
  options: ScenarioOptions = {}
): Promise<PlayedScenario> {
  const lab = createLab({ clock, world: scenario.world, seed: options.seed ?? 1 })
  await lab.settled()
  // What is done before the first step belongs to what was found.
  scenario.steps[0]?.before?.(lab)
  const observer = observeLab(lab, scenario)
  const stage: Stage = { scenario, lab, observer, options, results: [], failures: [], calls: [] }
  for (const [index, step] of scenario.steps.entries()) {
    if (index > 0) step.before?.(lab)
    options.begins?.(step, index, lab)
    const { beside } = step
    const other = beside && clock.sleep(beside.afterMs).then(() => playStep(stage, beside, index))
    const result = await playStep(stage, step, index)
    await other
    options.ends?.(result, index)
  }
  if (scenario.end !== 'open') {
    const outcome = scenario.end === 'swapped' ? 'upgraded' : 'reverted'
    observer.ended({ outcome, leaves: scenario.leaves ?? [] })
  }
  stage.failures.push(...(scenario.check?.(lab) ?? []))
  stage.failures.push(...stage.results.flatMap((result) => (result?.guarded ?? []).map(stoppedText)))
  for (const { invariant, text } of observer.violations) stage.failures.push(`${invariant}: ${text}`)
  observer.stop()
  const { results, failures, calls } = stage
  return { scenario, results, failures: [...new Set(failures)], observer, lab, calls }
}

interface Stage {
  scenario: Scenario
  lab: Lab
  observer: Observer
  options: ScenarioOptions
  results: (Result | undefined)[]
  failures: string[]
  calls: (readonly PortCall[])[]
  lastRunId?: string
}

/** A guard that stops an action has met a bug or a race: the run survived, the scenario did not. */
function stoppedText({ invariant, action, object, count }: Guarded): string {
  return `${invariant}: a guard stopped ${action} of ${object} ${count === 1 ? 'once' : `${count} times`}`
}

async function playStep(stage: Stage, step: ScenarioStep, index: number): Promise<Result | undefined> {
  const { lab, scenario, options, observer } = stage
  const settings: Settings = {
    ...defaultSettings,
    cluster: lab.clusterName,
    ...scenario.settings,
    ...step.settings,
    mode: step.mode ?? step.settings?.mode ?? 'upgrade'
  }
  const stop = new AbortController()
  options.signal?.addEventListener('abort', () => stop.abort(), { once: true })
  const moments = watchMoments(lab)
  const injectFault = faultInjector(step.faults ?? [])
  const startedAt = lab.clock.now()
  const { credentialsEndAfterMs, ...more } = step.ports ?? {}
  const { ports, process } = labPorts(lab, {
    ...more,
    settings,
    ...(credentialsEndAfterMs ? { credentialsExpireAt: () => startedAt + credentialsEndAfterMs } : {}),
    reporter: {
      report(event) {
        if (event.kind === 'owned') stage.lastRunId = event.runId
        moments.told(event)
        options.tell?.(event, index)
      }
    },
    meet: (call) => options.meet?.(call, index) ?? injectFault(call),
    sees(call, when, failed) {
      observer.sees(call, when, failed)
      if (when === 'after' && !failed) moments.called(call)
    }
  })
  if (step.kill) moments.on(step.kill, () => process.kill())
  if (step.cancel) moments.on(step.cancel, () => stop.abort())
  for (const timedEvent of step.timedEvents ?? []) moments.on(timedEvent.when, () => doNow(stage, timedEvent))
  const signal = stop.signal
  const going = step.recovers
    ? recover(named(settings, lab), ports, stage.lastRunId ?? '', signal)
    : run(settings, ports, signal)
  const late = lab.clock.sleep(patienceMs).then(() => 'late' as const)
  const ended = await Promise.race([
    going.catch((error: unknown) => ({ bug: error })),
    process.died.then(() => undefined),
    late
  ])
  stage.calls.push(process.calls)
  const result = ended === 'late' || (ended && 'bug' in ended) ? undefined : ended
  stage.results.push(result)
  const title = `step ${index + 1} (${settings.mode})`
  if (ended === 'late') stage.failures.push(`${title} has not ended after ${patienceMs / 3_600_000} h`)
  else if (ended && 'bug' in ended) stage.failures.push(`${title} broke: ${traceOf(ended.bug)}`)
  else {
    const writes = process.calls.filter((call) => call.writes).length
    stage.failures.push(...differences(step.expect, result, writes).map((text) => `${title}: ${text}`))
  }
  moments.stop()
  return result
}

const named = (settings: Settings, lab: Lab): Settings => ({ ...settings, group: settings.group ?? lab.pairs[0]?.name })

const traceOf = (error: unknown) => (error instanceof Error ? (error.stack ?? error.message) : String(error))

function doNow(stage: Stage, timedEvent: TimedEvent): void {
  try {
    timedEvent.do(stage.lab)
  } catch (error) {
    stage.failures.push(`the scenario itself broke: ${traceOf(error)}`)
  }
}

function differences(expected: Expected, result: Result | undefined, writes: number): string[] {
  const found: string[] = []
  const outcome = result?.outcome ?? 'killed'
  const said = result?.reason ? ` (${result.reason.code}: ${result.reason.message})` : ''
  if (outcome !== expected.outcome) found.push(`should be ${expected.outcome} and was ${outcome}${said}`)
  if (expected.code && result?.reason?.code !== expected.code)
    found.push(`should say ${expected.code} and said ${result?.reason?.code}${said}`)
  if (expected.says && !expected.says.test(result?.reason?.message ?? ''))
    found.push(`should say ${expected.says} and said "${result?.reason?.message}"`)
  const rules = new Set([...(result?.findings ?? []), ...(result?.plan?.blockers ?? [])].map(({ rule }) => rule))
  for (const rule of expected.rules ?? [])
    if (!rules.has(rule)) found.push(`should find ${rule} and found ${[...rules].join(', ') || 'nothing'}`)
  if (expected.warns) {
    const warnings = [...(result?.warnings ?? []), ...(result?.plan?.warnings ?? [])]
    const texts = warnings.map(({ rule, object, reason }) => `${rule} ${object} ${reason}`)
    if (!texts.some((text) => expected.warns?.test(text)))
      found.push(`should warn ${expected.warns} and warned ${JSON.stringify(texts)}`)
  }
  if (expected.writes !== undefined && writes !== expected.writes)
    found.push(`should write ${expected.writes} times and wrote ${writes} times`)
  return found
}

function faultInjector(list: readonly InjectedFault[]): (call: PortCall) => CallFault | undefined {
  const met = list.map(() => 0)
  return (call) => {
    for (const [index, { call: name, about, from = 0, times = 1, fault }] of list.entries()) {
      if (name !== undefined && (typeof name === 'string' ? name !== call.name : !name.test(call.name))) continue
      if (about && !`${call.path ?? ''} ${JSON.stringify(call.input)}`.includes(about)) continue
      const count = met[index] ?? 0
      met[index] = count + 1
      if (count >= from && count < from + times) return fault
    }
    return undefined
  }
}

interface Moments {
  on(when: When, work: () => void): void
  told(event: Event): void
  called(call: PortCall): void
  stop(): void
}

/** Each moment comes once, and what belongs to it is done on a turn of its own. */
function watchMoments(lab: Lab): Moments {
  const open = new Set<{ when: When; work: () => void; count: number }>()
  const cancels: (() => void)[] = []

  function come(entry: { work: () => void }): void {
    open.delete(entry as never)
    cancels.push(lab.clock.after(0, entry.work))
  }

  return {
    on(when, work) {
      if ('at' in when) cancels.push(lab.clock.after(when.at, work))
      else open.add({ when, work, count: 0 })
    },
    told(event) {
      for (const entry of [...open]) if (isMoment(entry.when, event)) come(entry)
    },
    called(call) {
      for (const entry of [...open]) {
        if (!('call' in entry.when) || entry.when.call !== call.name) continue
        entry.count += 1
        if (entry.count >= (entry.when.count ?? 1)) come(entry)
      }
    },
    stop() {
      for (const cancel of cancels) cancel()
      open.clear()
    }
  }
}

function isMoment(when: When, event: Event): boolean {
  if ('stage' in when) {
    if (event.kind !== 'stage' || event.stage !== when.stage || event.state !== 'began') return false
    return event.direction === (when.direction ?? 'forward')
  }
  if ('moved' in when) {
    if (event.kind !== 'progress') return false
    const { progress } = event
    return progress.direction === (when.direction ?? 'forward') && progress.podsMoved >= when.moved
  }
  if ('direction' in when) return event.kind === 'turned' && event.direction === when.direction
  return false
}
