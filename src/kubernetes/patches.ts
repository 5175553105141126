/**
 * Changes of nodes and workloads. Each is one JSON merge patch that carries our mark, and the resourceVersion of what was
 * looked at: where the object has changed since, the server answers 409 and nothing happens.
 */
import type { Node, Workload, WriteAnswer } from '../engine/model/cluster.ts'
import { cordonedByMark, restartedByMark } from '../engine/model/names.ts'
import { refusalError, succeeded } from './api-error.ts'
import type { ApiConnection } from './connection.ts'
import { restartedAtAnnotation } from './projection/metadata.ts'

export function cordonNode(connection: ApiConnection, node: Node, runId: string): Promise<WriteAnswer> {
  const patch = { metadata: { annotations: { [cordonedByMark]: runId } }, spec: { unschedulable: true } }
  return patchNode(connection, node, 'cordon', patch)
}

/** null takes a field away. */
export function uncordonNode(connection: ApiConnection, node: Node): Promise<WriteAnswer> {
  const patch = { metadata: { annotations: { [cordonedByMark]: null } }, spec: { unschedulable: null } }
  return patchNode(connection, node, 'uncordon', patch)
}

/** As `kubectl rollout restart` does it: the controller rolls because the template has another annotation. */
export function restart(
  connection: ApiConnection,
  workload: Workload,
  at: number,
  runId: string
): Promise<WriteAnswer> {
  const restartedAt = new Date(at).toISOString().replace(/\.\d+Z$/, 'Z')
  return patchWorkload(connection, workload, 'restart', {
    // A label, because annotations of a Deployment are copied to its ReplicaSets, where they would stay.
    metadata: { labels: { [restartedByMark]: runId } },
    spec: { template: { metadata: { annotations: { [restartedAtAnnotation]: restartedAt } } } }
  })
}

export function unmarkWorkload(connection: ApiConnection, workload: Workload): Promise<WriteAnswer> {
  return patchWorkload(connection, workload, 'unmark', { metadata: { labels: { [restartedByMark]: null } } })
}

interface Patch {
  metadata: { annotations?: Record<string, string | null>; labels?: Record<string, string | null> }
  spec?: unknown
}

function patchNode(connection: ApiConnection, node: Node, verb: string, patch: Patch): Promise<WriteAnswer> {
  const path = `/api/v1/nodes/${encodeURIComponent(node.name)}`
  return send(connection, path, node.resourceVersion, patch, `${verb} node ${node.name}`)
}

const resources: Readonly<Record<string, string>> = {
  Deployment: 'deployments',
  StatefulSet: 'statefulsets',
  DaemonSet: 'daemonsets'
}

function patchWorkload(
  connection: ApiConnection,
  workload: Workload,
  verb: string,
  patch: Patch
): Promise<WriteAnswer> {
  const { namespace, name, kind, resourceVersion } = workload
  const resource = resources[kind]
  if (resource === undefined) throw new Error(`a ${kind} has no rolling restart`)
  const path = `/apis/apps/v1/namespaces/${encodeURIComponent(namespace)}/${resource}/${encodeURIComponent(name)}`
  return send(connection, path, resourceVersion, patch, `${verb} ${kind.toLowerCase()} ${namespace}/${name}`)
}

async function send(
  connection: ApiConnection,
  path: string,
  resourceVersion: string,
  patch: Patch,
  asked: string
): Promise<WriteAnswer> {
  const body = { ...patch, metadata: { ...patch.metadata, resourceVersion } }
  const reply = await connection.write({ method: 'PATCH', path, body, asked })
  if (succeeded(reply)) return 'done'
  if (reply.status === 404) return 'gone'
  if (reply.status === 409) return 'conflict'
  throw refusalError(reply, connection.server, asked)
}
