/** The adapter, connected to a fake API server. */
import { type ClusterOptions, type ConnectedCluster, connectCluster } from '../../src/kubernetes/cluster.ts'
import type { FakeApiServer } from './fake-api-server.ts'

export function connected(api: FakeApiServer, options: Partial<ClusterOptions> = {}): Promise<ConnectedCluster> {
  const endpoint = { server: api.url, token: async () => 'token-1' }
  return connectCluster({ endpoint, userAgent: 'eks-node-upgrade/test', ...options })
}
