// The Kubernetes API over plain HTTPS: lists, watches and writes, with nothing of the product and no client library. The
// product is built on @kubernetes/client-node's KubeConfig, so a fault of that library must not be in what checks the
// product as well; and the generated clients have no plain path, which the checks list and patch by.
import { execFileSync } from 'node:child_process'
import { Agent, request } from 'node:https'

export interface KubernetesObject {
  apiVersion?: string
  kind?: string
  metadata: {
    name: string
    namespace?: string
    uid?: string
    resourceVersion?: string
    generation?: number
    creationTimestamp?: string
    deletionTimestamp?: string
    labels?: Record<string, string>
    annotations?: Record<string, string>
    ownerReferences?: { kind: string; name: string; uid: string; controller?: boolean }[]
  }
  // The rest of an object differs by kind; whatever reads a field says what it expects there.
  // biome-ignore lint/suspicious/noExplicitAny: raw API objects, read in many shapes
  [field: string]: any
}

export interface Kubernetes {
  readonly kubeconfig: string
  readonly server: string
  list(path: string): Promise<{ items: KubernetesObject[]; resourceVersion: string }>
  get(path: string): Promise<KubernetesObject | undefined>
  create(path: string, object: unknown): Promise<KubernetesObject>
  /** A JSON merge patch. */
  patch(path: string, patch: unknown): Promise<KubernetesObject>
  remove(path: string, options?: unknown): Promise<void>
  /** Calls back for every event from `resourceVersion` on; resolves when the server ends the watch or `signal` is aborted. */
  watch(path: string, resourceVersion: string, event: (event: WatchEvent) => void, signal: AbortSignal): Promise<void>
}

export interface WatchEvent {
  type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR'
  object: KubernetesObject
}

class KubernetesError extends Error {
  readonly status: number
  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
}

// The audit log tells the suite's own calls from the product's by user; this is for people who read it.
const userAgent = 'e2e-ground'

export function connectKubernetes(kubeconfig: string, kubectl: readonly string[]): Kubernetes {
  const [command = 'kubectl', ...before] = kubectl
  const shown = execFileSync(
    command,
    [...before, '--kubeconfig', kubeconfig, 'config', 'view', '--raw', '--minify', '-o', 'json'],
    {
      encoding: 'utf8'
    }
  )
  const { clusters, users } = JSON.parse(shown)
  const { server, 'certificate-authority-data': ca } = clusters[0].cluster
  const { token, 'client-certificate-data': cert, 'client-key-data': key } = users[0].user
  const agent = new Agent({ keepAlive: true, maxSockets: 40, ca: decode(ca), cert: decode(cert), key: decode(key) })
  const authorization: Record<string, string> = token ? { authorization: `Bearer ${token}` } : {}

  function call(method: string, path: string, body?: unknown, type = 'application/json'): Promise<string> {
    const sent = body === undefined ? undefined : JSON.stringify(body)
    return new Promise((resolve, reject) => {
      // Node leaves the length of a DELETE's body unsaid, and the server then refuses it.
      const framing = sent === undefined ? {} : { 'content-type': type, 'content-length': Buffer.byteLength(sent) }
      const headers = { ...authorization, 'user-agent': userAgent, accept: 'application/json', ...framing }
      const outgoing = request(new URL(path, server), { method, agent, headers, timeout: 20_000 }, (response) => {
        let text = ''
        response.setEncoding('utf8')
        response.on('data', (chunk) => {
          text += chunk
        })
        response.on('error', reject)
        response.on('end', () => {
          const status = response.statusCode ?? 0
          if (status < 300) resolve(text)
          else reject(new KubernetesError(status, `${method} ${path} answered ${status}: ${messageOf(text)}`))
        })
      })
      outgoing.on('timeout', () => outgoing.destroy(new Error(`${method} ${path} timed out`)))
      outgoing.on('error', reject)
      outgoing.end(sent)
    })
  }
  return {
    kubeconfig,
    server,
    async list(path) {
      const { items, metadata } = JSON.parse(await call('GET', path))
      return { items, resourceVersion: metadata.resourceVersion }
    },
    async get(path) {
      try {
        return JSON.parse(await call('GET', path))
      } catch (error) {
        if (error instanceof KubernetesError && error.status === 404) return undefined
        throw error
      }
    },
    create: async (path, object) => JSON.parse(await call('POST', path, object)),
    patch: async (path, patch) => JSON.parse(await call('PATCH', path, patch, 'application/merge-patch+json')),
    async remove(path, options) {
      try {
        await call('DELETE', path, options)
      } catch (error) {
        if (!(error instanceof KubernetesError && error.status === 404)) throw error
      }
    },
    watch(path, resourceVersion, event, signal) {
      const separator = path.includes('?') ? '&' : '?'
      const url = `${path}${separator}watch=true&allowWatchBookmarks=true&resourceVersion=${resourceVersion}`
      return new Promise((resolve, reject) => {
        const headers = { ...authorization, 'user-agent': userAgent, accept: 'application/json' }
        const outgoing = request(new URL(url, server), { agent, headers, signal }, (response) => {
          let rest = ''
          response.setEncoding('utf8')
          response.on('data', (chunk: string) => {
            const lines = (rest + chunk).split('\n')
            rest = lines.pop() ?? ''
            for (const line of lines) if (line !== '') event(JSON.parse(line))
          })
          response.on('end', resolve)
          response.on('error', (error) => (signal.aborted ? resolve() : reject(error)))
        })
        outgoing.on('error', (error) => (signal.aborted ? resolve() : reject(error)))
        outgoing.end()
      })
    }
  }
}

function decode(base64: string | undefined): string | undefined {
  return base64 === undefined ? undefined : Buffer.from(base64, 'base64').toString()
}

function messageOf(body: string): string {
  try {
    return JSON.parse(body).message
  } catch {
    return body.slice(0, 300)
  }
}
