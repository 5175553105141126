/**
 * The two ways in which a pod is made to go, and what each answer means. The eviction API says very different things
 * with the same status, so the Status object decides, and its words only where nothing else tells.
 * https://github.com/kubernetes/kubernetes/blob/v1.37.2/pkg/registry/core/pod/storage/eviction.go
 */
import type { EvictionAnswer, Pod } from '../engine/model/cluster.ts'
import { UpgradeError } from '../engine/model/error.ts'
import { hasCause, type Reply, refusalError, retryAfterMs, statusOf, succeeded, wordsOf } from './api-error.ts'
import type { ApiCall, ApiConnection } from './connection.ts'
import { usualRetryAfterMs } from './limits.ts'

/** Asks for the pod's own grace period; the UID makes sure that no other pod of that name is meant. */
export function evict(connection: ApiConnection, { namespace, name, uid }: Pod): Promise<EvictionAnswer> {
  return answer(connection, {
    method: 'POST',
    path: `${podPath(namespace, name)}/eviction`,
    body: {
      apiVersion: 'policy/v1',
      kind: 'Eviction',
      metadata: { namespace, name },
      deleteOptions: { preconditions: { uid } }
    },
    asked: `evict pod ${namespace}/${name}`
  })
}

/** No budget is asked. The resourceVersion makes sure that the pod is still as it was judged: one that has become ready stays. */
export function remove(
  connection: ApiConnection,
  { namespace, name, uid, resourceVersion }: Pod
): Promise<EvictionAnswer> {
  return answer(connection, {
    method: 'DELETE',
    path: podPath(namespace, name),
    body: { apiVersion: 'v1', kind: 'DeleteOptions', preconditions: { uid, resourceVersion } },
    asked: `delete pod ${namespace}/${name}`
  })
}

function podPath(namespace: string, name: string): string {
  return `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods/${encodeURIComponent(name)}`
}

async function answer(connection: ApiConnection, request: ApiCall): Promise<EvictionAnswer> {
  try {
    const reply = await connection.write(request)
    if (reply.status === 401) throw refusalError(reply, connection.server, request.asked)
    return classify(reply, Date.now())
  } catch (error) {
    // Only a lost reply has this code here; an eviction is safe to repeat, and the feed will tell whether it worked.
    if (error instanceof UpgradeError && error.details.code === 'kubernetes') {
      return { kind: 'unknown', message: error.message }
    }
    throw error
  }
}

/** Exported for the lab's fidelity tests. */
export function classify(reply: Reply, now: number): EvictionAnswer {
  const message = wordsOf(reply)
  if (succeeded(reply)) return { kind: 'accepted' }
  switch (reply.status) {
    case 403:
      return { kind: refusalKind(reply, message), message }
    case 404:
      // A server without the eviction API, or a proxy, says 404 as well, but not of a pod.
      return statusOf(reply).reason === 'NotFound' ? { kind: 'gone' } : { kind: 'unknown', message }
    case 409:
      return { kind: 'replaced' }
    case 429:
      if (!hasCause(reply, 'DisruptionBudget')) {
        return { kind: 'throttled', retryAfterMs: retryAfterMs(reply, now) ?? usualRetryAfterMs }
      }
      return { kind: 'budget', message: budgetWords(reply) ?? message, retryAfterMs: retryAfterMs(reply, now) }
    case 500:
      // The one refusal that the API makes a server error, without a reason to tell it by.
      return { kind: /more than one PodDisruptionBudget/.test(message) ? 'two-budgets' : 'unknown', message }
    default:
      // 408 and all of 5xx: a time-out, a restart, or a budget that changed under the server's feet (504).
      return { kind: reply.status >= 500 || reply.status === 408 ? 'unknown' : 'denied', message }
  }
}

/** The cause names the budget and its numbers; the message only says that there is one. */
function budgetWords(reply: Reply): string | undefined {
  return statusOf(reply).details?.causes?.find(({ reason }) => reason === 'DisruptionBudget')?.message
}

/** 403 is said by RBAC, by the end of a namespace, by webhooks, and by a budget whose controller lags behind. */
function refusalKind(reply: Reply, message: string): 'namespace-terminating' | 'budget' | 'forbidden' | 'denied' {
  if (hasCause(reply, 'NamespaceTerminating')) return 'namespace-terminating'
  if (/DisruptedPods map too big|disruptions allowed is negative/.test(message)) return 'budget'
  if (/cannot \w+ resource/.test(message)) return 'forbidden'
  return 'denied'
}
