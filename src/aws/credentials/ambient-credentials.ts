/** Credentials from the environment, a profile, the container or the instance, in the SDK's own order. */

import { defaultProvider } from '@aws-sdk/credential-provider-node'
import type { Fetched } from './credentials.ts'
import { podSourceError } from './pod-source.ts'

/**
 * Each call reads the sources again. If there are none, it throws the SDK's CredentialsProviderError, or `credentials` if
 * the pod's environment names a source that failed.
 */
export function ambientCredentials(
  region: () => Promise<string>,
  env: Readonly<Record<string, string | undefined>> = process.env
): () => Promise<Fetched> {
  const chain = defaultProvider({ clientConfig: { region } })
  return async () => {
    // While it refreshes, the chain returns credentials that are about to end; forced, it waits for the new ones.
    const credentials = await chain({ forceRefresh: true }).catch((error: unknown) => {
      throw podSourceError(error, env) ?? error
    })
    // The environment of a running process does not change; every other source can give later credentials.
    const renewable = credentials.expiration !== undefined && !fromEnvironment(credentials)
    return { credentials, renewable }
  }
}

/** The SDK records for its user agent where credentials come from. */
function fromEnvironment(credentials: object): boolean {
  const { $source } = credentials as { $source?: Readonly<Record<string, unknown>> }
  return $source?.CREDENTIALS_ENV_VARS !== undefined
}
