/** Asks the server what we may do, before we need it. */
import type { AccessCheck } from '../engine/model/cluster.ts'
import { refusalError, succeeded } from './api-error.ts'
import type { ApiConnection } from './connection.ts'
import { reviewsAtOnce } from './limits.ts'
import { slots } from './pace.ts'

/** A review changes nothing, so it may be repeated like a read. What the server does not allow outright is denied. */
export async function deniedAccess(
  connection: ApiConnection,
  checks: readonly AccessCheck[]
): Promise<readonly AccessCheck[]> {
  const slot = slots(reviewsAtOnce)
  const allowed = await Promise.all(checks.map((check) => slot(() => isAllowed(connection, check))))
  return checks.filter((_, index) => !allowed[index])
}

async function isAllowed(connection: ApiConnection, check: AccessCheck): Promise<boolean> {
  const asked = `ask whether ${check.verb} ${check.resource} is allowed`
  const reply = await connection.read({
    method: 'POST',
    path: '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews',
    body: {
      apiVersion: 'authorization.k8s.io/v1',
      kind: 'SelfSubjectAccessReview',
      spec: { resourceAttributes: check }
    },
    asked
  })
  if (!succeeded(reply)) throw refusalError(reply, connection.server, asked)
  return (reply.body as { status?: { allowed?: boolean } }).status?.allowed === true
}
