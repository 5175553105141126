/**
 * One source of credentials for all clients: every client with a source of its own would assume the role for itself.
 * It hands out what it has until five minutes before the end, then fetches anew, once for all who wait.
 */

export interface Credentials {
  accessKeyId: string
  secretAccessKey: string
  sessionToken?: string
  expiration?: Date
}

export interface CredentialSource {
  (): Promise<Credentials>
  /**
   * When the credentials end for good, in ms since the epoch: Infinity where they do not end or are renewed, undefined where
   * nobody knows (session credentials from the environment, or none were fetched yet).
   */
  endsAt(): number | undefined
}

export interface Fetched {
  credentials: Credentials
  /** Whether fetching again gives later ones. */
  renewable: boolean
}

/** AWS's own SDKs refresh so long before the end. */
const refreshBeforeMs = 5 * 60_000
/** Credentials with less than this left are not worth a call. */
const uselessBeforeMs = 15_000
/** A refresh that failed is tried again after this, while the old ones still hold. */
const retryAfterMs = 30_000

/** `mask` is called with every secret before anybody gets it. `now` in ms since the epoch. */
export function rotatingCredentials(
  fetch: () => Promise<Fetched>,
  mask: (secret: string) => void,
  now: () => number = Date.now
): CredentialSource {
  let current: Fetched | undefined
  let waiting: Promise<Fetched> | undefined
  let retryAt = 0
  let failing = false

  const left = (fetched: Fetched) => (fetched.credentials.expiration?.getTime() ?? Number.POSITIVE_INFINITY) - now()

  const refresh = async (): Promise<Fetched> => {
    const fetched = await fetch()
    const { accessKeyId, secretAccessKey, sessionToken } = fetched.credentials
    for (const secret of [secretAccessKey, sessionToken, accessKeyId]) if (secret) mask(secret)
    // A source that keeps giving the same credentials is not renewing them.
    failing = left(fetched) < refreshBeforeMs
    retryAt = failing ? now() + retryAfterMs : 0
    current = fetched
    return fetched
  }

  const source = async (): Promise<Credentials> => {
    if (current !== undefined && left(current) > refreshBeforeMs) return current.credentials
    const usable = current !== undefined && left(current) > uselessBeforeMs ? current : undefined
    if (usable && now() < retryAt) return usable.credentials
    waiting ??= refresh().finally(() => {
      waiting = undefined
    })
    try {
      return (await waiting).credentials
    } catch (error) {
      failing = true
      if (usable === undefined) throw error
      retryAt = now() + retryAfterMs
      return usable.credentials
    }
  }

  const endsAt = (): number | undefined => {
    if (current === undefined) return undefined
    const { credentials, renewable } = current
    if (renewable && !failing) return Number.POSITIVE_INFINITY
    if (credentials.expiration !== undefined) return credentials.expiration.getTime()
    return credentials.sessionToken === undefined ? Number.POSITIVE_INFINITY : undefined
  }

  return Object.assign(source, { endsAt })
}
