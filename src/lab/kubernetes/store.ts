/**
 * What etcd and the registry of the API server do together: objects with one revision counter, optimistic concurrency,
 * graceful deletion and finalizers, and a history from which watches and pages are served.
 *
 * Objects are frozen: a writer makes another one. Everything happens at once, as in a single-threaded server;
 * listeners hear of a change before the writer continues.
 */
import { omitEmpty, setDefaults } from './admission.ts'
import {
  alreadyExists,
  badRequest,
  conflict,
  expired,
  failure,
  invalid,
  invalidValue,
  methodNotAllowed,
  notFound,
  objectModified,
  timedOut
} from './api-error.ts'
import { copyOf, deepFreeze, finished, type KubeObject, type NewObject, type Raw, same, timestamp } from './object.ts'
import { applyPatch, type PatchType } from './patch.ts'
import { namespaceTerminating, uidMismatch, versionMismatch } from './preconditions.ts'
import { apiVersionOf, knownKind, type Resource, resourceOfKind, resources } from './resource.ts'
import { multimap, suffix, uuid } from './store-index.ts'
import { validate } from './validation.ts'

export interface StoreChange {
  revision: number
  type: 'ADDED' | 'MODIFIED' | 'DELETED'
  object: KubeObject
  before?: KubeObject
}

export interface DeleteOptions {
  preconditions?: { uid?: string; resourceVersion?: string }
  gracePeriodSeconds?: number
  propagationPolicy?: 'Background' | 'Foreground' | 'Orphan'
  dryRun?: string[]
}

export interface WriteOptions {
  dryRun?: boolean
  subresource?: 'status' | undefined
}

export interface ObjectStore {
  revision(): number
  create(object: NewObject, options?: WriteOptions): KubeObject
  find(kind: string, namespace: string | undefined, name: string): KubeObject | undefined
  /** Throws 404. */
  get(kind: string, namespace: string | undefined, name: string): KubeObject
  list(kind: string, namespace?: string): KubeObject[]
  update(object: Raw, options?: WriteOptions): KubeObject
  patch(
    kind: string,
    namespace: string | undefined,
    name: string,
    patch: Raw,
    type: PatchType,
    options?: WriteOptions
  ): KubeObject
  /** A controller's write: any part of the object, on its newest version; a change that changes nothing is none. */
  write(object: KubeObject, change: (draft: Raw) => void): KubeObject | undefined
  remove(
    kind: string,
    namespace: string | undefined,
    name: string,
    options?: DeleteOptions
  ): { object: KubeObject; gone: boolean }
  /** Takes away an object whose finalization is over (a namespace that is empty). */
  finish(object: KubeObject): void
  listen(listener: (change: StoreChange) => void): () => void
  /** Throws 410 when the history does not reach back that far. */
  changesSince(kind: string, revision: number): StoreChange[]
  /** The objects of a kind as they were at a revision. Throws 410. */
  at(kind: string, revision: number, namespace?: string): KubeObject[]
  /** Forgets all history up to now, as etcd's compaction does. */
  compact(): void
  podsOnNode(node: string): Iterable<KubeObject>
  ownedBy(uid: string): Iterable<KubeObject>
  exists(uid: string): boolean
}

const HISTORY = 20_000
const unconditionalUpdateForbidden = new Set(['Lease', 'PodDisruptionBudget', 'CSINode', 'VolumeAttachment'])

export function createStore(options: { now: () => number; random: () => number }): ObjectStore {
  const objects = new Map<string, Map<string, KubeObject>>(resources.map(({ kind }) => [kind, new Map()]))
  const uids = new Set<string>()
  const keyLists = new Map<string, string[]>()
  const byNode = multimap()
  const byOwner = multimap()
  const listeners = new Set<(change: StoreChange) => void>()
  let history: StoreChange[] = []
  let compacted = 0
  let revision = 0

  const now = () => timestamp(options.now())
  const keyOf = (namespace: string | undefined, name: string) => (namespace ? `${namespace}/${name}` : name)
  const shelf = (kind: string) => {
    const found = objects.get(kind)
    if (!found) throw new Error(`the lab's Kubernetes has no kind ${kind}`)
    return found
  }

  function find(kind: string, namespace: string | undefined, name: string): KubeObject | undefined {
    return shelf(kind).get(keyOf(resourceOfKind(kind).namespaced ? namespace : undefined, name))
  }

  function get(kind: string, namespace: string | undefined, name: string): KubeObject {
    const found = find(kind, namespace, name)
    if (!found) throw notFound(resourceOfKind(kind), name)
    return found
  }

  function list(kind: string, namespace?: string): KubeObject[] {
    const all = shelf(kind)
    return sortedKeys(kind, namespace).map((key) => all.get(key) as KubeObject)
  }

  // Lists are read far more often than objects come and go.
  function sortedKeys(kind: string, namespace?: string): string[] {
    const name = `${kind}/${namespace ?? ''}`
    let keys = keyLists.get(name)
    if (!keys) {
      keys = [...shelf(kind).keys()].filter((key) => namespace === undefined || key.startsWith(`${namespace}/`)).sort()
      keyLists.set(name, keys)
    }
    return keys
  }

  function commit(type: StoreChange['type'], draft: Raw, before?: KubeObject): KubeObject {
    revision++
    draft.metadata.resourceVersion = String(revision)
    const object = deepFreeze(draft as KubeObject)
    const { kind, metadata } = object
    const key = keyOf(metadata.namespace, metadata.name)
    if (before) unindex(before)
    if (type !== 'MODIFIED')
      for (const namespace of ['', metadata.namespace ?? '']) keyLists.delete(`${kind}/${namespace}`)
    if (type === 'DELETED') shelf(kind).delete(key)
    else {
      shelf(kind).set(key, object)
      index(object)
    }
    const change: StoreChange = { revision, type, object, ...(before ? { before } : {}) }
    history.push(change)
    if (history.length > HISTORY) {
      compacted = history[HISTORY / 2]?.revision ?? revision
      history = history.slice(HISTORY / 2 + 1)
    }
    for (const listener of [...listeners]) listener(change)
    return object
  }

  function index(object: KubeObject): void {
    uids.add(object.metadata.uid)
    if (object.kind === 'Pod' && object.spec?.nodeName) byNode.add(object.spec.nodeName, object)
    for (const owner of object.metadata.ownerReferences ?? []) byOwner.add(owner.uid, object)
  }

  function unindex(object: KubeObject): void {
    uids.delete(object.metadata.uid)
    if (object.kind === 'Pod' && object.spec?.nodeName) byNode.remove(object.spec.nodeName, object)
    for (const owner of object.metadata.ownerReferences ?? []) byOwner.remove(owner.uid, object)
  }

  function create(input: NewObject, { dryRun }: WriteOptions = {}): KubeObject {
    if (!knownKind(input.kind))
      throw badRequest(`no kind "${input.kind}" is registered for version "${input.apiVersion}"`)
    const resource = resourceOfKind(input.kind)
    if (input.apiVersion !== apiVersionOf(resource)) {
      throw badRequest(`no kind "${input.kind}" is registered for version "${input.apiVersion}"`)
    }
    const draft = copyOf(input) as Raw
    const { metadata } = draft
    if (metadata.resourceVersion) throw failure(500, '', 'resourceVersion should not be set on objects to be created')
    if (!metadata.name && metadata.generateName) metadata.name = metadata.generateName + suffix(options.random)
    if (!metadata.name) {
      throw invalid(resource, '', [
        {
          reason: 'FieldValueRequired',
          field: 'metadata.name',
          message: 'Required value: name or generateName is required'
        }
      ])
    }
    if (resource.namespaced) demandNamespace(resource, metadata)
    else delete metadata.namespace
    metadata.uid = uuid(options.random)
    metadata.creationTimestamp = now()
    delete metadata.deletionTimestamp
    delete metadata.deletionGracePeriodSeconds
    if (resource.generation) metadata.generation = 1
    else delete metadata.generation
    if (resource.statusSubresource && draft.kind !== 'Node') delete draft.status
    omitEmpty(draft)
    setDefaults(draft, (kind, name) => find(kind, undefined, name))
    validate(resource, draft)
    if (find(draft.kind, metadata.namespace, metadata.name)) throw alreadyExists(resource, metadata.name)
    return dryRun ? (draft as KubeObject) : commit('ADDED', draft)
  }

  function demandNamespace(resource: Resource, metadata: Raw): void {
    if (!metadata.namespace) throw badRequest('an empty namespace may not be set during creation')
    const namespace = find('Namespace', undefined, metadata.namespace)
    if (!namespace) throw notFound(resourceOfKind('Namespace'), metadata.namespace)
    if (namespace.status?.phase === 'Terminating')
      throw namespaceTerminating(resource, metadata.namespace, metadata.name)
  }

  function update(input: Raw, options: WriteOptions = {}): KubeObject {
    const resource = resourceOfKind(input.kind)
    const { metadata } = input
    const before = get(input.kind, metadata?.namespace, metadata?.name)
    if (!metadata.resourceVersion && unconditionalUpdateForbidden.has(input.kind)) {
      const error = invalidValue('metadata.resourceVersion', 0, 'must be specified for an update')
      // Here the server names the resource where it names the kind elsewhere.
      throw invalid({ ...resource, kind: resource.plural }, metadata.name, [error])
    }
    if (metadata.uid && metadata.uid !== before.metadata.uid) {
      const why = `Precondition failed: UID in precondition: ${metadata.uid}, UID in object meta: ${before.metadata.uid}`
      throw conflict(resource, metadata.name, why)
    }
    return replace(resource, before, copyOf(input), options)
  }

  function patch(
    kind: string,
    namespace: string | undefined,
    name: string,
    change: Raw,
    type: PatchType,
    options: WriteOptions = {}
  ): KubeObject {
    const before = get(kind, namespace, name)
    const draft = copyOf(applyPatch(before, change, type))
    if (draft?.kind !== before.kind || draft.apiVersion !== before.apiVersion) {
      throw badRequest('the patch changes the kind or the version of the object')
    }
    return replace(resourceOfKind(kind), before, draft, options)
  }

  function replace(
    resource: Resource,
    before: KubeObject,
    draft: Raw,
    { dryRun, subresource }: WriteOptions
  ): KubeObject {
    const { name } = before.metadata
    const given = draft.metadata ?? {}
    if (given.name !== name) {
      throw badRequest(`the name of the object (${given.name}) does not match the name on the URL (${name})`)
    }
    if (given.uid && given.uid !== before.metadata.uid) {
      throw invalid(resource, name, [invalidValue('metadata.uid', given.uid, 'field is immutable')])
    }
    if (given.resourceVersion && given.resourceVersion !== before.metadata.resourceVersion) {
      throw conflict(resource, name, objectModified)
    }
    if (subresource && !resource.statusSubresource) throw methodNotAllowed(resource, 'status')
    const next = subresource ? withStatusOf(before, draft) : withoutStatusOf(resource, before, draft)
    // The server owns these; what the client says about them is ignored.
    const { uid, creationTimestamp, deletionTimestamp, deletionGracePeriodSeconds, generation, namespace } =
      before.metadata
    const owned = { uid, creationTimestamp, deletionTimestamp, deletionGracePeriodSeconds, generation, namespace }
    Object.assign(next.metadata, JSON.parse(JSON.stringify(owned)))
    for (const field of ['deletionTimestamp', 'deletionGracePeriodSeconds'] as const) {
      if (before.metadata[field] === undefined) delete next.metadata[field]
    }
    validate(resource, next, before)
    return settle(resource, before, next, dryRun === true)
  }

  function settle(resource: Resource, before: KubeObject, draft: Raw, dryRun: boolean): KubeObject {
    tidy(draft.metadata)
    omitEmpty(draft)
    draft.metadata.resourceVersion = before.metadata.resourceVersion
    if (same(draft, before)) return before
    // A binding is not a change of what the pod wants to be.
    const asked = draft.kind === 'Pod' ? { ...draft.spec, nodeName: before.spec.nodeName } : draft.spec
    if (resource.generation && !same(asked, before.spec))
      draft.metadata.generation = (before.metadata.generation ?? 0) + 1
    if (dryRun) return draft
    const released = before.metadata.finalizers?.length && !draft.metadata.finalizers?.length
    if (released && draft.metadata.deletionTimestamp && !draft.metadata.deletionGracePeriodSeconds) {
      return commit('DELETED', draft, before)
    }
    return commit('MODIFIED', draft, before)
  }

  function write(object: KubeObject, change: (draft: Raw) => void): KubeObject | undefined {
    const before = find(object.kind, object.metadata.namespace, object.metadata.name)
    if (!before || before.metadata.uid !== object.metadata.uid) return undefined
    const draft = copyOf(before) as Raw
    change(draft)
    return settle(resourceOfKind(object.kind), before, draft, false)
  }

  function remove(kind: string, namespace: string | undefined, name: string, options: DeleteOptions = {}) {
    const before = get(kind, namespace, name)
    const { uid, resourceVersion } = options.preconditions ?? {}
    if (uid && uid !== before.metadata.uid) throw uidMismatch(before, uid)
    if (resourceVersion && resourceVersion !== before.metadata.resourceVersion)
      throw versionMismatch(before, resourceVersion)
    if (options.dryRun?.length) return { object: before, gone: true }
    if (kind === 'Namespace') return terminateNamespace(before)
    const grace = kind === 'Pod' ? podGrace(before, options.gracePeriodSeconds) : 0
    if (grace > 0) return { object: markDeleted(before, grace), gone: false }
    return deleteNow(before, options.propagationPolicy)
  }

  /** https://github.com/kubernetes/kubernetes/blob/v1.37.2/pkg/registry/core/pod/strategy.go, CheckGracefulDelete */
  function podGrace(pod: KubeObject, asked: number | undefined): number {
    if (!pod.spec?.nodeName || finished(pod)) return 0
    const grace = asked ?? pod.spec.terminationGracePeriodSeconds ?? 0
    return grace < 0 ? 1 : grace
  }

  function markDeleted(before: KubeObject, graceSeconds: number): KubeObject {
    const { metadata } = before
    const left = metadata.deletionTimestamp ? (metadata.deletionGracePeriodSeconds ?? 0) : undefined
    if (left !== undefined && left <= graceSeconds) return before
    const draft = copyOf(before) as Raw
    // A shorter grace counts from the first deletion on.
    const since = metadata.deletionTimestamp
      ? Date.parse(metadata.deletionTimestamp) - (left ?? 0) * 1000
      : options.now()
    draft.metadata.deletionTimestamp = timestamp(since + graceSeconds * 1000)
    draft.metadata.deletionGracePeriodSeconds = graceSeconds
    if (draft.metadata.generation !== undefined && !metadata.deletionTimestamp) draft.metadata.generation++
    return commit('MODIFIED', draft, before)
  }

  function deleteNow(
    before: KubeObject,
    policy: DeleteOptions['propagationPolicy']
  ): { object: KubeObject; gone: boolean } {
    if (policy === 'Orphan') orphan(before)
    const draft = copyOf(before) as Raw
    if (policy === 'Foreground' && !draft.metadata.finalizers?.includes('foregroundDeletion')) {
      draft.metadata.finalizers = [...(draft.metadata.finalizers ?? []), 'foregroundDeletion']
    }
    if (!draft.metadata.finalizers?.length) {
      if (!before.metadata.deletionGracePeriodSeconds) return { object: commit('DELETED', draft, before), gone: true }
      // What was going gracefully is seen once more with its grace cut to nothing.
      draft.metadata.deletionGracePeriodSeconds = 0
      const last = commit('MODIFIED', draft, before)
      return { object: commit('DELETED', copyOf(last), last), gone: true }
    }
    draft.metadata.deletionTimestamp ??= now()
    draft.metadata.deletionGracePeriodSeconds = 0
    if (same(draft, before)) return { object: before, gone: false }
    return { object: commit('MODIFIED', draft, before), gone: false }
  }

  function orphan(owner: KubeObject): void {
    for (const dependent of [...byOwner.get(owner.metadata.uid)]) {
      write(dependent, ({ metadata }) => {
        metadata.ownerReferences = metadata.ownerReferences.filter((one: Raw) => one.uid !== owner.metadata.uid)
      })
    }
  }

  function terminateNamespace(before: KubeObject): { object: KubeObject; gone: boolean } {
    if (before.status?.phase === 'Terminating') {
      const message = 'The system is ensuring all content is removed from this namespace.'
      throw conflict(resourceOfKind('Namespace'), before.metadata.name, message)
    }
    const object = write(before, (draft) => {
      draft.metadata.deletionTimestamp = now()
      draft.status.phase = 'Terminating'
    })
    return { object: object ?? before, gone: false }
  }

  function changesSince(kind: string, from: number): StoreChange[] {
    demandHistory(from)
    const changes: StoreChange[] = []
    for (let i = history.length - 1; i >= 0; i--) {
      const change = history[i] as StoreChange
      if (change.revision <= from) break
      if (change.object.kind === kind) changes.push(change)
    }
    return changes.reverse()
  }

  function at(kind: string, when: number, namespace?: string): KubeObject[] {
    if (when === revision) return list(kind, namespace)
    const then = new Map(shelf(kind))
    for (const { object, before, type } of changesSince(kind, when).reverse()) {
      const key = keyOf(object.metadata.namespace, object.metadata.name)
      if (type === 'ADDED' || !before) then.delete(key)
      else then.set(key, before)
    }
    return [...then.values()]
      .filter((one) => namespace === undefined || one.metadata.namespace === namespace)
      .sort(byKey)
  }

  function demandHistory(from: number): void {
    if (from > revision) {
      const causes = [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }]
      throw timedOut(`Too large resource version: ${from}, current: ${revision}`, 1, causes)
    }
    if (from < compacted) throw expired(`too old resource version: ${from} (${compacted})`)
  }

  return {
    revision: () => revision,
    create,
    find,
    get,
    list,
    update,
    patch,
    write,
    remove,
    changesSince,
    at,
    finish(object) {
      const before = find(object.kind, object.metadata.namespace, object.metadata.name)
      if (before) commit('DELETED', copyOf(before), before)
    },
    listen(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    compact() {
      compacted = revision
      history = []
    },
    podsOnNode: (node) => byNode.get(node),
    ownedBy: (uid) => byOwner.get(uid),
    exists: (uid) => uids.has(uid)
  }
}

function withStatusOf(before: KubeObject, draft: Raw): Raw {
  const next = copyOf(before) as Raw
  next.status = draft.status
  if (before.kind === 'Node' || before.kind === 'Pod') {
    // The status strategies of nodes and pods let metadata through.
    next.metadata = { ...draft.metadata }
  }
  return next
}

function withoutStatusOf(resource: Resource, before: KubeObject, draft: Raw): Raw {
  if (!resource.statusSubresource) return draft
  const next = { ...draft }
  if (before.status === undefined) delete next.status
  else next.status = copyOf(before.status)
  return next
}

function tidy(metadata: Raw): void {
  for (const field of ['labels', 'annotations']) {
    if (metadata[field] && Object.keys(metadata[field]).length === 0) delete metadata[field]
  }
  for (const field of ['finalizers', 'ownerReferences']) if (metadata[field]?.length === 0) delete metadata[field]
}

function byKey(a: KubeObject, b: KubeObject): number {
  const [x, y] = [
    `${a.metadata.namespace ?? ''}/${a.metadata.name}`,
    `${b.metadata.namespace ?? ''}/${b.metadata.name}`
  ]
  return x < y ? -1 : x > y ? 1 : 0
}
