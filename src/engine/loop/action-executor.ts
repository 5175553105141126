/**
 * Starts actions and keeps track of them: nothing is started twice, nothing starts without the lock, and what fails for a
 * passing reason is tried again later, from a new look at the world.
 */
import type { Clock } from '../model/clock.ts'
import type { Cluster } from '../model/cluster.ts'
import { UpgradeError } from '../model/error.ts'
import { failuresBetweenNotes } from '../model/limits.ts'
import type { NodeGroups } from '../model/node-group.ts'
import { type Action, actionKey, actionText, isGroupAction, isPodAction, perform } from '../world/action.ts'
import type { Observations } from '../world/observations.ts'
import { mayStart, messageOf, noteAnswer, noteFailure, noteSkipped, noteStart, wentThrough } from './action-answers.ts'
import { createLanes } from './lanes.ts'

export interface ActionExecutor {
  /** Starts what may be started now. Throws what an action has thrown that is a bug. */
  start(actions: readonly Action[]): void
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
  const lanes = createLanes()
  const bugs: unknown[] = []
  /** While `idle` is awaited, what has not been sent yet is not sent any more. */
  let settling = 0
  let next = Promise.withResolvers<void>()

  async function carryOut(action: Action, observations: Observations): Promise<void> {
    try {
      const answer = await perform(action, options.nodeGroups, options.cluster, clock.now())
      const text = actionText(action)
      if (noteAnswer(action, answer, observations, clock.now()) && text !== undefined) options.did(text)
    } catch (error) {
      if (!(error instanceof UpgradeError)) bugs.push(error)
      const failures = noteFailure(action, error, observations, clock.now())
      if (failures !== 1 && (failures === 0 || failures % failuresBetweenNotes !== 0)) return
      options.trouble(`${actionText(action) ?? action.kind} failed: ${messageOf(error)}`)
    }
  }

  function send(action: Action, observations: Observations): Promise<void> {
    const lane = laneOf(action)
    if (lane === undefined) return carryOut(action, observations)
    const skip = () => noteSkipped(action, observations)
    return lanes.enter(
      lane,
      async () => {
        if (settling > 0 || !options.mayWrite()) {
          skip()
          return false
        }
        await carryOut(action, observations)
        return wentThrough(action, observations)
      },
      skip
    )
  }

  function startOne(action: Action, observations: Observations): void {
    noteStart(action, observations, clock.now())
    const work = send(action, observations).then(() => {
      observations.inFlight.delete(actionKey(action))
      running.delete(work)
      // Only once all of the batch is written is a look at the group worth its call.
      if (isGroupAction(action) && !lanes.has(laneOf(action) ?? '')) options.wroteGroups()
      next.resolve()
      next = Promise.withResolvers<void>()
    })
    running.add(work)
  }

  return {
    start(actions) {
      const observations = options.observations()
      // What one look wants of a group is written one after the other; more is decided from a look at what that did.
      const busy = lanes.names()
      for (const action of actions) {
        if (!options.mayWrite() || !mayStart(action, observations, clock.now())) continue
        if (isGroupAction(action) && busy.has(laneOf(action) ?? '')) continue
        startOne(action, observations)
      }
      if (bugs.length > 0) throw bugs[0]
    },
    busy: () => running.size > 0,
    ended: () => next.promise,
    async idle() {
      settling += 1
      while (running.size > 0) await Promise.all(running)
      settling -= 1
    }
  }
}

/** Changes of nodes and workloads are guarded by their object's version and need no lane. */
function laneOf(action: Action): string | undefined {
  if (isGroupAction(action)) return `group ${action.group}`
  return isPodAction(action) ? action.lane : undefined
}
