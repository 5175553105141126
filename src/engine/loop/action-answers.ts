/** What became of an action, written into the observations: whether and when the same may be tried again. */
import type { EvictionAnswer } from '../model/cluster.ts'
import { groupSettleMs, retryDelayMs, settleMs } from '../model/limits.ts'
import { type Action, type ActionAnswer, actionKey, isGroupAction, isPodAction } from '../world/action.ts'
import type { Observations } from '../world/observations.ts'

/** Whether the action may be started now: it is not under way, and not to be repeated only later. */
export function mayStart(action: Action, observations: Observations, now: number): boolean {
  const key = actionKey(action)
  if (observations.inFlight.has(key)) return false
  const attempt = observations.attempts.get(key)
  return !attempt || now >= attempt.nextAt
}

export function noteStart(action: Action, observations: Observations, now: number): void {
  observations.inFlight.add(actionKey(action))
  if (!isPodAction(action)) return
  const { budgetVersion, lane } = action
  observations.evictions.set(action.pod.uid, { sentAt: now, budgetVersion, lane })
}

/** It was not sent after all: nothing is known of it. */
export function noteSkipped(action: Action, observations: Observations): void {
  if (isPodAction(action)) observations.evictions.delete(action.pod.uid)
}

/** Returns whether the action took effect, so that it is worth a line. */
export function noteAnswer(action: Action, answer: ActionAnswer, observations: Observations, now: number): boolean {
  if (isPodAction(action)) return noteEviction(action.pod.uid, answer, observations, now)
  const settledMs = isGroupAction(action) ? groupSettleMs : settleMs
  observations.attempts.set(actionKey(action), { failures: 0, nextAt: now + settledMs })
  return answer !== 'conflict' && answer !== 'gone'
}

function noteEviction(uid: string, answer: ActionAnswer, observations: Observations, now: number): boolean {
  const said: EvictionAnswer = typeof answer === 'string' ? { kind: 'accepted' } : answer
  const entry = observations.evictions.get(uid)
  if (entry) observations.evictions.set(uid, { ...entry, answeredAt: now, answer: said })
  if (said.kind === 'throttled') {
    observations.throttledUntil = Math.max(observations.throttledUntil, now + said.retryAfterMs)
  }
  return said.kind === 'accepted'
}

/** Returns how often in a row this action has failed; 0 for an eviction, whose answer is only unknown. */
export function noteFailure(action: Action, error: unknown, observations: Observations, now: number): number {
  if (isPodAction(action)) {
    const entry = observations.evictions.get(action.pod.uid)
    const answer = { kind: 'unknown', message: messageOf(error) } as const
    if (entry) observations.evictions.set(action.pod.uid, { ...entry, answeredAt: now, answer })
    return 0
  }
  const key = actionKey(action)
  const failures = (observations.attempts.get(key)?.failures ?? 0) + 1
  observations.attempts.set(key, { failures, nextAt: now + retryDelayMs(failures), error })
  return failures
}

/** Whether what comes after it in its lane may be sent. */
export function wentThrough(action: Action, observations: Observations): boolean {
  if (!isPodAction(action)) return observations.attempts.get(actionKey(action))?.error === undefined
  const answer = observations.evictions.get(action.pod.uid)?.answer?.kind
  return answer === 'accepted' || answer === 'gone' || answer === 'replaced'
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
