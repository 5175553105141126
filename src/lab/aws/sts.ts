/** STS: the identity of the caller, and sessions of assumed roles. */
import type {
  AssumeRoleRequest,
  AssumeRoleResponse,
  AssumeRoleWithWebIdentityRequest,
  AssumeRoleWithWebIdentityResponse,
  Credentials,
  GetCallerIdentityRequest,
  GetCallerIdentityResponse
} from '@aws-sdk/client-sts'
import { type LabCaller, sessionArn } from './identities.ts'
import { LabAwsError } from './lab-aws-error.ts'
import type { Account, LabRole, LabSession } from './state.ts'

const standardSeconds = 3600
const leastSeconds = 900

export function stsActions(account: Account) {
  return {
    getCallerIdentity(_input: GetCallerIdentityRequest, caller?: LabCaller): GetCallerIdentityResponse {
      return {
        UserId: caller?.userId ?? 'AIDALAB',
        Account: account.id,
        Arn: caller?.arn ?? `arn:aws:iam::${account.id}:user/lab`
      }
    },

    assumeRole(input: AssumeRoleRequest, caller?: LabCaller): AssumeRoleResponse {
      const who = caller?.arn ?? `arn:aws:iam::${account.id}:user/lab`
      const role = assumable(account, input.RoleArn, `User: ${who} is not authorized to perform: sts:AssumeRole`)
      return opened(account, role, input)
    },

    assumeRoleWithWebIdentity(input: AssumeRoleWithWebIdentityRequest): AssumeRoleWithWebIdentityResponse {
      const claims = claimsOf(input.WebIdentityToken)
      const role = assumable(account, input.RoleArn, 'Not authorized to perform sts:AssumeRoleWithWebIdentity')
      return {
        ...opened(account, role, input),
        SubjectFromWebIdentityToken: String(claims.sub),
        Audience: String(claims.aud),
        Provider: `arn:aws:iam::${account.id}:oidc-provider/token.actions.githubusercontent.com`
      }
    }
  }
}

interface SessionRequest {
  RoleSessionName?: string
  DurationSeconds?: number
}

function opened(account: Account, role: LabRole, request: SessionRequest): AssumeRoleResponse {
  const name = request.RoleSessionName ?? ''
  if (!/^[\w+=,.@-]{2,64}$/.test(name)) {
    throw stsError(400, 'ValidationError', `Value '${name}' at 'roleSessionName' failed to satisfy constraint`)
  }
  const seconds = request.DurationSeconds ?? standardSeconds
  if (seconds < leastSeconds || seconds > (role.maxSessionSeconds ?? standardSeconds)) {
    throw stsError(
      400,
      'ValidationError',
      'The requested DurationSeconds exceeds the MaxSessionDuration set for this role.'
    )
  }
  const session = openSession(account, role, name, seconds)
  return {
    Credentials: credentialsOf(session),
    AssumedRoleUser: {
      AssumedRoleId: `AROA${role.name.toUpperCase()}:${name}`,
      Arn: sessionArn(account, role, name)
    }
  }
}

export function openSession(account: Account, role: LabRole, sessionName: string, seconds: number): LabSession {
  const session: LabSession = {
    accessKeyId: `ASIA${account.ids.hex(16).toUpperCase()}`,
    secretAccessKey: account.ids.hex(40),
    sessionToken: account.ids.hex(96),
    role,
    sessionName,
    expiresAt: account.credentialsNow() + seconds * 1000
  }
  account.sessions.set(session.accessKeyId, session)
  return session
}

const credentialsOf = (session: LabSession): Credentials => ({
  AccessKeyId: session.accessKeyId,
  SecretAccessKey: session.secretAccessKey,
  SessionToken: session.sessionToken,
  Expiration: new Date(session.expiresAt)
})

/** STS answers the same for a role that does not exist and for one that does not trust the caller. */
function assumable(account: Account, arn: string | undefined, refusal: string): LabRole {
  const role = account.roles.get(arn?.split('/').at(-1) ?? '')
  if (!role || arn !== `arn:aws:iam::${account.id}:role/${role.name}`) {
    throw stsError(403, 'AccessDenied', refusal.startsWith('User') ? `${refusal} on resource: ${arn}` : refusal)
  }
  if (role.refusal !== undefined) throw stsError(403, 'AccessDenied', role.refusal)
  return role
}

/** The lab does not have the keys of token issuers: it reads the token, but does not check its signature. */
function claimsOf(token: string | undefined): Record<string, unknown> {
  try {
    return JSON.parse(Buffer.from(token?.split('.')[1] ?? '', 'base64url').toString())
  } catch {
    const message = 'The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)'
    throw stsError(400, 'InvalidIdentityToken', message)
  }
}

const stsError = (status: number, code: string, message: string) => new LabAwsError('sts', status, code, message)
