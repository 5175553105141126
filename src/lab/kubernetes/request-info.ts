/** What a request to the REST API is about, as the API server's RequestInfo has it. */
import { type Resource, resources } from './resource.ts'

export type Verb = 'get' | 'list' | 'watch' | 'create' | 'update' | 'patch' | 'delete' | 'deletecollection'

export interface RequestInfo {
  verb: Verb
  resource: Resource
  namespace?: string
  name?: string
  subresource?: string
}

/** Undefined where the path leads to no resource that the lab has. */
export function requestInfo(method: string, path: string, query: URLSearchParams): RequestInfo | undefined {
  const parts = path.split('/').filter(Boolean).map(decodeURIComponent)
  const core = parts[0] === 'api'
  if (!core && parts[0] !== 'apis') return undefined
  const group = core ? '' : parts[1]
  const version = core ? parts[1] : parts[2]
  let rest = parts.slice(core ? 2 : 3)
  let namespace: string | undefined
  // /namespaces/x and /namespaces/x/status are about the namespace itself.
  if (rest[0] === 'namespaces' && rest.length > 2 && !['status', 'finalize'].includes(rest[2] as string)) {
    namespace = rest[1]
    rest = rest.slice(2)
  }
  const [plural, name, subresource, ...more] = rest
  const resource = resources.find((one) => one.plural === plural && one.group === group && one.version === version)
  if (!resource || more.length > 0) return undefined
  if (resource.namespaced ? name !== undefined && namespace === undefined : namespace !== undefined) return undefined
  const verb = verbOf(method, name, query)
  if (!verb) return undefined
  return {
    verb,
    resource,
    ...(namespace === undefined ? {} : { namespace }),
    ...(name === undefined ? {} : { name }),
    ...(subresource === undefined ? {} : { subresource })
  }
}

function verbOf(method: string, name: string | undefined, query: URLSearchParams): Verb | undefined {
  switch (method) {
    case 'GET':
    case 'HEAD':
      if (name !== undefined) return 'get'
      return ['true', '1', ''].includes(query.get('watch') ?? 'false') ? 'watch' : 'list'
    case 'POST':
      return 'create'
    case 'PUT':
      return 'update'
    case 'PATCH':
      return 'patch'
    case 'DELETE':
      return name === undefined ? 'deletecollection' : 'delete'
    default:
      return undefined
  }
}

/** `pods/eviction`, as rules of RBAC name it. */
export function ruleResource({ resource, subresource }: RequestInfo): string {
  return subresource ? `${resource.plural}/${subresource}` : resource.plural
}
