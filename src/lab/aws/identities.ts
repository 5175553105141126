/** Callers: users with permanent keys, and sessions of assumed roles. */
import type { Account, LabRole } from './state.ts'

/** The sender of a call. */
export interface LabCaller {
  readonly arn: string
  readonly userId: string
  readonly secretAccessKey: string
  readonly sessionToken?: string
  readonly expiresAt?: number
  readonly denies: readonly string[]
}

export function callerOf(account: Account, accessKeyId: string): LabCaller | undefined {
  const user = account.users.get(accessKeyId)
  if (user) {
    return {
      arn: `arn:aws:iam::${account.id}:user/${user.name}`,
      userId: user.accessKeyId,
      secretAccessKey: user.secretAccessKey,
      denies: []
    }
  }
  const session = account.sessions.get(accessKeyId)
  return (
    session && {
      arn: sessionArn(account, session.role, session.sessionName),
      userId: `AROA${session.role.name.toUpperCase()}:${session.sessionName}`,
      secretAccessKey: session.secretAccessKey,
      sessionToken: session.sessionToken,
      expiresAt: session.expiresAt,
      denies: session.role.denies ?? []
    }
  )
}

export const sessionArn = (account: Account, role: LabRole, sessionName: string) =>
  `arn:aws:sts::${account.id}:assumed-role/${role.name}/${sessionName}`

export const mayCall = (caller: LabCaller, service: string, action: string) =>
  !caller.denies.some((denied) => denied === `${service}:${action}` || denied === `${service}:*`)
