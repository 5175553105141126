/** The cluster as the engine wants it: the three ports, over one connection. */
import type { Cluster, Leases, Records } from '../engine/model/cluster.ts'
import { deniedAccess } from './access.ts'
import { announced } from './announcements.ts'
import { refusalError } from './api-error.ts'
import { type ApiConnection, connect, fetchObject } from './connection.ts'
import { evict, remove } from './eviction.ts'
import type { Endpoint, KubeconfigSource } from './kubeconfig.ts'
import { leases } from './leases.ts'
import { cordonNode, restart, uncordonNode, unmarkWorkload } from './patches.ts'
import { records } from './records.ts'
import { type FeedOptions, feed } from './watch/feed.ts'

/** Either a kubeconfig or an endpoint; both is the endpoint. */
export interface ClusterOptions extends FeedOptions {
  kubeconfig?: KubeconfigSource
  endpoint?: Endpoint
  /** `eks-node-upgrade/VERSION`: how the audit log knows us. */
  userAgent: string
}

export interface ConnectedCluster {
  cluster: Cluster
  records: Records
  leases: Leases
}

/** Asks nothing of the network yet. Rejects with kubeconfig where the way in makes no sense. */
export async function connectCluster(options: ClusterOptions): Promise<ConnectedCluster> {
  // Loaded late: the library takes longer to start than all of ours, and AWS is asked first. In the bundle it lies in
  // the main file anyway ("eager"), because ncc does not minify any other.
  const { endpointConfig, readKubeconfig } = await import(/* webpackMode: "eager" */ './kubeconfig.ts')
  const { endpoint, kubeconfig = {}, userAgent } = options
  const load = (fresh: boolean) => (endpoint ? endpointConfig(endpoint, fresh) : readKubeconfig(kubeconfig))
  const connection = connect({ load, userAgent }, options.now)
  return {
    cluster: announced(cluster(connection, options), connection, options.now ?? Date.now),
    records: records(connection),
    leases: leases(connection)
  }
}

function cluster(connection: ApiConnection, options: FeedOptions): Cluster {
  return {
    ...feed(connection, options),
    version: () => version(connection),
    denied: (checks) => deniedAccess(connection, checks),
    cordonNode: (node, runId) => cordonNode(connection, node, runId),
    uncordonNode: (node) => uncordonNode(connection, node),
    evict: (pod) => evict(connection, pod),
    remove: (pod) => remove(connection, pod),
    restart: (workload, at, runId) => restart(connection, workload, at, runId),
    unmarkWorkload: (workload) => unmarkWorkload(connection, workload)
  }
}

/** EKS says `33+` for a minor version that it has patched. */
async function version(connection: ApiConnection): Promise<string> {
  const asked = 'read the version'
  const found = await fetchObject<{ major?: string; minor?: string }>(connection, { path: '/version', asked })
  if (!found?.major || !found.minor) {
    throw refusalError({ status: 404, headers: {}, body: {}, text: 'there is no /version' }, connection.server, asked)
  }
  return `${found.major}.${Number.parseInt(found.minor, 10)}`
}
