/**
 * A gate that is asked by HTTP: good is a status of 2xx. Only the status is looked at; the body is never read. A redirect is
 * followed on the same host only: another host is another gate, and nobody has named it.
 */
import { request as requestHttp } from 'node:http'
import { Agent, request as requestHttps } from 'node:https'
import type { GateLook } from '../engine/model/gates.ts'

const limitMs = 10_000
const mostRedirects = 3

type Answer = Omit<GateLook, 'gate'>

export interface UrlGateOptions {
  userAgent: string
  /** For HTTPS_PROXY and NO_PROXY. */
  env: Readonly<Record<string, string | undefined>>
  /** How long one look may take, redirects included, in ms; 10 s unless a test says otherwise. */
  limitMs?: number
}

export async function askUrl(from: string, options: UrlGateOptions, signal: AbortSignal): Promise<Answer> {
  const timeLimit = options.limitMs ?? limitMs
  const stop = AbortSignal.any([signal, AbortSignal.timeout(timeLimit)])
  let url = new URL(from)
  for (let redirects = 0; ; redirects++) {
    let head: Head
    try {
      head = await headOf(url, options, stop)
    } catch (error) {
      return { state: 'unknown', seen: stop.aborted ? `no answer within ${timeLimit / 1000} s` : failureText(error) }
    }
    const { status, location } = head
    if (status >= 200 && status < 300) return { state: 'good', seen: `HTTP status ${status}` }
    if (status < 300 || status >= 400 || location === undefined) return { state: 'bad', seen: `HTTP status ${status}` }
    const next = URL.canParse(location, url.href) ? new URL(location, url.href) : undefined
    if (!next || !isSameHost(next, url)) {
      const where = next ? next.host : 'a place that is no URL'
      return { state: 'bad', seen: `HTTP status ${status}, a redirect to ${where}, which is not followed` }
    }
    if (redirects === mostRedirects) return { state: 'bad', seen: `more than ${mostRedirects} redirects` }
    next.username = url.username
    next.password = url.password
    url = next
  }
}

/** The same host and port; from http to https on the same name is no other host either. Never from https to http. */
function isSameHost(next: URL, before: URL): boolean {
  if (next.protocol === before.protocol) return next.host === before.host
  return next.protocol === 'https:' && next.hostname === before.hostname
}

interface Head {
  status: number
  location?: string
}

function headOf(url: URL, { userAgent, env }: UrlGateOptions, signal: AbortSignal): Promise<Head> {
  const { username, password } = url
  const login = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`
  const authorization =
    username === '' && password === '' ? undefined : `Basic ${Buffer.from(login).toString('base64')}`
  const target = new URL(url)
  target.username = ''
  target.password = ''
  const headers = { 'user-agent': userAgent, accept: '*/*', ...(authorization && { authorization }) }
  return new Promise((resolve, reject) => {
    const options = { method: 'GET', headers, signal }
    const sent =
      target.protocol === 'https:'
        ? // A connection for each look: one that is kept may lead to a server that is no longer behind the name.
          requestHttps(target, { ...options, agent: new Agent({ keepAlive: false, proxyEnv: env }) })
        : requestHttp(target, { ...options, agent: false })
    sent.on('error', reject)
    sent.on('response', (response) => {
      resolve({ status: response.statusCode ?? 0, location: response.headers.location })
      response.on('error', () => {})
      response.destroy()
    })
    sent.end()
  })
}

/** The code alone: the messages of Node name addresses and certificates at length. */
function failureText(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException
  if (code === undefined) return `it cannot be reached: ${message}`
  const isTls = /^(ERR_TLS|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO|EPROTO|ERR_SSL)/.test(code)
  return isTls ? `its certificate or TLS is not accepted: ${code}` : `it cannot be reached: ${code}`
}
