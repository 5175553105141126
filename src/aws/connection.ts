/** One connection to AWS: a region, one source of credentials, and what the rest of the program needs from AWS. */

import type { AutoScalingClient, AutoScalingClientConfig } from '@aws-sdk/client-auto-scaling'
import type { EKSClient } from '@aws-sdk/client-eks'
import type { STSClient } from '@aws-sdk/client-sts'
import { UpgradeError } from '../engine/model/error.ts'
import type { GateLook } from '../engine/model/gates.ts'
import type { Images } from '../engine/model/image.ts'
import type { NodeGroups } from '../engine/model/node-group.ts'
import { askAlarm, cloudWatchClient } from './alarms.ts'
import type { AwsAccess } from './aws-calls.ts'
import { called, clientsFor, configuredEndpoint, deadlines } from './clients.ts'
import { type ClusterEndpoint, readClusterEndpoint } from './cluster-endpoint.ts'
import { ambientCredentials } from './credentials/ambient-credentials.ts'
import { assumedRole, type Role } from './credentials/assumed-role.ts'
import { rotatingCredentials } from './credentials/credentials.ts'
import { clusterToken, type TokenSource } from './credentials/token.ts'
import { ec2Calls, ec2Client } from './ec2-calls.ts'
import { awsImages } from './images.ts'
import { awsNodeGroups } from './node-groups.ts'
import { sdkCalls } from './sdk-calls.ts'
import { ssmCalls, ssmClient } from './ssm-calls.ts'
import { type Publication, publish } from './topics.ts'

export interface AwsOptions {
  /** Undefined: AWS_REGION or the profile's. */
  region?: string
  role?: Role
  /** Gets the GitHub job's OIDC token for an audience (`core.getIDToken`). */
  idToken?: (audience: string) => Promise<string>
  /** Called with every secret before anything can print it. */
  mask: (secret: string) => void
  /** `eks-node-upgrade/0.1.0` */
  userAgent: string
  env?: Readonly<Record<string, string | undefined>>
}

export interface Identity {
  account: string
  arn: string
}

export interface Aws {
  region: string
  nodeGroups(cluster: string, clusterTagKey: string): NodeGroups
  images: Images
  /** Looks at one CloudWatch alarm. Never rejects for one that cannot be read. */
  alarm(name: string, signal: AbortSignal): Promise<Omit<GateLook, 'gate'>>
  /** Publishes to an SNS topic, in the region of its ARN. */
  publish(message: Publication, signal: AbortSignal): Promise<void>
  /** Throws `cluster-not-found`. */
  clusterEndpoint(cluster: string): Promise<ClusterEndpoint>
  /** The bearer token for the cluster's API server; `fresh` after a 401. */
  token(cluster: string): TokenSource
  identity(): Promise<Identity>
  /** See CredentialSource.endsAt. */
  credentialsExpireAt(): number | undefined
  close(): void
}

/** Does not use the network. Throws `region` if no region is set anywhere. */
export async function connectAws(options: AwsOptions): Promise<Aws> {
  const { mask, userAgent } = options
  // The region comes from the clients, when it is used: they know all the places where one may be set.
  const regionLater = () => clients.reads.config.region()
  const ambient = rotatingCredentials(ambientCredentials(regionLater, options.env), mask)
  const credentials = options.role
    ? rotatingCredentials(
        assumedRole({ ...options, role: options.role, region: regionLater, ambient, env: options.env ?? process.env }),
        mask
      )
    : ambient
  const clients = clientsFor({ region: options.region || undefined, credentials, userAgent })
  const region = await regionOf(clients.reads, options.region)

  const ec2 = lazily(() => ec2Client(clients.shared))
  const ec2Writes = lazily(() => ec2Client({ ...clients.shared, maxAttempts: 1 }))
  const cloudWatch = lazily(() => cloudWatchClient(clients.shared))
  const ssm = lazily(() => ssmClient(clients.shared))
  const ofEc2 = ec2Calls(ec2, ec2Writes)
  const others: Readonly<Record<string, () => AutoScalingClient>> = { ec2, ssm }
  const eks = lazily(() => eksClient(clients.shared))
  const sts = lazily(() => stsClient(clients.shared))
  const access: AwsAccess = {
    region,
    deadlines,
    endpoint: (service) => configuredEndpoint(others[service]?.() ?? clients.reads)
  }
  return {
    region,
    nodeGroups: (cluster, clusterTagKey) =>
      awsNodeGroups({ ...sdkCalls(clients), ...ofEc2 }, { ...access, cluster, clusterTagKey }),
    alarm: (name, signal) => askAlarm(cloudWatch(), region, name, signal),
    publish: (message, signal) => publish(clients.shared, message, signal),
    images: awsImages({ ...ofEc2, ...ssmCalls(ssm) }, access),
    clusterEndpoint: async (cluster) => readClusterEndpoint(await eks(), region, cluster),
    token: (cluster) =>
      clusterToken({
        cluster,
        region: async () => region,
        stsHost: async () => stsHost(await sts(), region),
        credentials,
        mask,
        now: () => Date.now() + clients.reads.config.systemClockOffset
      }),
    async identity() {
      const { GetCallerIdentityCommand } = await import('@aws-sdk/client-sts')
      const client = await sts()
      const command = new GetCallerIdentityCommand({})
      const answer = await called(client, 'sts:GetCallerIdentity', region, () =>
        client.send(command, { abortSignal: deadlines.read() })
      )
      return { account: answer.Account ?? '', arn: answer.Arn ?? '' }
    },
    credentialsExpireAt: credentials.endsAt,
    close() {
      for (const client of [clients.reads, clients.writes]) client.destroy()
    }
  }
}

async function regionOf(client: AutoScalingClient, given: string | undefined): Promise<string> {
  try {
    return await client.config.region()
  } catch (cause) {
    throw new UpgradeError(given ? `"${given}" is not an AWS region` : 'no AWS region is set', {
      code: 'region',
      outcome: 'refused',
      hint: 'Set aws-region, or the environment variable AWS_REGION, to the region of the cluster, such as eu-west-1.',
      cause
    })
  }
}

async function eksClient(shared: AutoScalingClientConfig): Promise<EKSClient> {
  const { EKSClient } = await import('@aws-sdk/client-eks')
  return new EKSClient(clientSettings(shared))
}

async function stsClient(shared: AutoScalingClientConfig): Promise<STSClient> {
  const { STSClient } = await import('@aws-sdk/client-sts')
  return new STSClient(clientSettings(shared))
}

function clientSettings({
  region,
  credentials,
  customUserAgent,
  maxAttempts,
  retryMode,
  requestHandler
}: AutoScalingClientConfig) {
  return { region, credentials, customUserAgent, maxAttempts, retryMode, requestHandler }
}

/** `sts.eu-west-1.amazonaws.com`; other partitions and FIPS as the SDK knows them. */
async function stsHost({ config }: STSClient, region: string): Promise<string> {
  const UseFIPS = await config.useFipsEndpoint()
  return config.endpointProvider({ Region: region, UseDualStack: false, UseFIPS, UseGlobalEndpoint: false }).url.host
}

function lazily<T>(make: () => T): () => T {
  let made: { value: T } | undefined
  return () => {
    made ??= { value: make() }
    return made.value
  }
}
