/**
 * Starts actions and keeps track of them: nothing is started twice, nothing starts without the lock, and what fails for a
 * passing reason is tried again later, from a new look at the world.
 */
import {
  type Action,
  type ActionAnswer,
  actionKey,
  actionText,
  isGroupAction,
  isPodAction,
  type PodAction,
  perform
} from './action.ts'
import type { Clock } from './clock.ts'
import type { Cluster, EvictionAnswer } from './cluster.ts'
import type { Diary } from './diary.ts'
import { UpgradeError } from './error.ts'
import { retryMs, settleMs } from './limits.ts'
import type { NodeGroups } from './node-group.ts'

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

  function mayStart(action: Action, key: string, diary: Diary): boolean {
    if (diary.inFlight.has(key) || !options.mayWrite()) return false
    const attempt = diary.attempts.get(key)
    if (attempt && clock.now() < attempt.nextAt) return false
    // One write at a time for a group: the next is decided from a look at what this one did.
    return !isGroupAction(action) || ![...diary.inFlight].some((other) => other.startsWith(`group ${action.group} `))
  }

  /** After the one before it; not at all when that was not let through, since the rest was decided on the hope that it would be. */
  function inLane(action: PodAction, key: string, diary: Diary): Promise<void> {
    const before = lanes.get(action.lane) ?? Promise.resolve(true)
    const turn = before.then(async (open) => {
      if (!open || settling > 0 || !options.mayWrite()) {
        diary.evictions.delete(action.pod.uid)
        return false
      }
      await carryOut(action, key, diary)
      const answer = diary.evictions.get(action.pod.uid)?.answer?.kind
      return answer === 'accepted' || answer === 'gone' || answer === 'replaced'
    })
    lanes.set(action.lane, turn)
    return turn.then(() => {
      if (lanes.get(action.lane) === turn) lanes.delete(action.lane)
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
      for (const action of actions) {
        const key = actionKey(action)
        if (!mayStart(action, key, diary)) continue
        const marks = isGroupAction(action) ? [key, `group ${action.group} is written`] : [key]
        for (const mark of marks) diary.inFlight.add(mark)
        if (isPodAction(action)) {
          diary.evictions.set(action.pod.uid, {
            sentAt: clock.now(),
            budgetVersion: action.budgetVersion,
            lane: action.lane
          })
        }
        started += 1
        const turn = isPodAction(action) ? inLane(action, key, diary) : carryOut(action, key, diary)
        const work = turn.then(() => {
          for (const mark of marks) diary.inFlight.delete(mark)
          running.delete(work)
          if (isGroupAction(action)) options.wroteGroups()
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
