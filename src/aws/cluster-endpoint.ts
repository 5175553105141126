/**
 * Where the cluster's API server is and which authority signed its certificate.
 * https://docs.aws.amazon.com/eks/latest/APIReference/API_DescribeCluster.html
 */

import type { EKSClient } from '@aws-sdk/client-eks'
import { UpgradeError } from '../engine/model/error.ts'
import { nameOf } from './aws-error.ts'
import { called, deadlines } from './clients.ts'

export interface ClusterEndpoint {
  /** `https://…` */
  endpoint: string
  /** The certificate authority, PEM in base64. */
  caData: string
  /** `1.37` */
  version: string
  /** `ACTIVE`, `UPDATING`, … */
  status: string
  /** `API`, `API_AND_CONFIG_MAP`, `CONFIG_MAP`; undefined if EKS does not say. */
  authenticationMode?: string
}

/** Throws `cluster-not-found`, naming the clusters that the region has. */
export async function readClusterEndpoint(client: EKSClient, region: string, name: string): Promise<ClusterEndpoint> {
  const { DescribeClusterCommand } = await import('@aws-sdk/client-eks')
  const { cluster } = await called(client, 'eks:DescribeCluster', region, async () => {
    try {
      return await client.send(new DescribeClusterCommand({ name }), { abortSignal: deadlines.read() })
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

async function notFound(client: EKSClient, region: string, name: string, cause: unknown): Promise<UpgradeError> {
  // This needs a permission of its own. Without it the message is shorter.
  const { ListClustersCommand } = await import('@aws-sdk/client-eks')
  const command = new ListClustersCommand({})
  const listed = await client.send(command, { abortSignal: deadlines.read() }).catch(() => undefined)
  const clusters = listed?.clusters
  const there = clusters?.length === 0 ? 'There is none' : `There are: ${clusters?.join(', ')}`
  return new UpgradeError(`there is no cluster ${name} in ${region}.${clusters === undefined ? '' : ` ${there}`}`, {
    code: 'cluster-not-found',
    outcome: 'refused',
    hint: `Set cluster and aws-region. This lists the clusters: aws eks list-clusters --region ${region}`,
    cause
  })
}
