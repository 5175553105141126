/** One run a group, one after the other, until one does not end well. */
import type { Clock } from '../engine/model/clock.ts'
import { UpgradeError } from '../engine/model/error.ts'
import type { Group } from '../engine/model/node-group.ts'
import type { Reporter, Result } from '../engine/model/report.ts'
import type { Settings } from '../engine/model/settings.ts'
import type { RunOptions } from '../engine/run/run-context.ts'
import { unlessStopped } from '../engine/run/unless-stopped.ts'
import type { ConnectionInputs, Inputs, Typed } from '../inputs/validate-inputs.ts'
import type { Notifier, Publish } from '../notify/notifier.ts'
import { type CommandWording, withCommands } from '../report/commands.ts'
import { exitCode, resultOfError } from './exit-code.ts'

/** The engine as the faces call it; `Ports` is whatever the engine wants. */
export interface Engine<Ports> {
  run(settings: Settings, ports: Ports, signal: AbortSignal, options?: RunOptions): Promise<Result>
  recover(settings: Settings, ports: Ports, runId: string, signal: AbortSignal): Promise<Result>
}

/** What a connection gives: groups by the cluster's tag, and the ports of a run, each with a cluster feed of its own. */
export interface Connected<Ports> {
  findGroups(): Promise<readonly Group[]>
  ports(reporter: Reporter): Promise<Ports>
  /** To an SNS topic. */
  publish?: Publish
}

/** Who is at work, for the lock and for people, and what only this face can give. */
export interface Caller {
  host: { name: string; link?: string }
  /** The job's OIDC token, minted at each call; undefined where the job may not have one. */
  idToken?: (audience: string) => Promise<string>
  /** How a command of this program is given where the results are read. */
  wording: CommandWording
  /** Hides a secret in everything that is printed from now on. */
  mask?: (secret: string) => void
}

export type Connect<Ports> = (
  settings: Settings,
  connection: ConnectionInputs,
  caller: Caller
) => Promise<Connected<Ports>>

/** The program below a face. Loaded only when the input is good, so that `--help` costs nothing. */
export interface Program<Ports> {
  engine: Engine<Ports>
  connect: Connect<Ports>
}

export interface GroupRuns<Ports> {
  inputs: Inputs
  program: Program<Ports>
  caller: Caller
  clock: Clock
  signal: AbortSignal
  /** Passed on to the engine. */
  options?: RunOptions
  reporter: Reporter
  /** Told of every end but that of a run that was cancelled: what becomes of it is known later. */
  notifier?: Pick<Notifier, 'tell'>
  /** Told before the next group begins. */
  ended?: (result: Result) => void
  /** Errors that are bugs, with their trace. */
  bug?: (error: unknown) => void
}

/** Never rejects; what went wrong is in the last result. At least one result. */
export async function runGroups<Ports>(runs: GroupRuns<Ports>): Promise<readonly Result[]> {
  const { inputs, program, caller, clock } = runs
  const startedAt = clock.now()
  let connected: Connected<Ports>
  let names: readonly (string | undefined)[]
  try {
    connected = await unlessStopped(runs.signal, program.connect(inputs.settings, inputs.connection, caller))
    const found = inputs.groups === 'all' ? await unlessStopped(runs.signal, connected.findGroups()) : []
    names = inputs.groups === 'all' ? groupNames(found, inputs.settings) : inputs.groups
  } catch (error) {
    const result = worded(earlyResult(runs, inputs.settings, error, startedAt), runs.inputs.typed, caller.wording)
    runs.ended?.(result)
    runs.notifier?.tell(result)
    return [result]
  }
  const results: Result[] = []
  // Where no group is named the engine looks for the only one, and knows what to say when it is not.
  for (const group of names.length === 0 ? [undefined] : names) {
    const result = worded(await runGroup(runs, connected, { ...inputs.settings, group }), inputs.typed, caller.wording)
    results.push(result)
    runs.ended?.(result)
    if (result.outcome !== 'cancelled') runs.notifier?.tell(result, connected.publish)
    if (exitCode(result) !== 0 || runs.signal.aborted) break
  }
  return results
}

/** A result as it is told: every command in it as it is given here. */
export function worded(result: Result, typed: Typed, wording: CommandWording): Result {
  const { next } = withTyped(result, typed)
  const told = withCommands(result, wording)
  return next === undefined ? told : { ...told, next: wording(next) }
}

/** Events, with every command in them as it is given here. */
export function wordedReporter(reporter: Reporter, wording: CommandWording): Reporter {
  return {
    report: (event) =>
      reporter.report(event.kind === 'progress' || event.kind === 'seen' ? event : withCommands(event, wording))
  }
}

/** The exact next command has the options that this one had. */
export function withTyped(result: Result, { always, upgrade }: Typed): Result {
  if (result.next === undefined) return result
  return { ...result, next: [result.next, ...always, ...(/^upgrade /.test(result.next) ? upgrade : [])].join(' ') }
}

async function runGroup<Ports>(
  runs: GroupRuns<Ports>,
  connected: Connected<Ports>,
  settings: Settings
): Promise<Result> {
  const startedAt = runs.clock.now()
  let ports: Ports
  try {
    ports = await unlessStopped(runs.signal, connected.ports(wordedReporter(runs.reporter, runs.caller.wording)))
  } catch (error) {
    return earlyResult(runs, settings, error, startedAt)
  }
  try {
    return await runs.program.engine.run(settings, ports, runs.signal, runs.options)
  } catch (error) {
    runs.bug?.(error)
    return resultOfError(settings, error, startedAt, runs.clock.now())
  }
}

/** Nothing was changed yet, whatever outcome the error carries. */
function earlyResult<Ports>(runs: GroupRuns<Ports>, settings: Settings, error: unknown, startedAt: number): Result {
  if (runs.signal.aborted && error === runs.signal.reason) {
    const { reason, ...rest } = resultOfError(settings, error, startedAt, runs.clock.now())
    return { ...rest, outcome: 'cancelled' }
  }
  if (!(error instanceof UpgradeError)) runs.bug?.(error)
  return { ...resultOfError(settings, error, startedAt, runs.clock.now()), outcome: 'refused' }
}

/** Names of all node groups, in alphabetical order, so that a second start takes them in the same one. */
export function groupNames(groups: readonly Group[], { groupTagKey }: Pick<Settings, 'groupTagKey'>): string[] {
  const names = groups.map(({ tags }) => tags[groupTagKey]).filter((name) => name !== undefined && name !== '')
  return [...new Set(names as string[])].sort()
}
