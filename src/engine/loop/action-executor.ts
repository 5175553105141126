/**
 * Starts actions and keeps track of them: nothing is started twice, nothing starts without the lock, and what fails for a
 * passing reason is tried again later, from a new look at the world.
 */

import type { Clock } from '../model/clock.ts'
import type { Cluster, EvictionAnswer } from '../model/cluster.ts'
import { UpgradeError } from '../model/error.ts'
import { groupSettleMs, retryDelayMs, settleMs } from '../model/limits.ts'
import type { NodeGroups } from '../model/node-group.ts'
import {
  type Action,
  type ActionAnswer,
  actionKey,
  actionText,
  isGroupAction,
  isPodAction,
  perform
} from '../world/action.ts'
import type { Observations } from '../world/observations.ts'

export interface ActionExecutor {
  /** Starts what may be started now. Returns how many were. */
  start(actions: readonly Action[]): number
  /** Resolves when nothing is under way any more. */
  idle(): Promise<void>
  /** Whether anything is under way. */
  busy(): boolean
  /** Resolves when the next action ends. */
  ended(): Promise<void>
}

export interface ExecutorOptions {
  clock: Clock
  nodeGroups: NodeGroups
  cluster: Cluster
  observations: () => Observations
  mayWrite(): boolean
  wroteGroups(): void
  did(text: string): void
  trouble(text: string): void
}

export function createActionExecutor(options: ExecutorOptions): ActionExecutor {
  const { clock } = options
  const running = new Set<Promise<void>>()
  /** The last request of each lane: whether the next may follow it. */
  const lanes = new Map<string, Promise<boolean>>()
  /** Somebody waits for the end of what is under way: what has not been sent yet is not sent any more. */
  let settling = 0
  let wake: () => void = () => {}
  let ended = new Promise<void>((resolve) => {
    wake = resolve
  })

  function mayStart(key: string, observations: Observations): boolean {
    if (observations.inFlight.has(key) || !options.mayWrite()) return false
    const attempt = observations.attempts.get(key)
    return !attempt || clock.now() >= attempt.nextAt
  }

  /** After the one before it; not at all when that was not let through, since the rest was decided on the hope that it would be. */
  function inLane(lane: string, action: Action, key: string, observations: Observations): Promise<void> {
    const before = lanes.get(lane) ?? Promise.resolve(true)
    const turn = before.then(async (open) => {
      if (!open || settling > 0 || !options.mayWrite()) {
        if (isPodAction(action)) observations.evictions.delete(action.pod.uid)
        return false
      }
      await carryOut(action, key, observations)
      return wentThrough(action, key, observations)
    })
    lanes.set(lane, turn)
    return turn.then(() => {
      if (lanes.get(lane) === turn) lanes.delete(lane)
    })
  }

  async function carryOut(action: Action, key: string, observations: Observations): Promise<void> {
    try {
      const answer = await perform(action, options.nodeGroups, options.cluster, clock.now())
      note(action, key, answer, observations)
    } catch (error) {
      broke(action, key, error, observations)
    }
  }

  function note(action: Action, key: string, answer: ActionAnswer, observations: Observations): void {
    const now = clock.now()
    if (isPodAction(action)) {
      const entry = observations.evictions.get(action.pod.uid)
      const said: EvictionAnswer = typeof answer === 'string' ? { kind: 'accepted' } : answer
      if (entry) observations.evictions.set(action.pod.uid, { ...entry, answeredAt: now, answer: said })
      if (said.kind === 'throttled')
        observations.throttledUntil = Math.max(observations.throttledUntil, now + said.retryAfterMs)
      if (said.kind !== 'accepted') return
    } else {
      observations.attempts.set(key, { failures: 0, nextAt: now + (isGroupAction(action) ? groupSettleMs : settleMs) })
      if (answer === 'conflict' || answer === 'gone') return
    }
    const text = actionText(action)
    if (text !== undefined) options.did(text)
  }

  function broke(action: Action, key: string, error: unknown, observations: Observations): void {
    const now = clock.now()
    const message = error instanceof Error ? error.message : String(error)
    if (!(error instanceof UpgradeError)) bugs.push(error)
    if (isPodAction(action)) {
      const entry = observations.evictions.get(action.pod.uid)
      if (entry)
        observations.evictions.set(action.pod.uid, { ...entry, answeredAt: now, answer: { kind: 'unknown', message } })
      return
    }
    const failures = (observations.attempts.get(key)?.failures ?? 0) + 1
    observations.attempts.set(key, { failures, nextAt: now + retryDelayMs(failures), error })
    if (failures === 1 || failures % 10 === 0)
      options.trouble(`${actionText(action) ?? action.kind} failed: ${message}`)
  }

  const bugs: unknown[] = []

  return {
    start(actions) {
      const observations = options.observations()
      let started = 0
      // What one look wants of a group is written one after the other; the next is decided from a look at what that did.
      const busy = new Set(lanes.keys())
      for (const action of actions) {
        const key = actionKey(action)
        const lane = laneOf(action)
        if (!mayStart(key, observations) || (isGroupAction(action) && busy.has(lane ?? ''))) continue
        observations.inFlight.add(key)
        if (isPodAction(action)) {
          observations.evictions.set(action.pod.uid, {
            sentAt: clock.now(),
            budgetVersion: action.budgetVersion,
            lane: action.lane
          })
        }
        started += 1
        const turn = lane === undefined ? carryOut(action, key, observations) : inLane(lane, action, key, observations)
        const work = turn.then(() => {
          observations.inFlight.delete(key)
          running.delete(work)
          // Only once all of the batch is written is a look at the group worth its call.
          if (isGroupAction(action) && !lanes.has(lane ?? '')) options.wroteGroups()
          wake()
          ended = new Promise<void>((resolve) => {
            wake = resolve
          })
        })
        running.add(work)
      }
      if (bugs.length > 0) throw bugs[0]
      return started
    },
    busy: () => running.size > 0,
    ended: () => ended,
    async idle() {
      settling += 1
      while (running.size > 0) await Promise.all(running)
      settling -= 1
    }
  }
}

/** Requests of one lane go one after the other; changes of nodes and workloads are guarded and need none. */
function laneOf(action: Action): string | undefined {
  if (isGroupAction(action)) return `group ${action.group}`
  return isPodAction(action) ? action.lane : undefined
}

function wentThrough(action: Action, key: string, observations: Observations): boolean {
  if (!isPodAction(action)) return observations.attempts.get(key)?.error === undefined
  const answer = observations.evictions.get(action.pod.uid)?.answer?.kind
  return answer === 'accepted' || answer === 'gone' || answer === 'replaced'
}
