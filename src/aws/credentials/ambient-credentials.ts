/** The credentials that are lying about: environment, profile, container, instance; found as the SDK always finds them. */

import { defaultProvider } from '@aws-sdk/credential-provider-node'
import type { Fetched } from './credentials.ts'

/** Each call asks the sources again. Throws the SDK's CredentialsProviderError where there are none. */
export function ambientCredentials(region: () => Promise<string>): () => Promise<Fetched> {
  const chain = defaultProvider({ clientConfig: { region } })
  return async () => {
    // The chain hands out what is about to end while it refreshes; forced, it waits for the new ones.
    const credentials = await chain({ forceRefresh: true })
    // Nobody changes the environment of a running process; every other source is asked for later credentials.
    const renewable = credentials.expiration !== undefined && !fromEnvironment(credentials)
    return { credentials, renewable }
  }
}

/** The SDK notes down for its user agent where credentials come from. */
function fromEnvironment(credentials: object): boolean {
  const { $source } = credentials as { $source?: Readonly<Record<string, unknown>> }
  return $source?.CREDENTIALS_ENV_VARS !== undefined
}
