/** The discovery documents: which groups, versions and resources there are. Enough for kubectl and client libraries. */
import type { Raw } from './object.ts'
import { type Resource, resources } from './resource.ts'

const verbs = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch']
const scalable = ['deployments', 'replicasets', 'statefulsets']

/** Undefined where the path is no discovery document. */
export function discover(path: string, version: string): Raw | undefined {
  const parts = path.split('/').filter(Boolean)
  if (path === '/version') return versionInfo(version)
  if (parts[0] === 'api' && parts.length === 1) {
    return { kind: 'APIVersions', versions: ['v1'], serverAddressByClientCIDRs: [] }
  }
  if (parts[0] === 'api' && parts[1] === 'v1' && parts.length === 2) return resourceList('', 'v1')
  if (parts[0] !== 'apis') return undefined
  const [, group, groupVersion, ...more] = parts
  if (!group) return { kind: 'APIGroupList', apiVersion: 'v1', groups: groups().map(groupEntry) }
  if (more.length > 0 || !groups().includes(group)) return undefined
  if (!groupVersion) return { kind: 'APIGroup', apiVersion: 'v1', ...groupEntry(group) }
  return groupVersion === 'v1' ? resourceList(group, 'v1') : undefined
}

/** Whether a path below /api or /apis names a group and version that the lab has. */
export function knownGroup(path: string): boolean {
  const [root, ...rest] = path.split('/').filter(Boolean)
  if (root === 'api') return rest[0] === 'v1'
  return root === 'apis' && groups().includes(rest[0] ?? '') && rest[1] === 'v1'
}

function groups(): string[] {
  const found = new Set(resources.map(({ group }) => group).filter(Boolean))
  return [...found, 'authorization.k8s.io', 'authentication.k8s.io']
}

function groupEntry(name: string): Raw {
  const version = { groupVersion: `${name}/v1`, version: 'v1' }
  return { name, versions: [version], preferredVersion: version }
}

function resourceList(group: string, version: string): Raw {
  const groupVersion = group ? `${group}/${version}` : version
  const listed = resources.filter((one) => one.group === group).flatMap(entries)
  if (group === 'authorization.k8s.io') listed.push(review('SelfSubjectAccessReview'))
  if (group === 'authentication.k8s.io') listed.push(review('SelfSubjectReview'))
  return { kind: 'APIResourceList', apiVersion: 'v1', groupVersion, resources: listed }
}

function review(kind: string): Raw {
  const singular = kind.toLowerCase()
  return { name: `${singular}s`, singularName: singular, namespaced: false, kind, verbs: ['create'] }
}

function entries({ plural, singular, namespaced, kind, shortNames, categories, statusSubresource }: Resource): Raw[] {
  const main = {
    name: plural,
    singularName: singular,
    namespaced,
    kind,
    verbs,
    ...(shortNames ? { shortNames } : {}),
    ...(categories ? { categories } : {})
  }
  const more: Raw[] = []
  if (statusSubresource)
    more.push({ name: `${plural}/status`, singularName: '', namespaced, kind, verbs: ['get', 'patch', 'update'] })
  if (plural === 'pods') {
    more.push({
      name: 'pods/eviction',
      singularName: '',
      namespaced,
      group: 'policy',
      version: 'v1',
      kind: 'Eviction',
      verbs: ['create']
    })
  }
  if (scalable.includes(plural)) {
    more.push({
      name: `${plural}/scale`,
      singularName: '',
      namespaced,
      group: 'autoscaling',
      version: 'v1',
      kind: 'Scale',
      verbs: ['get', 'patch', 'update']
    })
  }
  return [main, ...more]
}

function versionInfo(version: string): Raw {
  const [major, minor] = version.split('.')
  return {
    major,
    minor,
    gitVersion: `v${major}.${minor}.0-lab`,
    gitCommit: '',
    gitTreeState: 'clean',
    buildDate: '2026-01-01T00:00:00Z',
    goVersion: '',
    compiler: '',
    platform: 'linux/amd64'
  }
}
