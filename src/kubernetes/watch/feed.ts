/**
 * All kinds together, as one view. Freshness: the view is as old as the kind that has not been heard of for longest. A
 * quiet cluster says nothing for up to a minute (then come bookmarks), so when no answer, event or bookmark has come on
 * any connection for some seconds, the server is asked for its version; the renewals of the Lease make that rare.
 */
import type { Cluster, ClusterView } from '../../engine/model/cluster.ts'
import { UpgradeError } from '../../engine/model/error.ts'
import type { ApiConnection } from '../connection.ts'
import { type KindName, kindNames, kindOf, type Projected } from '../kinds.ts'
import { livenessMs, livenessTimeoutMs } from '../limits.ts'
import { waitUnlessAborted } from '../pace.ts'
import { changeBell, viewOf } from './change-bell.ts'
import { type Follower, follower } from './follower.ts'

export type Feed = Pick<Cluster, 'open' | 'view' | 'changed' | 'close'>

export interface FeedOptions {
  now?: () => number
  log?: (line: string) => void
  /** For tests. */
  silenceMs?: number
  livenessMs?: number
}

type Followers = { [K in KindName]: Follower<Projected[K]> }

export function feed(connection: ApiConnection, options: FeedOptions = {}): Feed {
  const now = options.now ?? Date.now
  const stop = new AbortController()
  // Told on the next turn of the event loop, after all that came in one piece.
  const changes = changeBell(setImmediate)
  const interruptions = interruptionLog(options.log ?? (() => {}))
  const follow = (name: KindName) =>
    follower<unknown>(connection, kindOf(name), {
      signal: stop.signal,
      now,
      changed: changes.ring,
      interrupted: (words) => interruptions(name, words),
      silenceMs: options.silenceMs
    })
  const followers = Object.fromEntries(kindNames.map((name) => [name, follow(name)])) as Followers
  const all: Follower<unknown>[] = Object.values(followers)
  let following: Promise<unknown> = Promise.resolve()

  async function open(): Promise<void> {
    const lists = await Promise.allSettled(all.map((one) => one.list()))
    const failed = lists.flatMap((list, index) =>
      list.status === 'rejected' ? [{ name: kindNames[index] as KindName, reason: list.reason }] : []
    )
    if (failed.length > 0) {
      stop.abort()
      throw worst(failed)
    }
    following = Promise.all([...all.map((one) => one.follow()), keepAlive()])
  }

  /** Asks for a sign of life when there has been none. How it is answered does not matter: `heardAt` tells. */
  async function keepAlive(): Promise<void> {
    const limitMs = options.livenessMs ?? livenessMs
    while (await waitUnlessAborted(Math.max(limitMs - (now() - connection.heardAt()), limitMs / 10), stop.signal)) {
      if (now() - connection.heardAt() < limitMs) continue
      const signal = AbortSignal.any([stop.signal, AbortSignal.timeout(livenessTimeoutMs)])
      await connection
        .read({ method: 'GET', path: '/version', asked: 'read the version', signal, urgent: true })
        .catch(() => {})
    }
  }

  function view(): ClusterView {
    changes.look()
    return viewOf(followers, Math.min(...all.map((one) => one.freshAt())))
  }

  async function close(): Promise<void> {
    stop.abort()
    changes.ring()
    await following
  }

  return { open, view, changed: changes.changed, close }
}

/** A server that goes away takes all watches with it: one line, not twelve. */
function interruptionLog(log: (line: string) => void): (name: KindName, words: string) => void {
  const gathered = new Map<string, KindName[]>()
  return (name, words) => {
    // The words of one cause name the kind that was requested.
    const cause = words.replace(name, 'KIND')
    const names = gathered.get(cause)
    if (names) {
      names.push(name)
      return
    }
    gathered.set(cause, [name])
    setTimeout(() => {
      const names = gathered.get(cause) ?? []
      gathered.delete(cause)
      log(`the watch of ${names.join(', ')} was interrupted and is resumed: ${cause.replace('KIND', names[0] ?? '')}`)
    }, 100).unref()
  }
}

/** No connection or no credentials explains all else; missing rights are told together, so that they are fixed together. */
function worst(failed: readonly { name: KindName; reason: unknown }[]): unknown {
  const denied = failed.flatMap(({ reason }) =>
    reason instanceof UpgradeError && reason.details.code === 'access-denied' ? [reason] : []
  )
  const [first] = denied
  if (!first || denied.length < failed.length)
    return failed.find(({ reason }) => !denied.some((one) => one === reason))?.reason
  const names = failed.map(({ name }) => name).join(', ')
  return new UpgradeError(first.message.replace(`list ${failed[0]?.name}`, `list ${names}`), first.details)
}
