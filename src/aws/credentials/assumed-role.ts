/**
 * Credentials of a role: through GitHub's OIDC token if the job may have one, otherwise from the ambient credentials.
 */

import type { STSClient, STSClientConfig } from '@aws-sdk/client-sts'
import { UpgradeError } from '../../engine/model/error.ts'
import { awsWords, isTransient, nameOf, upgradeErrorFrom } from '../aws-error.ts'
import { configuredEndpoint } from '../clients.ts'
import type { CredentialSource, Credentials, Fetched } from './credentials.ts'

export interface Role {
  arn: string
  sessionName?: string
  durationSeconds?: number
  externalId?: string
  /** Of the OIDC token. */
  audience?: string
}

export interface RoleOptions {
  role: Role
  region: () => Promise<string>
  ambient: CredentialSource
  /** Gets an OIDC token for the audience. It is valid for minutes only, so each refresh gets another one. */
  idToken?: (audience: string) => Promise<string>
  mask: (secret: string) => void
  userAgent: string
  env: Readonly<Record<string, string | undefined>>
}

const standardAudience = 'sts.amazonaws.com'
const standardSessionName = 'eks-node-upgrade'

export function assumedRole(options: RoleOptions): () => Promise<Fetched> {
  const { idToken, env } = options
  if (idToken !== undefined && env.ACTIONS_ID_TOKEN_REQUEST_URL) return () => byWebIdentity(options, idToken)
  return () => byAmbient(options)
}

async function byWebIdentity(options: RoleOptions, idToken: (audience: string) => Promise<string>): Promise<Fetched> {
  const { role } = options
  const audience = role.audience ?? standardAudience
  const token = await idToken(audience).catch((error: unknown) => {
    throw refused(role, `GitHub gave no OIDC token for "${audience}": ${awsWords(error)}`, idTokenHint, error)
  })
  options.mask(token)
  const { AssumeRoleWithWebIdentityCommand } = await import('@aws-sdk/client-sts')
  const sts = await stsClient(options)
  const input = { ...common(role), WebIdentityToken: token }
  const trust = () => `The trust policy of the role must allow sts:AssumeRoleWithWebIdentity for ${claimsOf(token)}.`
  return assume(options, sts, trust, () => sts.send(new AssumeRoleWithWebIdentityCommand(input)))
}

async function byAmbient(options: RoleOptions): Promise<Fetched> {
  const { role } = options
  const held = await options.ambient().catch((error: unknown) => {
    throw refused(
      role,
      `there are no credentials to assume it with: ${awsWords(error)}`,
      withoutAmbientHint(options),
      error
    )
  })
  const { AssumeRoleCommand } = await import('@aws-sdk/client-sts')
  const sts = await stsClient(options, held)
  const input = { ...common(role), ExternalId: role.externalId }
  const trust = () => {
    const rule = `The trust policy of the role and the policy of the caller must allow sts:AssumeRole. Check with: aws sts assume-role --role-arn ${role.arn} --role-session-name test`
    return lacksIdToken(options) ? `${idTokenHint} Without OIDC: ${rule}` : rule
  }
  const fetched = await assume(options, sts, trust, () => sts.send(new AssumeRoleCommand(input)))
  // A role that is assumed from temporary credentials is not renewed: these end first, and so does what they can
  // assume.
  // https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
  return { ...fetched, renewable: options.ambient.endsAt() === Number.POSITIVE_INFINITY }
}

function common(role: Role) {
  return {
    RoleArn: role.arn,
    RoleSessionName: role.sessionName ?? standardSessionName,
    DurationSeconds: role.durationSeconds
  }
}

async function stsClient(options: RoleOptions, credentials?: Credentials): Promise<STSClient> {
  const { STSClient } = await import('@aws-sdk/client-sts')
  const config: STSClientConfig = {
    region: await options.region(),
    credentials,
    customUserAgent: options.userAgent,
    maxAttempts: 5,
    requestHandler: { connectionTimeout: 5_000, requestTimeout: 10_000, throwOnRequestTimeout: true }
  }
  return new STSClient(config)
}

interface Answer {
  Credentials?: { AccessKeyId?: string; SecretAccessKey?: string; SessionToken?: string; Expiration?: Date }
}

async function assume(
  options: RoleOptions,
  sts: STSClient,
  trust: () => string,
  send: () => Promise<Answer>
): Promise<Fetched> {
  const { role } = options
  const answer = await send().catch(async (error: unknown) => {
    const call = { action: 'sts:AssumeRole', region: await options.region(), endpoint: await configuredEndpoint(sts) }
    throw refusal(role, error, upgradeErrorFrom(error, call), trust())
  })
  const { AccessKeyId, SecretAccessKey, SessionToken, Expiration } = answer.Credentials ?? {}
  if (!AccessKeyId || !SecretAccessKey) throw refused(role, 'AWS answered without credentials', trust(), undefined)
  return {
    credentials: {
      accessKeyId: AccessKeyId,
      secretAccessKey: SecretAccessKey,
      sessionToken: SessionToken,
      expiration: Expiration
    },
    renewable: true
  }
}

/**
 * If the role may not be assumed, the credentials are wrong; an AWS that is busy or unreachable keeps its own error.
 */
function refusal(role: Role, error: unknown, translated: unknown, trust: string): unknown {
  if (!(translated instanceof UpgradeError) || isTransient(error)) return translated
  const { code, hint } = translated.details
  if (code === 'region') return translated
  const tooLong = /DurationSeconds/i.test(awsWords(error))
  const durationHint = 'Lower role-duration-seconds, or raise the maximum session duration of the role.'
  const remedy = code === 'credentials' ? hint : tooLong ? durationHint : trust
  return refused(role, `${nameOf(error)}: ${awsWords(error)}`, remedy, error)
}

const idTokenHint =
  'Give the job the permission to get an OIDC token:  permissions: { id-token: write, contents: read }.'

function withoutAmbientHint(options: RoleOptions): string {
  return lacksIdToken(options) ? idTokenHint : 'Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE.'
}

/**
 * GitHub sets this variable only if the job has `id-token: write`.
 * https://github.com/aws-actions/configure-aws-credentials/blob/v6.2.3/src/index.ts
 */
function lacksIdToken({ env }: RoleOptions): boolean {
  return env.GITHUB_ACTIONS === 'true' && !env.ACTIONS_ID_TOKEN_REQUEST_URL
}

function refused(role: Role, words: string, hint: string, cause: unknown): UpgradeError {
  return new UpgradeError(`the role ${role.arn} cannot be assumed: ${words}`, {
    code: 'credentials',
    outcome: 'refused',
    hint,
    cause
  })
}

/** The two claims that trust policies check. They are not secret; the token is. */
function claimsOf(token: string): string {
  try {
    const claims: unknown = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString())
    const { sub, aud } = claims as Record<string, unknown>
    return `sub "${String(sub)}" and aud "${String(aud)}"`
  } catch {
    return "this repository's sub claim"
  }
}
