/**
 * The three patches of the API server: JSON patch (RFC 6902), merge patch (RFC 7386) and strategic merge, whose lists
 * merge by the keys that Kubernetes' own types carry. Lists without such a key are replaced as a whole; a node's taints are
 * such a list, and so is a pod's tolerations.
 */
import { badRequest, failure, unprocessable } from './api-error.ts'
import { type Raw, same } from './object.ts'

export type PatchType = 'json' | 'merge' | 'strategic'

const mediaTypes: Record<string, PatchType> = {
  'application/json-patch+json': 'json',
  'application/merge-patch+json': 'merge',
  'application/strategic-merge-patch+json': 'strategic'
}

export function patchTypeOf(mediaType: string): PatchType {
  const type = mediaTypes[mediaType]
  if (type) return type
  const message = mediaType.startsWith('application/apply-patch')
    ? 'the lab has no server-side apply'
    : '415: Unsupported Media Type'
  throw failure(415, 'UnsupportedMediaType', message, {})
}

/** The object after the patch; `target` itself is not changed. */
export function applyPatch(target: Raw, patch: Raw, type: PatchType): Raw {
  if (type === 'json') return applyJsonPatch(target, patch)
  if (patch === null || typeof patch !== 'object' || Array.isArray(patch))
    throw badRequest('a merge patch must be an object')
  return type === 'merge' ? applyMergePatch(target, patch) : applyStrategic(target, patch)
}

function applyMergePatch(target: Raw, patch: Raw): Raw {
  if (!isMap(patch)) return patch
  const result: Raw = isMap(target) ? { ...target } : {}
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key]
    else result[key] = applyMergePatch(result[key], value)
  }
  return result
}

/** Merge keys by field name, from `patchMergeKey` in the types; `true` marks lists of plain values that are united. */
const mergeKeys: Record<string, string | true> = {
  addresses: 'type',
  conditions: 'type',
  containers: 'name',
  drivers: 'name',
  env: 'name',
  ephemeralContainers: 'name',
  finalizers: true,
  hostAliases: 'ip',
  hostIPs: 'ip',
  imagePullSecrets: 'name',
  initContainers: 'name',
  ownerReferences: 'uid',
  podCIDRs: true,
  podIPs: 'ip',
  resourceClaims: 'name',
  schedulingGates: 'name',
  topologySpreadConstraints: 'topologyKey',
  volumeDevices: 'devicePath',
  volumeMounts: 'mountPath',
  volumes: 'name'
}

function mergeKeyOf(field: string, sample: Raw): string | true | undefined {
  // Ports of a container and of a service share the name of the field, not the key.
  if (field === 'ports') return sample && 'containerPort' in sample ? 'containerPort' : 'port'
  return mergeKeys[field]
}

function applyStrategic(target: Raw, patch: Raw): Raw {
  if (!isMap(patch)) return patch
  if (patch.$patch === 'delete') return undefined
  if (patch.$patch === 'replace') return withoutDirectives(patch)
  const result: Raw = isMap(target) ? { ...target } : {}
  if (Array.isArray(patch.$retainKeys)) {
    for (const key of Object.keys(result)) if (!patch.$retainKeys.includes(key)) delete result[key]
  }
  for (const [key, value] of Object.entries<Raw>(patch)) {
    if (key.startsWith('$deleteFromPrimitiveList/')) {
      const field = key.slice('$deleteFromPrimitiveList/'.length)
      result[field] = (result[field] ?? []).filter((item: Raw) => !value.includes(item))
    } else if (key.startsWith('$')) continue
    else if (value === null) delete result[key]
    else if (Array.isArray(value)) result[key] = mergeList(key, result[key], value)
    else {
      const merged = applyStrategic(result[key], value)
      if (merged === undefined) delete result[key]
      else result[key] = merged
    }
  }
  for (const [key, order] of Object.entries<Raw>(patch)) {
    if (!key.startsWith('$setElementOrder/')) continue
    const field = key.slice('$setElementOrder/'.length)
    if (Array.isArray(result[field])) result[field] = ordered(field, result[field], order)
  }
  return result
}

function mergeList(field: string, was: Raw, patch: Raw[]): Raw[] {
  const current: Raw[] = Array.isArray(was) ? was : []
  const key = mergeKeyOf(field, patch.find(isMap) ?? current.find(isMap))
  if (patch.some((item) => isMap(item) && item.$patch === 'replace'))
    return patch.filter((item) => item.$patch !== 'replace')
  if (key === undefined) return patch.map(withoutDirectives)
  if (key === true) return [...current, ...patch.filter((item) => !current.includes(item))]
  const result = [...current]
  for (const item of patch) {
    const name = item?.[key]
    if (name === undefined) throw badRequest(`map: ${JSON.stringify(item)} does not contain declared merge key: ${key}`)
    const at = result.findIndex((one) => one[key] === name)
    if (item.$patch === 'delete') {
      if (at >= 0) result.splice(at, 1)
    } else if (at >= 0) result[at] = applyStrategic(result[at], item)
    else result.push(applyStrategic({}, item))
  }
  return result
}

function ordered(field: string, list: Raw[], order: Raw[]): Raw[] {
  const key = mergeKeyOf(field, list.find(isMap))
  const name = (item: Raw) => (typeof key === 'string' && isMap(item) ? item[key] : item)
  const rank = new Map(order.map((item, index) => [name(item), index]))
  const known = list.filter((item) => rank.has(name(item)))
  known.sort((a, b) => (rank.get(name(a)) ?? 0) - (rank.get(name(b)) ?? 0))
  return [...known, ...list.filter((item) => !rank.has(name(item)))]
}

function withoutDirectives(value: Raw): Raw {
  if (Array.isArray(value)) return value.map(withoutDirectives)
  if (!isMap(value)) return value
  const kept = Object.entries(value).filter(([key]) => !key.startsWith('$'))
  return Object.fromEntries(kept.map(([key, inner]) => [key, withoutDirectives(inner)]))
}

interface Operation {
  op: string
  path: string
  from?: string
  value?: Raw
}

function applyJsonPatch(target: Raw, patch: Raw): Raw {
  if (!Array.isArray(patch))
    throw badRequest('error decoding patch: json: cannot unmarshal object into Go value of type []handlers.jsonPatchOp')
  let document = structuredClone(target)
  for (const operation of patch as Operation[]) document = applyOperation(document, operation)
  return document
}

// Every failure of an operation, a `test` that does not hold among them, is the same answer: 422 and no word of why.
function applyOperation(document: Raw, { op, path, from, value }: Operation): Raw {
  switch (op) {
    case 'test':
      if (!same(read(document, path) ?? null, value ?? null)) throw unprocessable()
      return document
    case 'add':
      return write(document, path, structuredClone(value), false)
    case 'replace':
      if (read(document, path) === undefined) throw unprocessable()
      return write(document, path, structuredClone(value), true)
    case 'remove':
      return take(document, path)
    case 'move':
    case 'copy': {
      const moved = read(document, from ?? '')
      if (moved === undefined) throw unprocessable()
      const rest = op === 'move' ? take(document, from ?? '') : document
      return write(rest, path, structuredClone(moved), false)
    }
    default:
      throw unprocessable()
  }
}

function segments(path: string): string[] {
  if (path !== '' && !path.startsWith('/')) throw unprocessable()
  return path
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
}

function parentOf(document: Raw, path: string): { parent: Raw; last: string } {
  const parts = segments(path)
  const last = parts.pop() ?? ''
  let parent = document
  for (const part of parts) parent = parent?.[part]
  if (parent === null || typeof parent !== 'object') throw unprocessable()
  return { parent, last }
}

function read(document: Raw, path: string): Raw {
  let value = document
  for (const part of segments(path)) {
    if (value === null || typeof value !== 'object' || !Object.hasOwn(value, part)) return undefined
    value = value[part]
  }
  return value
}

function write(document: Raw, path: string, value: Raw, replace: boolean): Raw {
  if (path === '') return value
  const { parent, last } = parentOf(document, path)
  if (!Array.isArray(parent)) parent[last] = value
  else {
    const at = last === '-' ? parent.length : Number(last)
    if (!Number.isInteger(at) || at < 0 || at > parent.length) throw unprocessable()
    parent.splice(at, replace ? 1 : 0, value)
  }
  return document
}

function take(document: Raw, path: string): Raw {
  if (read(document, path) === undefined) throw unprocessable()
  const { parent, last } = parentOf(document, path)
  if (Array.isArray(parent)) parent.splice(Number(last), 1)
  else delete parent[last]
  return document
}

function isMap(value: Raw): boolean {
  return value !== null && typeof value === 'object' && !Array.isArray(value)
}
