/**
 * The SDK's clients as this tool configures them. The SDK repeats reads. It never repeats writes, because every write
 * must end inside the lease; the engine repeats them after it has looked again.
 */

import { AutoScalingClient, type AutoScalingClientConfig } from '@aws-sdk/client-auto-scaling'
import type { Deadlines } from './aws-calls.ts'
import { upgradeErrorFrom } from './aws-error.ts'
import type { Credentials } from './credentials/credentials.ts'

/** Under constant throttling eight attempts take about 24 s. */
const readAttempts = 8
const readDeadlineMs = 60_000
/** The lease is 30 s. */
const writeDeadlineMs = 8_000

export interface ClientOptions {
  /** Undefined: from AWS_REGION or the profile. */
  region: string | undefined
  credentials: () => Promise<Credentials>
  userAgent: string
}

export interface Clients {
  reads: AutoScalingClient
  writes: AutoScalingClient
  /** What further clients are configured with. */
  shared: AutoScalingClientConfig
}

export function clientsFor(options: ClientOptions): Clients {
  const shared: AutoScalingClientConfig = {
    region: options.region,
    credentials: options.credentials,
    customUserAgent: options.userAgent,
    maxAttempts: readAttempts,
    retryMode: 'standard',
    // Without throwOnRequestTimeout the SDK only logs a timeout.
    requestHandler: { connectionTimeout: 5_000, requestTimeout: 10_000, throwOnRequestTimeout: true }
  }
  const reads = new AutoScalingClient(shared)
  const withHandler = { ...shared, requestHandler: reads.config.requestHandler }
  return { reads, writes: new AutoScalingClient({ ...withHandler, maxAttempts: 1 }), shared: withHandler }
}

export const deadlines: Deadlines = {
  read: () => AbortSignal.timeout(readDeadlineMs),
  write: () => AbortSignal.timeout(writeDeadlineMs)
}

/** Runs one call of a client; errors leave in the engine's words, with the endpoint if it is not AWS's own. */
export async function called<T>(client: object, action: string, region: string, run: () => Promise<T>): Promise<T> {
  try {
    return await run()
  } catch (error) {
    throw upgradeErrorFrom(error, { action, region, endpoint: await configuredEndpoint(client) })
  }
}

/** AWS_ENDPOINT_URL or a similar setting, as the SDK resolved it for this client. */
export async function configuredEndpoint(client: object): Promise<string | undefined> {
  const { config } = client as { config: { serviceConfiguredEndpoint?: () => Promise<string | undefined> } }
  return config.serviceConfiguredEndpoint?.()
}
