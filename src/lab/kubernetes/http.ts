/**
 * The lab's Kubernetes API over real HTTP, for client libraries, kubectl and everything else that speaks it.
 * Tests put faults between: see `Fault`.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { type DenyRule, demandAccess, type RequestUser, reviewAccess, unauthorized } from './access.ts'
import { answer, asContinueError, noSuchResource } from './api.ts'
import { ApiError, type ApiStatus, badRequest, failure, notSimulated } from './api-error.ts'
import type { LabCluster } from './cluster.ts'
import { discover, knownGroup } from './discovery.ts'
import type { Raw } from './object.ts'
import { decodeProtobuf } from './protobuf.ts'
import { type RequestInfo, requestInfo } from './request-info.ts'
import { tableOf, wantsObjects, wantsTable } from './table.ts'
import { streamWatch, type WatchFault } from './watch-stream.ts'

/** One request as a fault or a log sees it. */
export interface LabRequest {
  method: string
  path: string
  query: URLSearchParams
  userAgent: string
  /** Undefined for discovery, reviews and paths that lead nowhere. */
  info?: RequestInfo
  body?: Raw
}

/**
 * What may go wrong with a request. `after: true` lets it take effect first: the answer is lost, or is another one.
 * - `answer`: this instead of the true answer; a string is sent as plain text, as the API server's flow control does
 * - `delay`: only later, in real milliseconds
 * - `drop`: the connection is reset
 * - `watch`: a watch that goes silent or ends; other requests are not touched
 */
export type HttpFault =
  | { kind: 'answer'; code: number; body: ApiStatus | string; headers?: Record<string, string>; after?: boolean }
  | { kind: 'delay'; ms: number }
  | { kind: 'drop'; after?: boolean }
  | WatchFault

export interface ServeOptions {
  port?: number
  /** Requests that match are answered 403, and access reviews say so. */
  deny?: readonly DenyRule[]
  /** Says who sends this bearer token, or none; by default everyone is the user `lab`. */
  tokens?: (token: string | undefined) => RequestUser | undefined
  intercept?: (request: LabRequest) => HttpFault | undefined | Promise<HttpFault | undefined>
  /** Called when a request has been answered (a watch: when it has begun). */
  onRequest?: (request: LabRequest, code: number) => void
  tls?: { key: string; cert: string }
  /** Between bookmarks of a watch that asked for them, real ms; default one minute. */
  bookmarkMs?: number
}

export interface ServedCluster {
  url: string
  /** A kubeconfig for kubectl and client libraries. */
  kubeconfig: string
  /** Ends all connections, watches too. */
  close(): Promise<void>
}

/** The 429 of API Priority and Fairness: plain text, no Status, no cause. */
export function flowControlled(retryAfterSeconds = 1): HttpFault {
  const headers = {
    'retry-after': String(retryAfterSeconds),
    'x-kubernetes-pf-flowschema-uid': '7a0c3b4e-0000-4000-8000-000000000001',
    'x-kubernetes-pf-prioritylevel-uid': '7a0c3b4e-0000-4000-8000-000000000002'
  }
  return { kind: 'answer', code: 429, body: 'Too many requests, please try again later.\n', headers }
}

export async function serveKubernetes(cluster: LabCluster, options: ServeOptions = {}): Promise<ServedCluster> {
  const listener = (request: IncomingMessage, response: ServerResponse) => {
    handle(cluster, options, request, response).catch((error) => crash(response, error))
  }
  const server: Server = options.tls ? createTlsServer(options.tls, listener) : createServer(listener)
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(options.port ?? 0, '127.0.0.1', resolve)
  })
  const { port } = server.address() as AddressInfo
  const url = `${options.tls ? 'https' : 'http'}://127.0.0.1:${port}`
  return {
    url,
    kubeconfig: kubeconfig(url, options.tls?.cert),
    close() {
      return new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      })
    }
  }
}

async function handle(
  cluster: LabCluster,
  options: ServeOptions,
  incoming: IncomingMessage,
  response: ServerResponse
): Promise<void> {
  const url = new URL(incoming.url ?? '/', 'http://lab')
  const path = url.pathname.length > 1 ? url.pathname.replace(/\/$/, '') : url.pathname
  const method = incoming.method ?? 'GET'
  const info = requestInfo(method, path, url.searchParams)
  const request: LabRequest = {
    method,
    path,
    query: url.searchParams,
    userAgent: incoming.headers['user-agent'] ?? '',
    ...(info ? { info } : {})
  }
  const raw = await readBody(incoming)
  const say = (code: number, body: Raw, headers?: Record<string, string>) => {
    send(response, code, body, headers)
    options.onRequest?.(request, code)
  }
  try {
    request.body = parseBody(raw)
    const fault = await options.intercept?.(request)
    if (fault?.kind === 'delay') await new Promise((resolve) => setTimeout(resolve, fault.ms))
    if (fault?.kind === 'drop' && !fault.after) return void incoming.socket.destroy()
    if (fault?.kind === 'answer' && !fault.after) return say(fault.code, fault.body, fault.headers)
    const user = authenticate(options, incoming)
    if (info?.verb === 'watch') {
      demandAccess(options.deny ?? [], user, info)
      streamWatch(cluster, info, url.searchParams, response, {
        bookmarkMs: options.bookmarkMs ?? 60_000,
        asTable: wantsTable(incoming.headers.accept),
        ...(fault?.kind === 'watch' ? { fault } : {})
      })
      options.onRequest?.(request, 200)
      return
    }
    const result = respond(cluster, options, user, request, mediaTypeOf(incoming))
    if (fault?.kind === 'drop') return void incoming.socket.destroy()
    if (fault?.kind === 'answer') return say(fault.code, fault.body, fault.headers)
    const table =
      info && !info.subresource && wantsTable(incoming.headers.accept)
        ? asTable(cluster, info, url.searchParams, result.body)
        : undefined
    say(result.code, table ?? result.body)
  } catch (error) {
    const no = asContinueError(error, url.searchParams)
    if (!(no instanceof ApiError)) throw no
    const retryAfter = no.status.details?.retryAfterSeconds
    say(no.code, no.status, retryAfter ? { 'retry-after': String(retryAfter) } : undefined)
  }
}

function respond(
  cluster: LabCluster,
  options: ServeOptions,
  user: RequestUser,
  request: LabRequest,
  mediaType: string
): { code: number; body: Raw } {
  const { info, method, path, body, query } = request
  if (info) {
    demandAccess(options.deny ?? [], user, info)
    return answer(cluster, { info, query, mediaType, body })
  }
  if (method === 'POST' && path === '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews') {
    return { code: 201, body: reviewAccess(options.deny ?? [], body ?? {}) }
  }
  if (method === 'POST' && path === '/apis/authentication.k8s.io/v1/selfsubjectreviews') {
    const userInfo = { username: user.username, groups: user.groups ?? ['system:authenticated'] }
    return {
      code: 201,
      body: { kind: 'SelfSubjectReview', apiVersion: 'authentication.k8s.io/v1', metadata: {}, status: { userInfo } }
    }
  }
  if (method === 'GET' && ['/healthz', '/livez', '/readyz'].includes(path)) return { code: 200, body: 'ok' }
  const document = method === 'GET' ? discover(path, cluster.version) : undefined
  if (document) return { code: 200, body: document }
  // As text: kubectl asks for these in protobuf, and of a Status in JSON it would say "unknown".
  if (path.startsWith('/openapi')) {
    const { message } = notSimulated(
      'OpenAPI documents, so no kubectl explain (create and apply with --validate=false)'
    )
    return { code: 501, body: message }
  }
  // A group that is not there is not known to the part that writes Status objects.
  if (!knownGroup(path)) return { code: 404, body: '404 page not found\n' }
  throw noSuchResource()
}

/** What `kubectl get` asked for. */
function asTable(
  cluster: LabCluster,
  { resource, verb }: RequestInfo,
  query: URLSearchParams,
  body: Raw
): Raw | undefined {
  const options = { now: cluster.clock.now(), whole: wantsObjects(query) }
  if (verb === 'get') return tableOf(resource, [body], { resourceVersion: body.metadata.resourceVersion }, options)
  return verb === 'list' ? tableOf(resource, body.items, body.metadata, options) : undefined
}

function authenticate({ tokens }: ServeOptions, { headers }: IncomingMessage): RequestUser {
  if (!tokens) return { username: 'lab' }
  const token = /^Bearer (\S+)$/i.exec(headers.authorization ?? '')?.[1]
  const user = tokens(token)
  if (!user) throw unauthorized()
  return user
}

function mediaTypeOf({ headers }: IncomingMessage): string {
  return (headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase() ?? ''
}

interface Body {
  bytes: Buffer
  mediaType: string
}

async function readBody(incoming: IncomingMessage): Promise<Body> {
  const chunks: Buffer[] = []
  for await (const chunk of incoming) chunks.push(chunk as Buffer)
  return { bytes: Buffer.concat(chunks), mediaType: mediaTypeOf(incoming) }
}

function parseBody({ bytes, mediaType }: Body): Raw {
  if (bytes.length === 0) return undefined
  try {
    if (mediaType === 'application/vnd.kubernetes.protobuf') {
      const decoded = decodeProtobuf(bytes)
      if (decoded) return decoded
    } else if (!mediaType || /json$/.test(mediaType)) return JSON.parse(bytes.toString())
  } catch (error) {
    throw badRequest(`error decoding the body: ${(error as Error).message}`)
  }
  const message = `the lab reads JSON only here, not ${mediaType} (it has no server-side apply, and protobuf for few kinds)`
  throw failure(415, 'UnsupportedMediaType', message, {})
}

function send(response: ServerResponse, code: number, body: Raw, headers: Record<string, string> = {}): void {
  if (response.destroyed) return
  const plain = typeof body === 'string'
  response.writeHead(code, {
    'content-type': plain ? 'text/plain; charset=utf-8' : 'application/json',
    'cache-control': 'no-cache, private',
    ...headers
  })
  response.end(plain ? body : JSON.stringify(body))
}

// A bug of the lab: the client gets a 500 that says so, the person who runs the lab gets the stack.
function crash(response: ServerResponse, error: unknown): void {
  console.error(error)
  const { status } = failure(500, 'InternalError', `the lab has a bug: ${(error as Error)?.message}`)
  if (!response.headersSent) send(response, 500, status)
  else response.destroy()
}

function kubeconfig(server: string, certificate?: string): string {
  // Client libraries refuse plain HTTP unless they are told that nothing is verified.
  const trust = certificate
    ? { 'certificate-authority-data': Buffer.from(certificate).toString('base64') }
    : { 'insecure-skip-tls-verify': true }
  const document = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'lab', cluster: { server, ...trust } }],
    users: [{ name: 'lab', user: { token: 'lab' } }],
    contexts: [{ name: 'lab', context: { cluster: 'lab', user: 'lab' } }],
    'current-context': 'lab'
  }
  // JSON is YAML.
  return `${JSON.stringify(document, undefined, 2)}\n`
}
