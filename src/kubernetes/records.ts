/** The records of all node groups, in one ConfigMap whose name is fixed, so that RBAC can name it. */
import { gunzipSync, gzipSync } from 'node:zlib'
import type { Records } from '../engine/model/cluster.ts'
import { objectName as name, objectNamespace as namespace } from '../engine/model/names.ts'
import { type Place, swap } from './compare-and-swap.ts'
import { type ApiConnection, fetchObject } from './connection.ts'
import { longestEntryBytes, plainEntryBytes } from './limits.ts'
import type { RawMeta, RawObject } from './projection/raw.ts'

interface RawConfigMap extends RawObject {
  apiVersion?: string
  kind?: string
  data?: Record<string, string>
}

const place: Place = {
  collection: `/api/v1/namespaces/${namespace}/configmaps`,
  name,
  title: `configmap ${namespace}/${name}`
}
const compressed = 'gzip:'

export function records(connection: ApiConnection): Records {
  /** As last read or written: what is replaced must be sent whole, what others put there included. */
  let last: RawConfigMap | undefined

  async function fetch(): Promise<RawConfigMap | undefined> {
    const path = `${place.collection}/${name}`
    last = await fetchObject<RawConfigMap>(connection, { path, asked: `get ${place.title}`, urgent: true })
    return last
  }

  return {
    async read() {
      const found = await fetch()
      const entries = Object.entries(found?.data ?? {}).map(([key, text]) => [key, unfold(text)])
      return { entries: Object.fromEntries(entries), version: found?.metadata?.resourceVersion }
    },

    async write(key, text, version) {
      const base = version === undefined ? undefined : await asOf(version)
      if (version !== undefined && !base) return undefined
      const { [key]: _, ...others } = base?.data ?? {}
      const data = text === undefined ? others : { ...others, [key]: fold(text) }
      const metadata: RawMeta = base?.metadata ?? {
        name,
        namespace,
        labels: { 'app.kubernetes.io/managed-by': 'eks-node-upgrade' }
      }
      const object = { ...base, apiVersion: 'v1', kind: 'ConfigMap', metadata, data }
      const written = await swap<RawConfigMap>(connection, place, object, version, true)
      if (written) last = written
      return written?.metadata?.resourceVersion
    }
  }

  async function asOf(version: string): Promise<RawConfigMap | undefined> {
    const found = last?.metadata?.resourceVersion === version ? last : await fetch()
    return found?.metadata?.resourceVersion === version ? found : undefined
  }
}

function fold(text: string): string {
  if (Buffer.byteLength(text) <= plainEntryBytes) return text
  return compressed + gzipSync(text).toString('base64')
}

/** What cannot be unfolded is handed on as it is, for the engine to call unreadable. */
function unfold(text: string): string {
  if (!text.startsWith(compressed)) return text
  try {
    const packed = Buffer.from(text.slice(compressed.length), 'base64')
    return gunzipSync(packed, { maxOutputLength: longestEntryBytes }).toString('utf8')
  } catch {
    return text
  }
}
