/** The part of EKS that a client needs to find the API server. */
import type {
  Cluster,
  DescribeClusterRequest,
  DescribeClusterResponse,
  ListClustersResponse
} from '@aws-sdk/client-eks'
import { LabAwsError } from './lab-aws-error.ts'
import type { Account } from './state.ts'

export function eksActions(account: Account) {
  return {
    describeCluster(input: DescribeClusterRequest): DescribeClusterResponse {
      const cluster = account.clusters.get(input.name ?? '')
      if (cluster) return { cluster }
      throw new LabAwsError('eks', 404, 'ResourceNotFoundException', `No cluster found for name: ${input.name}.`)
    },

    listClusters(_input: object): ListClustersResponse {
      return { clusters: [...account.clusters.keys()] }
    }
  }
}

export interface ClusterFacts {
  name: string
  endpoint: string
  /** The certificate authority, PEM in base64, as EKS returns it. */
  certificateAuthority: string
  version?: string
  status?: Cluster['status']
}

export function describedCluster(account: Account, facts: ClusterFacts): Cluster {
  return {
    name: facts.name,
    arn: `arn:aws:eks:${account.region}:${account.id}:cluster/${facts.name}`,
    createdAt: new Date(account.clock.now()),
    version: facts.version ?? '1.33',
    endpoint: facts.endpoint,
    certificateAuthority: { data: facts.certificateAuthority },
    status: facts.status ?? 'ACTIVE',
    platformVersion: 'eks.1',
    accessConfig: { authenticationMode: 'API' },
    resourcesVpcConfig: { endpointPublicAccess: true, endpointPrivateAccess: true, publicAccessCidrs: ['0.0.0.0/0'] },
    tags: {}
  }
}
