/**
 * Starts actions and keeps track of them: nothing is started twice, nothing starts without the lock, and what fails for a
 * passing reason is tried again later, from a new look at the world.
 */

import type { Clock } from '../model/clock.ts'
import type { Cluster, EvictionAnswer } from '../model/cluster.ts'
import { UpgradeError } from '../model/error.ts'
import { retryMs, settleMs } from '../model/limits.ts'
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
import type { Diary } from '../world/observations.ts'

export interface Works {
  /** Starts what may be started now. Returns how many were. */
  start(actions: readonly Action[]): number
  /** Resolves when nothing is under way any more. */
  idle(): Promise<void>
  /** Whether anything is under way. */
  busy(): boolean
  /** Resolves when the next action ends. */
  ended(): Promise<void>
}

export interface WorksOptions {
  clock: Clock
  nodeGroups: NodeGroups
  cluster: Cluster
  diary: () => Diary
  mayWrite(): boolean
  wroteGroups(): void
  did(text: string): void
  trouble(text: string): void
}

export function createWorks(options: WorksOptions): Works {
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

  function mayStart(key: string, diary: Diary): boolean {
    if (diary.inFlight.has(key) || !options.mayWrite()) return false
    const attempt = diary.attempts.get(key)
    return !attempt || clock.now() >= attempt.nextAt
  }

  /** After the one before it; not at all when that was not let through, since the rest was decided on the hope that it would be. */
  function inLane(lane: string, action: Action, key: string, diary: Diary): Promise<void> {
    const before = lanes.get(lane) ?? Promise.resolve(true)
    const turn = before.then(async (open) => {
      if (!open || settling > 0 || !options.mayWrite()) {
        if (isPodAction(action)) diary.evictions.delete(action.pod.uid)
        return false
      }
      await carryOut(action, key, diary)
      return wentThrough(action, key, diary)
    })
    lanes.set(lane, turn)
    return turn.then(() => {
      if (lanes.get(lane) === turn) lanes.delete(lane)
    })
  }

  async function carryOut(action: Action, key: string, diary: Diary): Promise<void> {
    try {
      const answer = await perform(action, options.nodeGroups, options.cluster, clock.now())
      note(action, key, answer, diary)
    } catch (error) {
      broke(action, key, error, diary)
    }
  }

  function note(action: Action, key: string, answer: ActionAnswer, diary: Diary): void {
    const now = clock.now()
    if (isPodAction(action)) {
      const entry = diary.evictions.get(action.pod.uid)
      const said: EvictionAnswer = typeof answer === 'string' ? { kind: 'accepted' } : answer
      if (entry) diary.evictions.set(action.pod.uid, { ...entry, answeredAt: now, answer: said })
      if (said.kind === 'throttled') diary.throttledUntil = Math.max(diary.throttledUntil, now + said.retryAfterMs)
      if (said.kind !== 'accepted') return
    } else {
      diary.attempts.set(key, { failures: 0, nextAt: now + (isGroupAction(action) ? 2_000 : settleMs) })
      if (answer === 'conflict' || answer === 'gone') return
    }
    const text = actionText(action)
    if (text !== undefined) options.did(text)
  }

  function broke(action: Action, key: string, error: unknown, diary: Diary): void {
    const now = clock.now()
    const message = error instanceof Error ? error.message : String(error)
    if (!(error instanceof UpgradeError)) bugs.push(error)
    if (isPodAction(action)) {
      const entry = diary.evictions.get(action.pod.uid)
      if (entry)
        diary.evictions.set(action.pod.uid, { ...entry, answeredAt: now, answer: { kind: 'unknown', message } })
      return
    }
    const failures = (diary.attempts.get(key)?.failures ?? 0) + 1
    const pause = retryMs[Math.min(failures, retryMs.length) - 1] ?? 15_000
    diary.attempts.set(key, { failures, nextAt: now + pause, error })
    if (failures === 1 || failures % 10 === 0)
      options.trouble(`${actionText(action) ?? action.kind} failed: ${message}`)
  }

  const bugs: unknown[] = []

  return {
    start(actions) {
      const diary = options.diary()
      let started = 0
      // What one look wants of a group is written one after the other; the next is decided from a look at what that did.
      const busy = new Set(lanes.keys())
      for (const action of actions) {
        const key = actionKey(action)
        const lane = laneOf(action)
        if (!mayStart(key, diary) || (isGroupAction(action) && busy.has(lane ?? ''))) continue
        diary.inFlight.add(key)
        if (isPodAction(action)) {
          diary.evictions.set(action.pod.uid, {
            sentAt: clock.now(),
            budgetVersion: action.budgetVersion,
            lane: action.lane
          })
        }
        started += 1
        const turn = lane === undefined ? carryOut(action, key, diary) : inLane(lane, action, key, diary)
        const work = turn.then(() => {
          diary.inFlight.delete(key)
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

function wentThrough(action: Action, key: string, diary: Diary): boolean {
  if (!isPodAction(action)) return diary.attempts.get(key)?.error === undefined
  const answer = diary.evictions.get(action.pod.uid)?.answer?.kind
  return answer === 'accepted' || answer === 'gone' || answer === 'replaced'
}
