/** Every right in the cluster that a run uses, so that the plan can ask for each before anything is touched. */
import type { AccessCheck } from '../model/cluster.ts'
import { objectName, objectNamespace } from '../model/names.ts'
import type { Finding } from '../model/report.ts'
import type { Settings } from '../model/settings.ts'
import { shellWord } from '../model/shell-word.ts'
import { finding } from './finding.ts'

/** Name and namespace of both our Lease and our ConfigMap. */
const ours = { namespace: objectNamespace, name: objectName } as const

/** Gives every right at once; the commands after it give the one that is missing. */
const allRights = 'kubectl apply -f examples/rbac.yaml   (docs/permissions.md)'

const watched: readonly (readonly [group: string, resource: string])[] = [
  ['', 'nodes'],
  ['', 'pods'],
  ['', 'namespaces'],
  ['', 'persistentvolumes'],
  ['policy', 'poddisruptionbudgets'],
  ['apps', 'deployments'],
  ['apps', 'replicasets'],
  ['apps', 'statefulsets'],
  ['apps', 'daemonsets'],
  ['batch', 'jobs'],
  ['storage.k8s.io', 'volumeattachments'],
  ['storage.k8s.io', 'csinodes']
]

export function accessNeeded(settings: Pick<Settings, 'allowDowntime'>): readonly AccessCheck[] {
  const checks: AccessCheck[] = watched.flatMap(([group, resource]) =>
    ['list', 'watch'].map((verb) => ({ verb, group, resource }))
  )
  checks.push({ verb: 'get', group: '', resource: 'nodes' })
  checks.push({ verb: 'patch', group: '', resource: 'nodes' })
  checks.push({ verb: 'create', group: '', resource: 'pods', subresource: 'eviction' })
  // On the way back a pod that serves nobody may have to be deleted where its budget refuses the eviction.
  checks.push({ verb: 'delete', group: '', resource: 'pods' })
  checks.push({ verb: 'patch', group: 'apps', resource: 'deployments' })
  // A StatefulSet is restarted only where somebody allowed it to be down.
  if (settings.allowDowntime.length > 0) checks.push({ verb: 'patch', group: 'apps', resource: 'statefulsets' })
  // RBAC cannot name what is to be created, so `create` is asked for without a name.
  const objects = [
    { group: '', resource: 'configmaps' },
    { group: 'coordination.k8s.io', resource: 'leases' }
  ]
  for (const object of objects) {
    checks.push({ verb: 'get', ...object, ...ours }, { verb: 'update', ...object, ...ours })
    checks.push({ verb: 'create', ...object, namespace: ours.namespace })
  }
  return checks
}

/** One finding for each right that is missing. */
export function accessFindings(denied: readonly AccessCheck[]): readonly Finding[] {
  return denied.map((check) => {
    const what = `${check.resource}${check.subresource ? `/${check.subresource}` : ''}`
    const where = check.namespace ? `in namespace ${check.namespace}` : 'in the cluster'
    const which = check.name ? ` ${check.name}` : ''
    const reason = `this identity may not ${check.verb} ${what}${which} ${where}`
    return finding('access-denied', 'permissions', reason, allRights, roleCommand(check, what), bindCommand(check))
  })
}

function roleName(check: AccessCheck, what: string): string {
  return `eks-node-upgrade-${check.verb}-${what.replace('/', '-')}`
}

function roleCommand(check: AccessCheck, what: string): string {
  const kind = check.namespace
    ? `role ${roleName(check, what)} -n ${check.namespace}`
    : `clusterrole ${roleName(check, what)}`
  // kubectl writes a resource with its group as `deployments.apps`, and a subresource behind both.
  const resource = `${check.resource}${check.group ? `.${check.group}` : ''}${check.subresource ? `/${check.subresource}` : ''}`
  const name = check.name ? ` --resource-name=${shellWord(check.name)}` : ''
  return `kubectl create ${kind} --verb=${check.verb} --resource=${resource}${name}`
}

function bindCommand(check: AccessCheck): string {
  const what = `${check.resource}${check.subresource ? `/${check.subresource}` : ''}`
  const name = roleName(check, what)
  if (check.namespace) {
    return `kubectl create rolebinding ${name} -n ${check.namespace} --role=${name} --group=eks-node-upgrade`
  }
  return `kubectl create clusterrolebinding ${name} --clusterrole=${name} --group=eks-node-upgrade`
}
