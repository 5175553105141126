/**
 * The engine's ports to Kubernetes over the lab's cluster, in process. Requests are those of the real adapter (same
 * patches, same preconditions, same reading of every answer), but they go to the lab's API without a socket; the feed
 * follows the lab's store through the same projections, as late as it is told to be.
 */
import type { Cluster, ClusterView, Leases, Records } from '../../engine/model/cluster.ts'
import { deniedAccess } from '../../kubernetes/access.ts'
import { lostReplyError, type Reply, refusalError, succeeded } from '../../kubernetes/api-error.ts'
import type { ApiCall, ApiConnection } from '../../kubernetes/connection.ts'
import { evict, remove } from '../../kubernetes/eviction.ts'
import { type KindName, kindNames, kindOf, type Projected } from '../../kubernetes/kinds.ts'
import { leases } from '../../kubernetes/leases.ts'
import { cordonNode, restart, uncordonNode, unmarkWorkload } from '../../kubernetes/patches.ts'
import { records } from '../../kubernetes/records.ts'
import { changeBell, viewOf } from '../../kubernetes/watch/change-bell.ts'
import { type FollowedObjects, store } from '../../kubernetes/watch/store.ts'
import type { LabClock } from '../clock.ts'
import { type DenyRule, demandAccess, reviewAccess } from '../kubernetes/access.ts'
import { answer } from '../kubernetes/api.ts'
import { ApiError } from '../kubernetes/api-error.ts'
import type { LabCluster } from '../kubernetes/cluster.ts'
import { discover } from '../kubernetes/discovery.ts'
import type { KubeObject } from '../kubernetes/object.ts'
import { requestInfo, ruleResource } from '../kubernetes/request-info.ts'
import { AnsweredInstead, type LabProcess } from './call-gate.ts'

export interface ClusterPortOptions {
  cluster: LabCluster
  clock: LabClock
  process: LabProcess
  /** How far the feed is behind, in ms; 0 unless it says more. */
  feedLagMs?: number
  /** While it says so, nothing is heard: what was seen last stays, and grows old. */
  isSilent?: () => boolean
  deny?: readonly DenyRule[]
}

const server = 'https://lab'
const readAttempts = 4

export function labCluster(options: ClusterPortOptions): { cluster: Cluster; records: Records; leases: Leases } {
  const connection = labConnection(options)
  const cluster: Cluster = {
    ...labFeed(options, connection),
    version: async () => options.cluster.version,
    denied: (checks) => deniedAccess(connection, checks),
    cordonNode: (node, runId) => cordonNode(connection, node, runId),
    uncordonNode: (node) => uncordonNode(connection, node),
    evict: (pod) => evict(connection, pod),
    remove: (pod) => remove(connection, pod),
    restart: (workload, at, runId) => restart(connection, workload, at, runId),
    unmarkWorkload: (workload) => unmarkWorkload(connection, workload)
  }
  return { cluster, records: records(connection), leases: leases(connection) }
}

function labConnection({ cluster, process, deny = [], clock }: ClusterPortOptions): ApiConnection {
  async function send(request: ApiCall): Promise<Reply> {
    const { method, path, body, asked } = request
    const url = new URL(path, server)
    const info = requestInfo(method, url.pathname, url.searchParams)
    const name = `${method} ${info ? ruleResource(info) : url.pathname}`
    const writes = method !== 'GET' && info !== undefined
    const work = (): Reply => {
      try {
        if (!info) return plain(method, url.pathname, body)
        demandAccess(deny, { username: 'lab' }, info)
        const mediaType = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json'
        const found = answer(cluster, { info, query: url.searchParams, mediaType, body: structuredClone(body) })
        return { status: found.code, headers: {}, body: found.body, text: '' }
      } catch (error) {
        if (!(error instanceof ApiError)) throw error
        const after = error.status.details?.retryAfterSeconds
        const headers = after ? { 'retry-after': String(after) } : {}
        return { status: error.code, headers, body: error.status, text: '' }
      }
    }
    const lost = () => lostReplyError(server, asked, Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' }))
    try {
      return await process.call({ service: 'kubernetes', name, writes, input: body, method, path }, work, lost)
    } catch (error) {
      if (!(error instanceof AnsweredInstead)) throw error
      const { status, headers = {}, body: said } = error.fault
      const isText = typeof said === 'string'
      return { status, headers, body: isText ? {} : said, text: isText ? said : '' }
    }
  }

  function plain(method: string, path: string, body: unknown): Reply {
    if (method === 'POST' && path.endsWith('/selfsubjectaccessreviews')) {
      return { status: 201, headers: {}, body: reviewAccess(deny, body), text: '' }
    }
    const document = discover(path, cluster.version)
    return { status: document ? 200 : 404, headers: {}, body: document ?? {}, text: '' }
  }

  async function read(request: ApiCall): Promise<Reply> {
    for (let attempt = 1; ; attempt++) {
      const last = attempt === readAttempts
      try {
        const reply = await send(request)
        if (last || (reply.status !== 429 && reply.status < 500)) return reply
      } catch (error) {
        if (last) throw error
      }
      await process.clock.sleep(100 * 2 ** attempt)
    }
  }

  return {
    server,
    read,
    write: send,
    stream: () => Promise.reject(new Error('the lab follows its own store')),
    heardAt: clock.now
  }
}

type Stores = { [K in KindName]: FollowedObjects<Projected[K]> }

function labFeed(
  { cluster, clock, process, feedLagMs = 0, isSilent = () => false }: ClusterPortOptions,
  connection: ApiConnection
): Pick<Cluster, 'open' | 'view' | 'changed' | 'close'> {
  let heardAt = clock.now()
  let stop = (): void => {}
  const changes = changeBell()
  const stores = Object.fromEntries(kindNames.map((name) => [name, store(changes.ring)])) as unknown as Stores
  const byKind = new Map(kindNames.map((name) => [kindsOfNames[name], name]))

  function project(name: KindName, raw: KubeObject): unknown {
    return kindOf(name).project(raw)
  }

  function apply(name: KindName, object: KubeObject, gone: boolean): void {
    const key = keyOf(object)
    const shelf = stores[name] as FollowedObjects<unknown>
    if (gone) shelf.delete(key)
    else shelf.set(key, project(name, object))
  }

  const unheard: (() => void)[] = []

  /** What is not heard now is heard when the silence is over, in the same order. */
  function deliver(work: () => void): void {
    unheard.push(work)
    if (unheard.length === 1) hear()
  }

  function hear(): void {
    if (!process.alive()) return
    if (isSilent()) {
      clock.after(1_000, hear)
      return
    }
    heardAt = clock.now()
    for (const work of unheard.splice(0)) work()
  }

  async function open(): Promise<void> {
    // Listening begins before the lists, so that nothing falls between; an older state never overwrites a newer one,
    // because the lists are read at the instant at which the call takes effect.
    for (const name of kindNames) {
      const reply = await connection.read({ method: 'GET', path: kindOf(name).path, asked: `list ${name}` })
      if (!succeeded(reply)) throw refusalError(reply, server, `list ${name}`)
    }
    stop = cluster.store.listen(({ object, type }) => {
      const name = byKind.get(object.kind)
      if (name) clock.after(feedLagMs, () => deliver(() => apply(name, object, type === 'DELETED')))
    })
    for (const [kind, name] of byKind) {
      const objects = cluster.list(kind).map((object): [string, unknown] => [keyOf(object), project(name, object)])
      const known = objects.filter(([, value]) => value !== undefined)
      ;(stores[name] as FollowedObjects<unknown>).replace(new Map(known))
    }
    heardAt = clock.now()
  }

  function view(): ClusterView {
    changes.look()
    return viewOf(stores, isSilent() ? heardAt : clock.now() - feedLagMs)
  }

  return {
    open,
    view,
    changed: changes.changed,
    async close() {
      stop()
      changes.ring()
    }
  }
}

function keyOf({ metadata }: KubeObject): string {
  return `${metadata.namespace ?? ''}/${metadata.name}`
}

const kindsOfNames: Readonly<Record<KindName, string>> = {
  nodes: 'Node',
  pods: 'Pod',
  deployments: 'Deployment',
  replicasets: 'ReplicaSet',
  statefulsets: 'StatefulSet',
  daemonsets: 'DaemonSet',
  jobs: 'Job',
  poddisruptionbudgets: 'PodDisruptionBudget',
  volumeattachments: 'VolumeAttachment',
  persistentvolumes: 'PersistentVolume',
  csinodes: 'CSINode',
  namespaces: 'Namespace'
}
