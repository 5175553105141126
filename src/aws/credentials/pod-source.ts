/**
 * EKS puts into a pod's environment where its credentials come from. The SDK passes over a source that fails, and in the
 * end says only that there are none. Whoever gave a pod a role wants to know why that source failed.
 */
import { accessSync, constants } from 'node:fs'
import { UpgradeError } from '../../engine/model/error.ts'
import { nameOf } from '../aws-error.ts'

type Environment = Readonly<Record<string, string | undefined>>

/** What is wrong with the source that the environment names; undefined if it names none or has an error of its own. */
export function podSourceError(cause: unknown, env: Environment): UpgradeError | undefined {
  const webIdentity = env.AWS_WEB_IDENTITY_TOKEN_FILE
  if (webIdentity) {
    const found = unreadable(webIdentity)
    if (!found) return undefined
    return noCredentials(`AWS_WEB_IDENTITY_TOKEN_FILE: ${found}`, webIdentityHint, cause)
  }
  const agent = env.AWS_CONTAINER_CREDENTIALS_FULL_URI
  if (!agent) return undefined
  const token = env.AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE
  const found = token && unreadable(token)
  if (found) return noCredentials(`AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: ${found}`, agentHint, cause)
  if (nameOf(cause) !== 'CredentialsProviderError') return undefined
  return noCredentials(`${agent} (AWS_CONTAINER_CREDENTIALS_FULL_URI) gave none`, agentHint, cause)
}

const webIdentityHint =
  'Check that the service account has the annotation eks.amazonaws.com/role-arn, and create the pod again. docs/container.md has the manifests.'

const agentHint =
  'Check that the EKS Pod Identity Agent runs on this node, and the association: aws eks list-pod-identity-associations --cluster-name CLUSTER'

function noCredentials(found: string, hint: string, cause: unknown): UpgradeError {
  const details = { code: 'credentials', outcome: 'refused', hint, cause } as const
  return new UpgradeError(`there are no AWS credentials: ${found}`, details)
}

function unreadable(path: string): string | undefined {
  try {
    accessSync(path, constants.R_OK)
    return undefined
  } catch (error) {
    return `${path} cannot be read (${(error as NodeJS.ErrnoException).code})`
  }
}
