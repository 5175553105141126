/** A tiny API server on loopback that lists, watches, and fails on request. It knows nothing of what objects mean. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { RawObject } from '../../src/kubernetes/projection/raw.ts'

export interface SeenRequest {
  method: string
  url: URL
  headers: IncomingMessage['headers']
  // biome-ignore lint/suspicious/noExplicitAny: the tests look into bodies of every shape
  body: any
}

/** Answers a request itself (true), or leaves it to the server. */
export type Intercept = (request: SeenRequest, response: ServerResponse) => boolean | undefined

export interface FakeApiServer extends AsyncDisposable {
  url: string
  requests: SeenRequest[]
  intercept: Intercept
  put(path: string, object: RawObject): void
  /** Without telling the watches: as if it had happened while nobody looked. */
  putSilently(path: string, object: RawObject): void
  drop(path: string, name: string): void
  dropSilently(path: string, name: string): void
  /** Sends a line to every watch of a path. */
  tell(path: string, event: unknown): void
  endWatches(how: 'end' | 'reset'): void
  watching(path: string): number
  requestsOf(path: string): SeenRequest[]
  stop(): Promise<void>
  start(): Promise<void>
}

export function json(response: ServerResponse, status: number, body: unknown, headers = {}): true {
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body))
  return true
}

export async function fakeApiServer(): Promise<FakeApiServer> {
  const objects = new Map<string, Map<string, RawObject>>()
  const watches = new Set<{ path: string; response: ServerResponse }>()
  const requests: SeenRequest[] = []
  let version = 100
  let port = 0
  let server: Server

  const of = (path: string): Map<string, RawObject> => {
    const found = objects.get(path) ?? new Map()
    objects.set(path, found)
    return found
  }

  const store = (path: string, object: RawObject): RawObject => {
    const stored = { ...object, metadata: { ...object.metadata, resourceVersion: String(++version) } }
    of(path).set(object.metadata?.name ?? '', stored)
    return stored
  }

  const tell = (path: string, event: unknown): void => {
    for (const watch of watches) if (watch.path === path) watch.response.write(`${JSON.stringify(event)}\n`)
  }

  function list({ url }: SeenRequest, response: ServerResponse): void {
    const all = [...of(url.pathname).values()]
    const from = Number(url.searchParams.get('continue') ?? 0)
    const limit = Number(url.searchParams.get('limit') ?? all.length)
    const next = from + limit < all.length ? String(from + limit) : undefined
    json(response, 200, {
      metadata: { resourceVersion: String(version), continue: next },
      items: all.slice(from, from + limit)
    })
  }

  function watch({ url }: SeenRequest, response: ServerResponse): void {
    const entry = { path: url.pathname, response }
    watches.add(entry)
    response.on('close', () => watches.delete(entry))
    response.writeHead(200, { 'content-type': 'application/json' }).flushHeaders()
  }

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    const text = Buffer.concat(chunks).toString()
    const url = new URL(request.url ?? '/', 'http://fake')
    const body = text === '' ? undefined : JSON.parse(text)
    const seen = { method: request.method ?? '', url, headers: request.headers, body }
    requests.push(seen)
    if (fake.intercept(seen, response)) return
    if (url.pathname === '/version') json(response, 200, { major: '1', minor: '33+' })
    else if (url.searchParams.get('watch')) watch(seen, response)
    else list(seen, response)
  }

  async function start(): Promise<void> {
    server = createServer((request, response) => {
      answer(request, response).catch(() => response.destroy())
    })
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
    port = (server.address() as AddressInfo).port
  }

  async function stop(): Promise<void> {
    const closed = new Promise((resolve) => server.close(resolve))
    server.closeAllConnections()
    await closed
  }

  await start()
  const fake: FakeApiServer = {
    url: `http://127.0.0.1:${port}`,
    requests,
    intercept: () => undefined,
    put: (path, object) => tell(path, { type: 'MODIFIED', object: store(path, object) }),
    putSilently: store,
    drop(path, name) {
      const object = of(path).get(name)
      of(path).delete(name)
      version++
      tell(path, { type: 'DELETED', object: { metadata: { ...object?.metadata, resourceVersion: String(version) } } })
    },
    dropSilently: (path, name) => of(path).delete(name),
    tell,
    endWatches(how) {
      for (const { response } of watches) {
        if (how === 'end') response.end()
        else response.socket?.resetAndDestroy()
      }
    },
    watching: (path) => [...watches].filter((watch) => watch.path === path).length,
    requestsOf: (path) => requests.filter(({ url }) => url.pathname === path),
    stop,
    start,
    [Symbol.asyncDispose]: stop
  }
  return fake
}
