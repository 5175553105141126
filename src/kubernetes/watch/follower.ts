/**
 * Keeps one kind up to date: a list, then watches, each going on where the last one ended. Nothing ends it but `signal`.
 *
 * | what happens | what it does |
 * | --- | --- |
 * | the server ends the watch (it does every few minutes) | watches on from the last resourceVersion |
 * | silence: not even a bookmark (a server that has just started sends none for kinds that never change) | the same |
 * | reset, refusal of the connection, 401, 403, 429, 5xx | the same after a pause that grows |
 * | 410, or an ERROR event | lists again; what has vanished since vanishes then, at once |
 * | something else goes wrong again and again | lists again |
 *
 * Until it works again the last objects stay: what cannot be read is not gone.
 */
import { UpgradeError } from '../../engine/model/error.ts'
import { boundedRetryAfterMs, refusalError, wordsOf } from '../api-error.ts'
import type { ApiConnection } from '../connection.ts'
import type { Kind } from '../kinds.ts'
import {
  failuresBeforeRelist,
  firstFeedBackoffMs,
  longestFeedBackoffMs,
  shortestWatchMs,
  silenceMs,
  watchSeconds
} from '../limits.ts'
import { waitUnlessAborted } from '../pace.ts'
import { keyOf, listObjects } from './list.ts'
import { store } from './store.ts'
import { type WatchLine, watchEvents } from './watch-lines.ts'

export interface FollowerOptions {
  signal: AbortSignal
  now: () => number
  changed(): void
  /** Told once when it stops working, not again until it has worked in between. */
  interrupted(words: string): void
  /** For tests: how long a stream may be silent. */
  silenceMs?: number
}

export interface Follower<T> {
  /** The first list. Rejects as `Cluster.open` says. */
  list(): Promise<void>
  /** Watches until the signal is aborted; never rejects. */
  follow(): Promise<void>
  values(): readonly T[]
  /**
   * The last instant at which `values` were known to be right. A watch that is open, and has not been silent for too
   * long, is as fresh as the server's last sign of life on any connection: a server that lives would have told.
   */
  freshAt(): number
}

export function follower<T>(connection: ApiConnection, kind: Kind<T>, options: FollowerOptions): Follower<T> {
  const { signal, now } = options
  const objects = store<T>(options.changed)
  let resourceVersion: string | undefined
  let knownAt = 0
  let open = false
  const patience = createPatience(options.interrupted)

  async function relist(): Promise<void> {
    const startedAt = now()
    const listing = await listObjects(connection, kind, signal)
    objects.replace(listing.objects)
    resourceVersion = listing.resourceVersion
    knownAt = startedAt
  }

  async function follow(): Promise<void> {
    while (!signal.aborted) {
      let pauseMs = 0
      try {
        if (resourceVersion === undefined) await relist()
        await watch()
      } catch (error) {
        if (signal.aborted) return
        const next = patience.failed(error)
        if (next.relist) resourceVersion = undefined
        pauseMs = next.pauseMs
      }
      if (pauseMs > 0) await waitUnlessAborted(pauseMs, signal)
    }
  }

  async function watch(): Promise<void> {
    const silence = new AbortController()
    const timer = setTimeout(() => silence.abort(), options.silenceMs ?? silenceMs)
    const startedAt = now()
    let heard = false
    try {
      const stop = AbortSignal.any([signal, silence.signal])
      const pieces = await openWatch(connection, kind, { resourceVersion, signal: stop, now })
      open = true
      for await (const events of watchEvents(pieces)) {
        timer.refresh()
        for (const event of events) apply(event)
        knownAt = now()
        heard ||= events.length > 0
        if (heard) patience.reset()
      }
      if (!heard && now() - startedAt < shortestWatchMs) throw new Error('it ended as soon as it had begun')
      patience.reset()
    } catch (error) {
      // A stream that opened and then said nothing may be dead or have nothing to say: the next one will tell.
      if (!silence.signal.aborted || !open) throw error
    } finally {
      if (open) knownAt = Math.max(knownAt, connection.heardAt())
      open = false
      clearTimeout(timer)
    }
  }

  function apply(event: WatchLine): void {
    if (event.type === 'ERROR') throw new Expired(event.object.message ?? 'the server ended the watch with an error')
    const { type, object } = event
    if (type === 'DELETED') objects.delete(keyOf(object))
    else if (type === 'ADDED' || type === 'MODIFIED') objects.set(keyOf(object), kind.project(object))
    // A bookmark carries nothing but this.
    resourceVersion = object.metadata?.resourceVersion ?? resourceVersion
  }

  return {
    list: relist,
    follow,
    values: objects.values,
    freshAt: () => (open ? Math.max(knownAt, connection.heardAt()) : knownAt)
  }
}

/** Rejects with Expired, Busy, or what the server refused. */
async function openWatch<T>(
  connection: ApiConnection,
  kind: Kind<T>,
  { resourceVersion, signal, now }: { resourceVersion: string | undefined; signal: AbortSignal; now: () => number }
): Promise<AsyncIterable<Uint8Array>> {
  const query = new URLSearchParams({
    watch: 'true',
    allowWatchBookmarks: 'true',
    timeoutSeconds: String(watchSeconds),
    resourceVersion: resourceVersion ?? ''
  })
  const asked = `watch ${kind.name}`
  const { reply, pieces } = await connection.stream({ method: 'GET', path: `${kind.path}?${query}`, asked, signal })
  // https://kubernetes.io/docs/reference/using-api/api-concepts/#410-gone-responses
  if (reply.status === 410) throw new Expired(wordsOf(reply))
  if (reply.status === 429 || reply.status === 503) throw new Busy(wordsOf(reply), boundedRetryAfterMs(reply, now()))
  if (reply.status !== 200) throw refusalError(reply, connection.server, asked)
  return pieces
}

interface Patience {
  /** How long to wait, and whether what is known is to be listed again. */
  failed(error: unknown): { pauseMs: number; relist: boolean }
  reset(): void
}

/** Two counts, because a server that is back should not pay for having been away. */
function createPatience(interrupted: (words: string) => void): Patience {
  let absences = 0
  let refusals = 0
  return {
    failed(error) {
      if (absences + refusals === 0) interrupted(error instanceof Error ? error.message : String(error))
      // A server that is away does not make what we know doubtful; one that answers nonsense does.
      if (error instanceof UpgradeError && error.details.code === 'cluster-unreachable') {
        absences++
        return { pauseMs: backoffMs(absences), relist: false }
      }
      absences = 0
      refusals++
      const relist = error instanceof Expired || refusals >= failuresBeforeRelist
      const wishedMs = error instanceof Busy ? error.retryAfterMs : 0
      return { pauseMs: Math.max(wishedMs, backoffMs(refusals)), relist }
    },
    reset() {
      absences = 0
      refusals = 0
    }
  }
}

function backoffMs(failures: number): number {
  return Math.min(firstFeedBackoffMs * 2 ** Math.min(failures - 1, 10), longestFeedBackoffMs)
}

/** The server no longer knows our resourceVersion. */
class Expired extends Error {}

class Busy extends Error {
  readonly retryAfterMs: number

  constructor(message: string, retryAfterMs: number) {
    super(message)
    this.retryAfterMs = retryAfterMs
  }
}
