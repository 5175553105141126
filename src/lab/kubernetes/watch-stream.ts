/** A watch as a stream of JSON lines. */
import type { ServerResponse } from 'node:http'
import { parseRevision, selection } from './api.ts'
import { ApiError, invalid } from './api-error.ts'
import type { LabCluster } from './cluster.ts'
import type { Raw } from './object.ts'
import type { RequestInfo } from './request-info.ts'
import { apiVersionOf } from './resource.ts'
import { tableOf, wantsObjects } from './table.ts'
import { watchStore } from './watch.ts'

/** `silent`: open, and nothing comes. The others happen after this many events (default: at once). */
export interface WatchFault {
  kind: 'watch'
  does: 'silent' | 'close' | 'drop' | 'expire'
  afterEvents?: number
}

interface StreamOptions {
  bookmarkMs: number
  /** As `kubectl get --watch` asks; the first table says what the columns are. */
  asTable?: boolean
  fault?: WatchFault
}

/** Throws an ApiError while nothing is sent yet; what goes wrong later is an ERROR event, as in the real server. */
export function streamWatch(
  cluster: LabCluster,
  info: RequestInfo,
  query: URLSearchParams,
  response: ServerResponse,
  options: StreamOptions
): void {
  const { resource, namespace } = info
  const matches = selection(resource.kind, query)
  const from = query.get('resourceVersion') ?? ''
  const initial = query.get('sendInitialEvents') === 'true'
  if (initial && query.get('resourceVersionMatch') !== 'NotOlderThan') {
    const message = 'Forbidden: sendInitialEvents requires setting resourceVersionMatch to NotOlderThan'
    throw invalid(resource, '', [{ reason: 'FieldValueForbidden', field: 'resourceVersionMatch', message }])
  }
  const since = from === '' || from === '0' || initial ? undefined : parseRevision(from)
  const bookmarks = query.get('allowWatchBookmarks') === 'true'
  response.writeHead(200, {
    'content-type': 'application/json',
    'cache-control': 'no-cache, private',
    'transfer-encoding': 'chunked'
  })
  response.flushHeaders()

  const { fault } = options
  let events = 0
  let over = false
  const write = (type: string, object: Raw) => {
    if (over) return
    if (fault && events >= (fault.afterEvents ?? 0)) return misbehave()
    events++
    const shown = options.asTable ? asTable(type, object) : object
    response.write(`${JSON.stringify({ type, object: shown })}\n`)
  }
  let described = false
  const asTable = (type: string, object: Raw) => {
    const rows = type === 'BOOKMARK' ? [] : [object]
    const metadata = { resourceVersion: object.metadata.resourceVersion }
    const table = tableOf(resource, rows, metadata, { now: cluster.clock.now(), whole: wantsObjects(query) })
    if (described) table.columnDefinitions = null
    described = true
    return table
  }
  const misbehave = () => {
    if (fault?.does === 'silent') return
    over = true
    if (fault?.does === 'drop') response.destroy()
    else if (fault?.does === 'close') response.end()
    else end(expiredStatus(cluster))
  }
  const end = (status: Raw) => {
    over = true
    response.end(`${JSON.stringify({ type: 'ERROR', object: status })}\n`)
  }
  const bookmark = (annotations?: Record<string, string>) => {
    const metadata = {
      resourceVersion: String(cluster.revision()),
      creationTimestamp: null,
      ...(annotations ? { annotations } : {})
    }
    write('BOOKMARK', { kind: resource.kind, apiVersion: apiVersionOf(resource), metadata })
  }

  let stop = () => {}
  try {
    if (since === undefined && query.get('sendInitialEvents') !== 'false') {
      for (const object of cluster.list(resource.kind, namespace)) if (matches(object)) write('ADDED', object)
      if (initial && bookmarks) bookmark({ 'k8s.io/initial-events-end': 'true' })
    }
    if (fault && (fault.afterEvents ?? 0) <= events) misbehave()
    stop = watchStore(
      cluster.store,
      { kind: resource.kind, namespace, matches },
      since ?? cluster.revision(),
      ({ type, object }) => write(type, object)
    )
  } catch (error) {
    if (!(error instanceof ApiError)) throw error
    end(error.status)
    return
  }
  const timers: NodeJS.Timeout[] = []
  if (bookmarks) timers.push(setInterval(() => bookmark(), options.bookmarkMs))
  const seconds = Number(query.get('timeoutSeconds') ?? 0)
  if (seconds > 0) timers.push(setTimeout(() => response.end(), seconds * 1000))
  response.on('close', () => {
    over = true
    stop()
    for (const timer of timers) clearInterval(timer)
  })
}

function expiredStatus(cluster: LabCluster): Raw {
  const message = `too old resource version: 1 (${cluster.revision()})`
  return { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message, reason: 'Expired', code: 410 }
}
