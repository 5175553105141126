/** Who we are to the API server, and the pool of connections that goes with it: renewed when the server refuses them. */
import type { KubeConfig } from '@kubernetes/client-node/dist/config.js'
import { UpgradeError } from '../engine/model/error.ts'
import { credentialsError, type Reply } from './api-error.ts'

/** What is used of an undici Dispatcher, which KubeConfig makes; naming its type would need undici itself. */
export interface Pool {
  request(options: Record<string, unknown>): Promise<{
    statusCode: number
    headers: Reply['headers']
    body: AsyncIterable<Uint8Array> & { text(): Promise<string>; dump(): Promise<void> }
  }>
}

export interface Authentication {
  /** The kubeconfig that it was made from. */
  from: KubeConfig
  headers: Record<string, string>
  pool: Pool
}

export interface Authenticator {
  url: URL
  /** Rejects with credentials. */
  authenticate(asked: string): Promise<Authentication>
  /** These credentials were refused. The first of many that are refused at once renews for all. */
  refused(used: Authentication): void
}

/** `load` is asked again, then `fresh`, when credentials are refused: a token file, plugin or certificate may be new. */
export function createAuthenticator(load: (fresh: boolean) => KubeConfig): Authenticator {
  let config = load(false)
  let pool: Pool | undefined
  let authentication: Promise<Authentication> | undefined
  const url = new URL(config.getCurrentCluster()?.server ?? '')

  /** KubeConfig makes a new pool with every call; all but the first are dropped before they connect. */
  async function applyCredentials(asked: string): Promise<Authentication> {
    const from = config
    const { headers, made } = await credentialsOf(from, asked)
    if (from === config) pool ??= made
    const used = pool ?? made
    if (!used) throw credentialsError(asked, new Error(`the certificate authority of ${serverOf(url)} is missing`))
    return { from, headers, pool: used }
  }

  return {
    url,
    /** Requests that begin together share one look at the credentials: an exec plugin need not run for each. */
    authenticate(asked) {
      authentication ??= applyCredentials(asked).finally(() => {
        authentication = undefined
      })
      return authentication
    },
    refused(used) {
      if (used.from !== config) return
      config = load(true)
      pool = undefined
      authentication = undefined
    }
  }
}

export function serverOf(url: URL): string {
  return url.href.replace(/\/$/, '')
}

async function credentialsOf(config: KubeConfig, asked: string) {
  const headers: Record<string, string> = {}
  let made: Pool | undefined
  const context = {
    setHeaderParam: (key: string, value: string) => {
      headers[key] = value
    },
    setDispatcher: (dispatcher: unknown) => {
      made = dispatcher as Pool
    }
  }
  try {
    await config.applySecurityAuthentication(context as Parameters<KubeConfig['applySecurityAuthentication']>[0])
  } catch (error) {
    throw error instanceof UpgradeError ? error : credentialsError(asked, error)
  }
  return { headers, made }
}
