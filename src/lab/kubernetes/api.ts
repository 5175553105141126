/** The REST API, request by request and without a network: what is asked in, what is answered out. */
import {
  ApiError,
  badRequest,
  expired,
  failure,
  invalid,
  methodNotAllowed,
  notSimulated,
  success
} from './api-error.ts'
import type { LabCluster } from './cluster.ts'
import type { KubeObject, Raw } from './object.ts'
import { patchTypeOf } from './patch.ts'
import type { RequestInfo } from './request-info.ts'
import { apiVersionOf } from './resource.ts'
import { parseFieldSelector, parseLabelSelector } from './selector.ts'
import type { DeleteOptions, WriteOptions } from './store.ts'

export interface ApiRequest {
  info: RequestInfo
  query: URLSearchParams
  /** Without parameters, lower case; empty where there is no body. */
  mediaType: string
  /** Parsed JSON. */
  body: Raw
}

export interface ApiAnswer {
  code: number
  body: Raw
}

/** Answers everything but watches; throws an ApiError to say no. */
export function answer(cluster: LabCluster, request: ApiRequest): ApiAnswer {
  const { info } = request
  if (info.subresource) return answerSubresource(cluster, request)
  const { kind } = info.resource
  const { namespace, name = '' } = info
  switch (info.verb) {
    case 'get':
      return { code: 200, body: cluster.get(kind, namespace, name) }
    case 'list':
      return { code: 200, body: list(cluster, request) }
    case 'create':
      return { code: 201, body: cluster.store.create(newObject(request), writeOptions(request)) }
    case 'update':
      return update(cluster, request)
    case 'patch':
      return { code: 200, body: patch(cluster, request) }
    case 'delete':
      return remove(cluster, request, name)
    case 'deletecollection':
      return removeAll(cluster, request)
    default:
      throw methodNotAllowed(info.resource, info.verb)
  }
}

function answerSubresource(cluster: LabCluster, request: ApiRequest): ApiAnswer {
  const { info, query, body } = request
  const { resource, namespace, name = '', subresource, verb } = info
  if (subresource === 'status') {
    if (verb === 'get') return { code: 200, body: cluster.get(resource.kind, namespace, name) }
    if (verb === 'update') return { code: 200, body: cluster.store.update(updated(request), writeOptions(request)) }
    if (verb === 'patch') return { code: 200, body: patch(cluster, request) }
    throw methodNotAllowed(resource, verb)
  }
  if (subresource === 'eviction' && resource.plural === 'pods') {
    if (verb !== 'create') throw methodNotAllowed(resource, verb)
    if (body?.kind !== 'Eviction' || !['policy/v1', 'policy/v1beta1'].includes(body.apiVersion)) {
      throw badRequest(`the body must be an Eviction of policy/v1, not ${body?.kind} of ${body?.apiVersion}`)
    }
    return {
      code: 201,
      body: { ...cluster.evict(namespace as string, name, body, query.getAll('dryRun').includes('All')), code: 201 }
    }
  }
  if (subresource === 'scale' && ['deployments', 'replicasets', 'statefulsets'].includes(resource.plural))
    return scale(cluster, request)
  throw notSimulated(`${resource.plural}/${subresource}`)
}

function scale(cluster: LabCluster, request: ApiRequest): ApiAnswer {
  const { info, body, mediaType } = request
  const { resource, namespace, name = '', verb } = info
  const object = cluster.get(resource.kind, namespace, name)
  if (verb === 'get') return { code: 200, body: scaleOf(object) }
  if (verb !== 'update' && verb !== 'patch') throw methodNotAllowed(resource, verb)
  const type = verb === 'patch' ? patchTypeOf(mediaType) : 'merge'
  if (type === 'json') throw notSimulated('JSON patches of /scale')
  const { resourceVersion } = body.metadata ?? {}
  const change = {
    ...(resourceVersion ? { metadata: { resourceVersion } } : {}),
    spec: { replicas: body.spec?.replicas ?? 0 }
  }
  return {
    code: 200,
    body: scaleOf(
      cluster.store.patch(
        resource.kind,
        namespace,
        name,
        change,
        'merge',
        writeOptions({ ...request, info: { ...info, subresource: '' } })
      )
    )
  }
}

function scaleOf({ metadata, spec, status }: KubeObject): Raw {
  const { name, namespace, uid, resourceVersion, creationTimestamp } = metadata
  const selector = Object.entries(spec.selector?.matchLabels ?? {})
    .map(([key, value]) => `${key}=${value}`)
    .join(',')
  return {
    kind: 'Scale',
    apiVersion: 'autoscaling/v1',
    metadata: { name, namespace, uid, resourceVersion, creationTimestamp },
    spec: { replicas: spec.replicas },
    status: { replicas: status?.replicas ?? 0, selector }
  }
}

/** Names and namespaces in body and URL must agree; what the body leaves out the URL says. */
function newObject({ info, body }: ApiRequest): Raw {
  const { resource, namespace, name } = info
  if (name) throw methodNotAllowed(resource, 'create with a name')
  const apiVersion = apiVersionOf(resource)
  const object = { apiVersion, kind: resource.kind, ...body }
  if (object.kind !== resource.kind || object.apiVersion !== apiVersion) {
    throw badRequest(
      `${object.kind} in version "${object.apiVersion}" cannot be handled as a ${resource.kind}: the kind does not match the URL`
    )
  }
  return { ...object, metadata: inNamespace(namespace, object.metadata) }
}

function inNamespace(namespace: string | undefined, metadata: Raw = {}): Raw {
  if (namespace === undefined) return metadata
  if (metadata.namespace && metadata.namespace !== namespace) {
    throw badRequest(`the namespace of the provided object does not match the namespace sent on the request`)
  }
  return { ...metadata, namespace }
}

function updated({ info, body }: ApiRequest): Raw {
  const { resource, namespace, name } = info
  if (body?.metadata?.name !== name) {
    throw badRequest(
      `the name of the object (${body?.metadata?.name ?? ''}) does not match the name on the URL (${name})`
    )
  }
  return {
    ...body,
    apiVersion: apiVersionOf(resource),
    kind: resource.kind,
    metadata: inNamespace(namespace, body.metadata)
  }
}

/** A Lease is created by an update, too: who takes a lock by PUT must not rely on its having been there. */
function update(cluster: LabCluster, request: ApiRequest): ApiAnswer {
  const object = updated(request)
  const { kind, metadata } = object
  if (kind !== 'Lease' || cluster.find(kind, metadata.namespace, metadata.name)) {
    return { code: 200, body: cluster.store.update(object, writeOptions(request)) }
  }
  const { resourceVersion: _, uid: __, ...rest } = metadata
  return { code: 201, body: cluster.store.create({ ...object, metadata: rest }, writeOptions(request)) }
}

function patch(cluster: LabCluster, request: ApiRequest): KubeObject {
  const { info, mediaType, body } = request
  const type = patchTypeOf(mediaType)
  return cluster.store.patch(info.resource.kind, info.namespace, info.name ?? '', body, type, writeOptions(request))
}

function writeOptions({ query, info }: Pick<ApiRequest, 'query' | 'info'>): WriteOptions {
  return { dryRun: isDryRun(query), subresource: info.subresource === 'status' ? 'status' : undefined }
}

function isDryRun(query: URLSearchParams): boolean {
  return query.getAll('dryRun').includes('All')
}

function remove(cluster: LabCluster, request: ApiRequest, name: string): ApiAnswer {
  const { info } = request
  const { resource, namespace } = info
  const { object, gone } = cluster.store.remove(resource.kind, namespace, name, deleteOptions(request))
  // Pods always come back as objects; others only while they are still there.
  if (!gone || resource.kind === 'Pod') return { code: 200, body: object }
  const { uid } = object.metadata
  return {
    code: 200,
    body: success({ name, ...(resource.group ? { group: resource.group } : {}), kind: resource.plural, uid })
  }
}

function deleteOptions({ query, body }: ApiRequest): DeleteOptions {
  const options: DeleteOptions = { ...(body ?? {}) }
  const grace = query.get('gracePeriodSeconds')
  const policy = query.get('propagationPolicy')
  if (grace !== null) options.gracePeriodSeconds = Number(grace)
  if (policy !== null) options.propagationPolicy = policy as NonNullable<DeleteOptions['propagationPolicy']>
  if (isDryRun(query)) options.dryRun = ['All']
  return options
}

function removeAll(cluster: LabCluster, request: ApiRequest): ApiAnswer {
  const { resource, namespace } = request.info
  const matches = selection(resource.kind, request.query)
  const items = cluster.list(resource.kind, namespace).filter(matches)
  for (const { metadata } of items)
    cluster.store.remove(resource.kind, metadata.namespace, metadata.name, deleteOptions(request))
  return { code: 200, body: listOf(request.info, items, { resourceVersion: String(cluster.revision()) }) }
}

/** What a query's selectors let through. Throws 400 for selectors that cannot be parsed. */
export function selection(kind: string, query: URLSearchParams): (object: KubeObject) => boolean {
  const labels = query.get('labelSelector')
  const fields = query.get('fieldSelector')
  const byLabels = labels ? parseLabelSelector(labels) : undefined
  const byFields = fields ? parseFieldSelector(kind, fields) : undefined
  return (object) => (!byLabels || byLabels(object.metadata.labels ?? {})) && (!byFields || byFields.matches(object))
}

function list(cluster: LabCluster, { info, query }: ApiRequest): Raw {
  const { resource, namespace } = info
  const { kind } = resource
  const token = readContinue(query.get('continue'))
  const limit = Number(query.get('limit') ?? 0)
  const revision = token?.revision ?? listRevision(cluster, query, info)
  const all = candidates(cluster, kind, namespace, revision, query)
  const matches = selection(kind, query)
  const rest = all.filter((object) => (!token || keyOf(object) > token.after) && matches(object))
  const page = limit > 0 ? rest.slice(0, limit) : rest
  const metadata: Raw = { resourceVersion: String(revision) }
  if (page.length < rest.length) {
    metadata.continue = writeContinue(revision, keyOf(page.at(-1) as KubeObject))
    if (!query.get('labelSelector') && !query.get('fieldSelector'))
      metadata.remainingItemCount = rest.length - page.length
  }
  return listOf(info, page, metadata)
}

function listRevision(cluster: LabCluster, query: URLSearchParams, { resource }: RequestInfo): number {
  const wanted = query.get('resourceVersion')
  const match = query.get('resourceVersionMatch')
  if (match && !wanted) {
    throw invalid(resource, '', [
      {
        reason: 'FieldValueForbidden',
        field: 'resourceVersionMatch',
        message: 'Forbidden: resourceVersionMatch is forbidden unless resourceVersion is provided'
      }
    ])
  }
  if (!wanted || wanted === '0') return cluster.revision()
  const revision = parseRevision(wanted)
  cluster.store.changesSince(resource.kind, Math.max(revision, match === 'Exact' ? revision : cluster.revision()))
  return match === 'Exact' ? revision : cluster.revision()
}

export function parseRevision(text: string): number {
  if (!/^[0-9]+$/.test(text))
    throw badRequest(
      `Invalid value: ${JSON.stringify(text)}: strconv.ParseUint: parsing ${JSON.stringify(text)}: invalid syntax`
    )
  return Number(text)
}

function candidates(
  cluster: LabCluster,
  kind: string,
  namespace: string | undefined,
  revision: number,
  query: URLSearchParams
): KubeObject[] {
  const fields = query.get('fieldSelector')
  const nodeName = kind === 'Pod' && fields ? parseFieldSelector(kind, fields).nodeName : undefined
  if (nodeName && revision === cluster.revision()) {
    const pods = [...cluster.store.podsOnNode(nodeName)].filter(
      (pod) => namespace === undefined || pod.metadata.namespace === namespace
    )
    return pods.sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1))
  }
  return cluster.store.at(kind, revision, namespace)
}

/** Items of a list carry no kind and no apiVersion, as those of a real server. */
function listOf({ resource }: RequestInfo, items: readonly KubeObject[], metadata: Raw): Raw {
  const bare = items.map(({ kind: _, apiVersion: __, ...rest }) => rest)
  return { kind: `${resource.kind}List`, apiVersion: apiVersionOf(resource), metadata, items: bare }
}

function keyOf({ metadata }: KubeObject): string {
  return `${metadata.namespace ?? ''}/${metadata.name}`
}

function writeContinue(revision: number, after: string): string {
  return Buffer.from(JSON.stringify({ v: 'lab', rv: revision, start: after })).toString('base64url')
}

function readContinue(token: string | null): { revision: number; after: string } | undefined {
  if (!token) return undefined
  try {
    const { rv, start } = JSON.parse(Buffer.from(token, 'base64url').toString())
    if (typeof rv === 'number' && typeof start === 'string') return { revision: rv, after: start }
  } catch {
    // Falls through to the refusal.
  }
  throw badRequest('continue key is not valid')
}

/** A list whose history is gone is refused with other words when it is a page of a list begun earlier. */
export function asContinueError(error: unknown, query: URLSearchParams): unknown {
  if (!(error instanceof ApiError) || error.code !== 410 || !query.get('continue')) return error
  return expired(
    'The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter.'
  )
}

/** For paths that lead nowhere. */
export function noSuchResource(): ApiError {
  return failure(404, 'NotFound', 'the server could not find the requested resource', {})
}
