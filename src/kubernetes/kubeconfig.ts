/**
 * Where the cluster is and who we are there. `@kubernetes/client-node` reads kubeconfigs and authenticates (exec plugins,
 * client certificates, tokens, proxies). Only its KubeConfig is taken: the generated client beside it is two thirds of a
 * bundle of everything, opens a connection a request and knows no time limit.
 */
import { existsSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { getCACertificates } from 'node:tls'
import { KubeConfig } from '@kubernetes/client-node/dist/config.js'
import { kubeconfigError } from './api-error.ts'

export interface KubeconfigSource {
  /** A file; without it what kubectl would read: $KUBECONFIG, else ~/.kube/config. */
  path?: string
  /** Without it the file's current context. */
  context?: string
}

export interface Endpoint {
  /** `https://…`; `http://` only on this machine. */
  server: string
  /** Certificate authority in base64, as `aws eks describe-cluster` gives it. */
  caData?: string
  /** A bearer token, cached where it is minted; `fresh` asks for another than the last one, which was refused. */
  token(options?: { fresh?: boolean }): Promise<string>
}

const tokenUser = 'eks-node-upgrade'

/** Reads the file again; that is also how credentials that were refused are renewed. */
export function readKubeconfig({ path, context }: KubeconfigSource): KubeConfig {
  const config = new KubeConfig()
  const loadText = config.loadFromString.bind(config)
  config.loadFromString = (text, options) => loadText(withTokenFile(text), options)
  const from = path ?? (process.env.KUBECONFIG || join(homedir(), '.kube', 'config'))
  if (path !== undefined || !process.env.KUBECONFIG) {
    if (!existsSync(from)) throw kubeconfigError(`there is no kubeconfig ${JSON.stringify(from)}`)
  }
  try {
    if (path === undefined) config.loadFromDefault()
    else config.loadFromFile(path)
  } catch (error) {
    throw kubeconfigError(`the kubeconfig ${JSON.stringify(from)} does not parse`, error)
  }
  if (context !== undefined) config.setCurrentContext(context)
  const current = config.getCurrentContext()
  if (!current || !config.getContextObject(current)) {
    const known = config.getContexts().map(({ name }) => name)
    const found = known.length === 0 ? 'it has none' : `it has ${known.join(', ')}`
    throw kubeconfigError(
      `the kubeconfig ${JSON.stringify(from)} has no context ${JSON.stringify(current ?? '')} (${found})`
    )
  }
  if (!config.getCurrentCluster()) {
    throw kubeconfigError(
      `context ${JSON.stringify(current)} of ${JSON.stringify(from)} names a cluster that is not in it`
    )
  }
  return trustworthy(config)
}

/**
 * A user's token can lie in a file, as the token of a pod's service account does. The library asks for `token-file`, but the
 * field is called `tokenFile`: https://kubernetes.io/docs/reference/config-api/kubeconfig.v1/#AuthInfo. Its own
 * auth-provider has a field of that name, which stays.
 */
function withTokenFile(text: string): string {
  return text.includes('auth-provider') ? text : text.replace(/\btokenFile(?=["']?\s*:)/g, 'token-file')
}

/** With `fresh` the first token that it asks for is another than the last one, which was refused. */
export function endpointConfig(endpoint: Endpoint, fresh: boolean): KubeConfig {
  const config = new KubeConfig()
  let renew = fresh
  config.addAuthenticator({
    isAuthProvider: (user) => user.name === tokenUser,
    applyAuthentication: async (_user, options) => {
      const token = await endpoint.token(renew ? { fresh: true } : undefined)
      renew = false
      options.headers = { ...(options.headers as Record<string, string>), Authorization: `Bearer ${token}` }
    }
  })
  const cluster = { name: 'cluster', server: endpoint.server, caData: endpoint.caData, skipTLSVerify: false }
  config.loadFromClusterAndUser(cluster, { name: tokenUser })
  return trustworthy(config)
}

/** Credentials go over TLS, or to this machine. */
function trustworthy(config: KubeConfig): KubeConfig {
  const cluster = config.getCurrentCluster()
  const server = cluster?.server ?? ''
  if (!cluster || !URL.canParse(server)) throw kubeconfigError(`${JSON.stringify(server)} is no URL of a cluster`)
  const { protocol, hostname } = new URL(server)
  const writable = cluster as { skipTLSVerify: boolean; caData?: string }
  if (protocol === 'http:') {
    if (!['127.0.0.1', 'localhost', '[::1]'].includes(hostname)) {
      throw kubeconfigError(`${server} would carry credentials in clear text: https:// is needed outside this machine`)
    }
    // Without this the library refuses plain http.
    writable.skipTLSVerify = true
  } else if (!cluster.caData && !cluster.caFile && !cluster.skipTLSVerify) {
    // The library makes a connection pool only where TLS has a setting of its own. This one is Node's default, written out.
    writable.caData = Buffer.from(getCACertificates().join('\n')).toString('base64')
  }
  return config
}
