/** Creates or replaces an object only if no other writer has done so since. */
import { type Reply, refusalError, succeeded } from './api-error.ts'
import type { ApiConnection } from './connection.ts'
import type { RawMeta, RawObject } from './projection/raw.ts'

export interface Place {
  /** Of the collection: `/api/v1/namespaces/kube-system/configmaps`. */
  collection: string
  name: string
  /** For messages: `configmap kube-system/eks-node-upgrade`. */
  title: string
}

/**
 * Returns the object as stored, or undefined if another writer was faster: the name is taken, the resourceVersion has
 * moved on, or the object is gone. Throws kubernetes where the reply was lost: it may have been written, so read again.
 */
export async function swap<T extends RawObject>(
  connection: ApiConnection,
  { collection, name, title }: Place,
  object: T & { metadata: RawMeta },
  version: string | undefined,
  urgent: boolean
): Promise<T | undefined> {
  const asked = `${version === undefined ? 'create' : 'update'} ${title}`
  const body = { ...object, metadata: { ...object.metadata, resourceVersion: version } }
  const reply =
    version === undefined
      ? await connection.write({ method: 'POST', path: collection, body, asked, urgent })
      : await connection.write({ method: 'PUT', path: `${collection}/${name}`, body, asked, urgent })
  if (succeeded(reply)) return reply.body as T
  if (reply.status === 409 || goneMeanwhile(reply, version)) return undefined
  throw refusalError(reply, connection.server, asked)
}

function goneMeanwhile(reply: Reply, version: string | undefined): boolean {
  return reply.status === 404 && version !== undefined
}
