/** Where the cluster's API server is and what it is signed by, as EKS says it. */

import type { AutoScalingClient } from '@aws-sdk/client-auto-scaling'
import { UpgradeError } from '../engine/model/error.ts'
import { nameOf } from './aws-error.ts'
import { called, readDeadline } from './clients.ts'
import { callAction } from './single-action-client.ts'

export interface ClusterEndpoint {
  /** `https://…` */
  endpoint: string
  /** The certificate authority, PEM in base64. */
  caData: string
  /** `1.37` */
  version: string
  /** `ACTIVE`, `UPDATING`, … */
  status: string
  /** `API`, `API_AND_CONFIG_MAP`, `CONFIG_MAP`; undefined where EKS does not say. */
  authenticationMode?: string
}

interface DescribedCluster {
  cluster?: {
    endpoint?: string
    version?: string
    status?: string
    certificateAuthority?: { data?: string }
    accessConfig?: { authenticationMode?: string }
  }
}

const text = 0
const structure = (name: string, members: Readonly<Record<string, unknown>>) => [
  3,
  'small',
  name,
  0,
  Object.keys(members),
  Object.values(members)
]

const describeCluster = {
  name: 'DescribeCluster',
  traits: { http: ['GET', '/clusters/{name}', 200] },
  input: structure('DescribeClusterRequest', { name: [text, { httpLabel: 1 }] }),
  output: structure('DescribeClusterResponse', {
    cluster: () =>
      structure('Cluster', {
        endpoint: text,
        version: text,
        status: text,
        certificateAuthority: () => structure('Certificate', { data: text }),
        accessConfig: () => structure('AccessConfig', { authenticationMode: text })
      })
  })
}

const listClusters = {
  name: 'ListClusters',
  traits: { http: ['GET', '/clusters', 200] },
  input: structure('ListClustersRequest', {}),
  output: structure('ListClustersResponse', { clusters: 64 | text })
}

/** Throws `cluster-not-found`, naming the clusters that the region has. */
export async function readClusterEndpoint(
  client: AutoScalingClient,
  region: string,
  name: string
): Promise<ClusterEndpoint> {
  const { cluster } = await called(client, 'eks:DescribeCluster', region, async () => {
    try {
      return await callAction<DescribedCluster>(client, describeCluster, { name }, readDeadline())
    } catch (error) {
      if (nameOf(error) !== 'ResourceNotFoundException') throw error
      throw await notFound(client, region, name, error)
    }
  })
  const { endpoint, certificateAuthority, version, status, accessConfig } = cluster ?? {}
  if (!endpoint || !certificateAuthority?.data) {
    throw new UpgradeError(`the cluster ${name} has no API endpoint: it is ${status ?? 'in no known state'}`, {
      code: 'cluster-unreachable',
      outcome: 'refused',
      hint: `aws eks wait cluster-active --name ${name} --region ${region}`
    })
  }
  return {
    endpoint,
    caData: certificateAuthority.data,
    version: version ?? '',
    status: status ?? '',
    authenticationMode: accessConfig?.authenticationMode
  }
}

async function notFound(
  client: AutoScalingClient,
  region: string,
  name: string,
  cause: unknown
): Promise<UpgradeError> {
  // A courtesy that needs a right of its own: without it the answer is shorter.
  const listed = await callAction<{ clusters?: string[] }>(client, listClusters, {}, readDeadline()).catch(
    () => undefined
  )
  const clusters = listed?.clusters
  const there = clusters?.length === 0 ? 'There is none' : `There are: ${clusters?.join(', ')}`
  return new UpgradeError(`there is no cluster ${name} in ${region}.${clusters === undefined ? '' : ` ${there}`}`, {
    code: 'cluster-not-found',
    outcome: 'refused',
    hint: `set cluster and aws-region; aws eks list-clusters --region ${region} shows what there is`,
    cause
  })
}
