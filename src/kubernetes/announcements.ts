/**
 * Kubernetes Events on the nodes and workloads that a run touches, so that `kubectl describe` and `kubectl get events` say who did
 * it. They are news and nothing depends on them: they are written beside the run, once, and not at all where RBAC does not allow it.
 * https://kubernetes.io/docs/reference/kubernetes-api/cluster-resources/event-v1/
 */
import { randomBytes } from 'node:crypto'
import type { Cluster, Node, Owner, Pod, Workload } from '../engine/model/cluster.ts'
import { succeeded } from './api-error.ts'
import type { ApiConnection } from './connection.ts'

/** What an Event is about. */
interface Regarding extends Owner {
  /** Undefined: a node, whose Events are kept in the namespace `default`. */
  namespace?: string
}

interface News {
  regarding: Regarding
  reason: string
  note: string
}

const reporter = 'eks-node-upgrade'
/** The server takes no longer note. */
const longestNote = 1_024
/** Several pods of a workload are evicted one after the other: one Event says it for all of them. */
const quietMs = 60_000

/** The same cluster; what its writes have done is announced. `now` in ms. */
export function announced(cluster: Cluster, connection: ApiConnection, now: () => number): Cluster {
  const announce = announcer(connection, now)
  return {
    ...cluster,
    async cordonNode(node, runId) {
      const answer = await cluster.cordonNode(node, runId)
      const note = `Cordoned by run ${runId}: its pods move to the nodes of the other Auto Scaling group.`
      if (answer === 'done') announce({ regarding: regardingNode(node), reason: 'Cordoned', note })
      return answer
    },
    async uncordonNode(node) {
      const answer = await cluster.uncordonNode(node)
      const note = 'Uncordoned: it takes pods again.'
      if (answer === 'done') announce({ regarding: regardingNode(node), reason: 'Uncordoned', note })
      return answer
    },
    async evict(pod) {
      const answer = await cluster.evict(pod)
      if (answer.kind === 'accepted') announceEviction(pod)
      return answer
    },
    async restart(workload, at, runId) {
      const answer = await cluster.restart(workload, at, runId)
      const note = `Restarted by run ${runId}: so its pods move to other nodes without being evicted.`
      if (answer === 'done') announce({ regarding: workload, reason: 'Restarted', note })
      return answer
    }
  }

  function announceEviction(pod: Pod): void {
    const regarding = workloadOf(pod, cluster.view().workloads)
    if (!regarding) return
    const note = `Its pods are being evicted within its budgets, because their nodes are replaced; first ${pod.name} on ${pod.nodeName ?? 'no node'}.`
    announce({ regarding, reason: 'PodsMoving', note })
  }
}

function regardingNode({ name, uid }: Node): Regarding {
  return { apiVersion: 'v1', kind: 'Node', name, uid }
}

/** A Deployment rather than its ReplicaSet. */
function workloadOf(pod: Pod, workloads: readonly Workload[]): Regarding | undefined {
  if (!pod.owner) return undefined
  const owner = workloads.find(({ uid }) => uid === pod.owner?.uid)
  return { ...(owner?.owner ?? pod.owner), namespace: pod.namespace }
}

function announcer(connection: ApiConnection, now: () => number): (news: News) => void {
  const lastAt = new Map<string, number>()
  let denied = false
  return (news) => {
    const subject = `${news.regarding.uid} ${news.reason}`
    if (denied || now() - (lastAt.get(subject) ?? Number.NEGATIVE_INFINITY) < quietMs) return
    lastAt.set(subject, now())
    void post(connection, news, now()).then(
      (isWritten) => {
        denied ||= !isWritten
      },
      () => {}
    )
  }
}

/** false: they are not wanted here, and asking again would only be denied again. Rejects if the server cannot be reached. */
async function post(connection: ApiConnection, { regarding, reason, note }: News, at: number): Promise<boolean> {
  const { apiVersion, kind, name, uid, namespace } = regarding
  const into = namespace ?? 'default'
  const body = {
    apiVersion: 'events.k8s.io/v1',
    kind: 'Event',
    metadata: { name: `${reporter}.${randomBytes(8).toString('hex')}`, namespace: into },
    eventTime: new Date(at).toISOString().replace('Z', '000Z'),
    reportingController: reporter,
    reportingInstance: reporter,
    action: reason,
    reason,
    type: 'Normal',
    note: note.slice(0, longestNote),
    regarding: { apiVersion, kind, name, uid, ...(namespace && { namespace }) }
  }
  const path = `/apis/events.k8s.io/v1/namespaces/${encodeURIComponent(into)}/events`
  const reply = await connection.write({ method: 'POST', path, body, asked: `create an event about ${kind} ${name}` })
  return succeeded(reply) || ![401, 403, 404, 405, 501].includes(reply.status)
}
