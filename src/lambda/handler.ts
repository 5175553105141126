/** One invocation: the event is read like any other input, then it is either the start of many slices or one of them. */
import type { Result } from '../engine/model/report.ts'
import { unlessStopped } from '../engine/run/unless-stopped.ts'
import { resultOfError } from '../entry/exit-code.ts'
import { groupNames } from '../entry/group-runs.ts'
import { kubeconfigProblems } from '../entry/kubeconfig-problems.ts'
import { newRunId } from '../entry/run-id.ts'
import { type Inputs, validateInputs } from '../inputs/validate-inputs.ts'
import {
  type Answer,
  badInputAnswer,
  type Continued,
  continuedWith,
  type Ended,
  endedAnswer,
  type SliceEvent,
  startedAnswer
} from './answer.ts'
import { givenByEvent } from './event.ts'
import type { Invocation } from './invocation.ts'
import { sliceLimits } from './limits.ts'
import { callerOf, runSlice, timeLeftMs } from './slice.ts'

/** Rejects only because of a bug. */
export async function answerTo<Ports>(invocation: Invocation<Ports>): Promise<Answer> {
  const { event, env, print } = invocation
  const { values, problems: misread } = givenByEvent(event)
  const validated = validateInputs(values, 'lambda', env)
  // What is no object names no cluster either; one problem is enough.
  const found = typeof event === 'object' && event !== null && !Array.isArray(event) ? (validated.problems ?? []) : []
  const problems = [...misread, ...found, ...(await kubeconfigProblems(values)), ...timeProblems(invocation)]
  if (validated.inputs === undefined || problems.length > 0) {
    for (const problem of problems) print(problem)
    return badInputAnswer(problems)
  }
  const given = event as SliceEvent
  return validated.inputs.slice.step === 'start'
    ? started(invocation, validated.inputs, given)
    : slice(invocation, validated.inputs, given)
}

function timeProblems<Ports>(invocation: Invocation<Ports>): readonly string[] {
  const missingMs = sliceLimits.leastMs - timeLeftMs(invocation)
  if (missingMs <= 0) return []
  const seconds = Math.ceil((invocation.context.getRemainingTimeInMillis() + missingMs) / 1000)
  return [`the function's timeout leaves no time for a slice: set it to ${seconds} s or more; 300 s is usual`]
}

/** Names the groups, and the runs that may be begun: from here on an event that is delivered twice begins nothing twice. */
async function started<Ports>(invocation: Invocation<Ports>, inputs: Inputs, event: SliceEvent): Promise<Answer> {
  const names = await groupsOf(invocation, inputs)
  if ('outcome' in names) return endedAnswer(names, invocation.clock.now())
  const { step: _, ...rest } = event
  const begins = inputs.settings.mode === 'upgrade'
  const events = names.map((group) => ({
    ...rest,
    ...(group !== undefined && { group }),
    ...(begins && { 'new-run-id': newRunId(invocation.clock.now()) })
  }))
  return startedAnswer(events)
}

/** Of several groups the first; the others have slices of their own. */
async function slice<Ports>(invocation: Invocation<Ports>, inputs: Inputs, event: SliceEvent): Promise<Answer> {
  const names = await groupsOf(invocation, inputs)
  if ('outcome' in names) return endedAnswer(names, invocation.clock.now())
  const [group, ...others] = names
  const answer = await runSlice(invocation, { ...inputs, groups: group === undefined ? [] : [group] }, event)
  if (others.length === 0) return answer
  if (answer.done) return answer.exitCode === 0 ? nextGroup(answer, others, event, invocation.clock.now()) : answer
  return 'event' in answer ? { ...answer, event: { ...answer.event, group: names } } : answer
}

/** This group has ended well; the next one begins with a slice of its own. */
function nextGroup(ended: Ended, others: readonly string[], event: SliceEvent, now: number): Continued {
  const { 'run-id': _run, 'started-at': _start, 'failing-since': _failing, 'lease-seen': _lease, ...rest } = event
  const begins = 'new-run-id' in rest ? { 'new-run-id': newRunId(now) } : {}
  return continuedWith(ended, { ...rest, ...begins, group: others })
}

type Names = readonly [string | undefined, ...string[]]

/** At least one; undefined where none is named: the only one. A result if AWS does not tell. */
async function groupsOf<Ports>(invocation: Invocation<Ports>, { groups, settings, connection }: Inputs) {
  const named = groups === 'all' ? await foundNames() : groups
  if ('outcome' in named) return named
  return (named.length === 0 ? [undefined] : named) as unknown as Names

  async function foundNames(): Promise<readonly string[] | Result> {
    const { program, clock } = invocation
    const startedAt = clock.now()
    try {
      const signal = AbortSignal.timeout(timeLeftMs(invocation))
      const connected = await unlessStopped(signal, program.connect(settings, connection, callerOf(invocation)))
      return groupNames(await unlessStopped(signal, connected.findGroups()), settings)
    } catch (error) {
      return { ...resultOfError(settings, error, startedAt, clock.now()), outcome: 'refused' }
    }
  }
}
