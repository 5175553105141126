/**
 * A line for each answer of AWS, the API server and GitHub, for those who look for a fault: who was asked, what the answer was, how
 * long it took, and AWS's id of the request. No header and no body, and no path outside of Kubernetes, because a gate's may be secret.
 */
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import type { ClientRequest, IncomingMessage } from 'node:http'

interface HttpMessage {
  request: ClientRequest
  response?: IncomingMessage
  error?: Error
}

interface UndiciMessage {
  request: { method: string; origin: string | URL; path: string }
  response?: { statusCode: number }
  error?: Error
}

/** Returns what ends it. */
export function traceHttp(print: (line: string) => void): () => void {
  const begun = new WeakMap<object, number>()
  const began = (message: unknown) => begun.set((message as HttpMessage).request, Date.now())
  const tookMs = (request: object) => `${Date.now() - (begun.get(request) ?? Date.now())} ms`

  const listeners: Readonly<Record<string, (message: unknown) => void>> = {
    'http.client.request.start': began,
    'http.client.response.finish'(message) {
      const { request, response } = message as HttpMessage
      const id = response?.headers['x-amzn-requestid']
      const asked = `${request.method} ${request.getHeader('host') ?? request.host}`
      print(`http: ${asked}: ${response?.statusCode} in ${tookMs(request)}${id ? `, request ${id}` : ''}`)
    },
    'http.client.request.error'(message) {
      const { request, error } = message as HttpMessage
      print(`http: ${request.method} ${request.host}: ${error?.message} after ${tookMs(request)}`)
    },
    'undici:request:create': began,
    'undici:request:headers'(message) {
      const { request, response } = message as UndiciMessage
      print(`http: ${request.method} ${pathOf(request)}: ${response?.statusCode} in ${tookMs(request)}`)
    },
    'undici:request:error'(message) {
      const { request, error } = message as UndiciMessage
      print(`http: ${request.method} ${pathOf(request)}: ${error?.message} after ${tookMs(request)}`)
    }
  }
  for (const [channel, listener] of Object.entries(listeners)) subscribe(channel, listener)
  return () => {
    for (const [channel, listener] of Object.entries(listeners)) unsubscribe(channel, listener)
  }
}

function pathOf({ origin, path }: UndiciMessage['request']): string {
  return `${new URL(origin).host}${path.split('?')[0]}`
}
