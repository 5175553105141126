/**
 * Requests to the API server: JSON in, JSON out, over one pool of connections. HTTP answers of every kind are values;
 * only what is no answer throws. Every request has a time limit. Reads are tried again, writes never: only the engine
 * knows whether repeating one is right.
 */
import type { KubeConfig } from '@kubernetes/client-node/dist/config.js'
import { UpgradeError } from '../engine/model/error.ts'
import {
  boundedRetryAfterMs,
  failureOf,
  lostReplyError,
  notKubernetesError,
  type Reply,
  refusalError,
  succeeded,
  unreachableError
} from './api-error.ts'
import { type Authentication, type Authenticator, createAuthenticator, type Pool, serverOf } from './authentication.ts'
import { readAttempts, readBackoffMs, readTimeoutMs, requestsAtOnce, writeTimeoutMs } from './limits.ts'
import { slots, waitUnlessAborted } from './pace.ts'

export interface ConnectionOptions {
  /** Where the cluster is and how we authenticate; asked again when credentials are refused, then `fresh`. */
  load(fresh: boolean): KubeConfig
  /** Such as `eks-node-upgrade/1.2.3`; the audit log shows it. */
  userAgent: string
}

export interface ApiCall {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  path: string
  body?: unknown
  /** For error messages: `list pods`, `evict pod shop/cart-1`. */
  asked: string
  signal?: AbortSignal
  /** Does not queue behind other requests: the lease must be renewed however busy we are. */
  urgent?: boolean
}

export interface ApiConnection {
  server: string
  /** An answer of any status; throws cluster-unreachable or credentials. */
  read(request: ApiCall): Promise<Reply>
  /** The same, sent once; throws kubernetes where the answer got lost. */
  write(request: ApiCall): Promise<Reply>
  /** The pieces of a watch, until the server ends it. Calls `opened` with the status once there is one. */
  stream(request: ApiCall): Promise<{ reply: Reply; pieces: AsyncIterable<Uint8Array> }>
  /** When the server was last heard, on any connection (milliseconds since the epoch). */
  heardAt(): number
}

type Raw = Awaited<ReturnType<Pool['request']>>

export function connect(options: ConnectionOptions, now: () => number = Date.now): ApiConnection {
  const authenticator = createAuthenticator(options.load)
  const server = serverOf(authenticator.url)
  const slot = slots(requestsAtOnce)
  let heardAt = 0
  const heard = () => {
    heardAt = now()
  }
  const exchange = exchanges(authenticator, options.userAgent, heard)

  async function send(request: ApiCall, signal: AbortSignal): Promise<Reply> {
    const run = async (): Promise<Reply> => {
      const raw = await exchange(request, signal)
      const text = await raw.body.text()
      return { status: raw.statusCode, headers: raw.headers, ...parsed(text) }
    }
    return request.urgent ? run() : slot(run, signal)
  }

  async function read(request: ApiCall): Promise<Reply> {
    const signal = limited(readTimeoutMs, request.signal)
    for (let attempt = 1; ; attempt++) {
      const last = attempt === readAttempts
      const backoffMs = readBackoffMs * 2 ** (attempt - 1)
      try {
        const reply = await send(request, signal)
        if (last || !passing(reply.status)) return checked(reply, request, server)
        const asked = reply.status === 429 || reply.status === 503 ? boundedRetryAfterMs(reply, now()) : backoffMs
        if (!(await waitUnlessAborted(asked, signal))) return reply
      } catch (error) {
        if (error instanceof UpgradeError) throw error
        const given = unreachableError(server, request.asked, error)
        if (last || signal.aborted || !worthAnotherTry(error) || !(await waitUnlessAborted(backoffMs, signal)))
          throw given
      }
    }
  }

  async function write(request: ApiCall): Promise<Reply> {
    try {
      return await send(request, limited(writeTimeoutMs, request.signal))
    } catch (error) {
      if (error instanceof UpgradeError) throw error
      throw lostReplyError(server, request.asked, error)
    }
  }

  async function stream(request: ApiCall): Promise<{ reply: Reply; pieces: AsyncIterable<Uint8Array> }> {
    const signal = request.signal ?? new AbortController().signal
    const extra = { headersTimeout: readTimeoutMs, bodyTimeout: 0 }
    try {
      const raw = await exchange(request, signal, extra)
      const head = { status: raw.statusCode, headers: raw.headers }
      const pieces = noting(raw.body, heard)
      if (raw.statusCode === 200) return { reply: { ...head, body: {}, text: '' }, pieces }
      return { reply: { ...head, ...parsed(await raw.body.text()) }, pieces }
    } catch (error) {
      if (error instanceof UpgradeError) throw error
      throw unreachableError(server, request.asked, error)
    }
  }

  return { server, read, write, stream, heardAt: () => heardAt }
}

type Exchange = (request: ApiCall, signal: AbortSignal, extra?: Record<string, unknown>) => Promise<Raw>

/** One exchange. A 401 is given before anything is done, so asking again with a new token is safe even for a write. */
function exchanges({ url, authenticate, refused }: Authenticator, userAgent: string, heard: () => void): Exchange {
  async function once(used: Authentication, request: ApiCall, options: Record<string, unknown>): Promise<Raw> {
    const { method, path, body } = request
    const type = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json'
    const raw = await used.pool.request({
      origin: url.origin,
      path: url.pathname.replace(/\/$/, '') + path,
      method,
      headers: {
        ...used.headers,
        accept: 'application/json',
        'user-agent': userAgent,
        ...(body === undefined ? {} : { 'content-type': type })
      },
      body: body === undefined ? undefined : JSON.stringify(body),
      // One HTTP/2 connection for everything would be lost, or stall, as one.
      allowH2: false,
      ...options
    })
    // A proxy's 502 says nothing of the server behind it.
    if (raw.statusCode < 500) heard()
    return raw
  }

  return async (request, signal, extra = {}) => {
    const first = await unlessAborted(authenticate(request.asked), signal)
    const raw = await once(first, request, { signal, ...extra })
    if (raw.statusCode !== 401) return raw
    await raw.body.dump()
    refused(first)
    return once(await unlessAborted(authenticate(request.asked), signal), request, { signal, ...extra })
  }
}

async function* noting(pieces: AsyncIterable<Uint8Array>, heard: () => void): AsyncIterable<Uint8Array> {
  for await (const piece of pieces) {
    heard()
    yield piece
  }
}

/** The API server always answers in JSON; it says 401, 403, 429 and 5xx in other ways only through a proxy. */
function checked(reply: Reply, request: ApiCall, server: string): Reply {
  const odd = succeeded(reply) || reply.status === 404 || (reply.status >= 300 && reply.status < 400)
  if (reply.text !== '' && odd) throw notKubernetesError(server, request.asked, reply)
  return reply
}

/** A read that must succeed; `undefined` where the object does not exist. */
export async function fetchObject<T>(
  connection: ApiConnection,
  request: Omit<ApiCall, 'method'>
): Promise<T | undefined> {
  const reply = await connection.read({ ...request, method: 'GET' })
  if (reply.status === 404) return undefined
  if (!succeeded(reply)) throw refusalError(reply, connection.server, request.asked)
  return reply.body as T
}

function parsed(text: string): { body: unknown; text: string } {
  try {
    return { body: JSON.parse(text), text: '' }
  } catch {
    return { body: {}, text: text.slice(0, 1000) }
  }
}

function limited(timeoutMs: number, signal: AbortSignal | undefined): AbortSignal {
  const limit = AbortSignal.timeout(timeoutMs)
  return signal ? AbortSignal.any([signal, limit]) : limit
}

/** Statuses that may be another a moment later: flow control, a restart, etcd electing a leader. */
function passing(status: number): boolean {
  return status === 429 || status >= 500
}

/** A name that does not exist or a certificate that is not trusted stays so. */
function worthAnotherTry(error: unknown): boolean {
  return /^(ECONNRESET|ECONNREFUSED|EPIPE|ETIMEDOUT|EAI_AGAIN|UND_ERR_SOCKET|UND_ERR_CONNECT_TIMEOUT)$/.test(
    failureOf(error)
  )
}

/** An exec plugin may wait for a person for ever. */
function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  if (signal.aborted) return Promise.reject(signal.reason)
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason)
    signal.addEventListener('abort', abort, { once: true })
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort))
  })
}
