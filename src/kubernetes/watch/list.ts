/** One kind, whole: in pages, each projected at once, so that no more than one page of raw objects is ever held. */
import { refusalError, succeeded } from '../api-error.ts'
import type { ApiConnection } from '../connection.ts'
import type { Kind } from '../kinds.ts'
import { listAttempts, pageSize } from '../limits.ts'
import type { RawObject } from '../projection/raw.ts'

export interface Listing<T> {
  objects: ReadonlyMap<string, T>
  /** From which a watch continues without a gap. */
  resourceVersion: string
}

interface RawList {
  metadata?: { resourceVersion?: string; continue?: string }
  items?: RawObject[] | null
}

/**
 * A list without a resourceVersion is never older than its request. Pages are of one moment; when the server forgets
 * that moment half-way (410), all begins again, at last in one piece.
 */
export async function listObjects<T>(
  connection: ApiConnection,
  kind: Kind<T>,
  signal: AbortSignal
): Promise<Listing<T>> {
  for (let attempt = 1; ; attempt++) {
    const listing = await listOnce(connection, kind, attempt < listAttempts ? pageSize : undefined, signal)
    if (listing) return listing
  }
}

async function listOnce<T>(
  connection: ApiConnection,
  kind: Kind<T>,
  limit: number | undefined,
  signal: AbortSignal
): Promise<Listing<T> | undefined> {
  const objects = new Map<string, T>()
  const asked = `list ${kind.name}`
  let token: string | undefined
  let resourceVersion: string | undefined
  do {
    const query = new URLSearchParams()
    if (limit !== undefined) query.set('limit', String(limit))
    if (token) query.set('continue', token)
    const reply = await connection.read({ method: 'GET', path: `${kind.path}?${query}`, asked, signal })
    if (reply.status === 410 && token) return undefined
    const { items, metadata } = reply.body as RawList
    if (!succeeded(reply) || !metadata?.resourceVersion) throw refusalError(reply, connection.server, asked)
    for (const item of items ?? []) {
      const object = kind.project(item)
      if (object !== undefined) objects.set(keyOf(item), object)
    }
    resourceVersion ??= metadata.resourceVersion
    token = metadata.continue
  } while (token)
  return { objects, resourceVersion }
}

/** No two objects of a kind have the same one at a time. */
export function keyOf({ metadata }: RawObject): string {
  return `${metadata?.namespace ?? ''}/${metadata?.name ?? ''}`
}
