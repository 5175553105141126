/**
 * One source of credentials for all clients: if each client had its own, each would assume the role.
 * It returns the same credentials until five minutes before their end, then fetches new ones, once for all callers.
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
   * When the credentials end, in ms since the epoch: Infinity if they do not end or are renewed, undefined if it is not
   * known (session credentials from the environment, or none were fetched yet).
   */
  endsAt(): number | undefined
}

export interface Fetched {
  credentials: Credentials
  /** Whether fetching again gives later ones. */
  renewable: boolean
}

/** The AWS SDKs refresh this long before the end. */
const refreshBeforeMs = 5 * 60_000
/** Credentials that end sooner than this are not used for a call. */
const uselessBeforeMs = 15_000
/** A refresh that failed is repeated after this, while the old credentials are still valid. */
const retryAfterMs = 30_000

/** `mask` is called with every secret before it is returned. `now` in ms since the epoch. */
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
