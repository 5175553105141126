import { hostname, userInfo } from 'node:os'

/** Who is at work, as the lock names the holder: `user@host`. */
export function hostName(): string {
  return `${user()}@${hostname()}`
}

function user(): string {
  try {
    return userInfo().username
  } catch {
    // A container may run under an id that no user has.
    return 'unknown'
  }
}
