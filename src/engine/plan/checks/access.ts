/** Every permission in the cluster that a run uses, so that the plan can check each of them before anything is changed. */
import type { AccessCheck } from '../../model/cluster.ts'
import { objectName, objectNamespace } from '../../model/names.ts'
import type { Settings } from '../../model/settings.ts'
import { shellWord } from '../../model/shell-word.ts'
import { finding } from '../finding.ts'
import type { PlanInput } from '../plan-facts.ts'
import type { Findings } from './check.ts'

/** Name and namespace of both our Lease and our ConfigMap. */
const ours = { namespace: objectNamespace, name: objectName } as const

/** Grants every permission at once; the commands after it grant the one that is missing. */
const allPermissions = 'kubectl apply -f examples/rbac.yaml'

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
  // During a revert a pod that is not ready may have to be deleted, if its budget refuses the eviction.
  checks.push({ verb: 'delete', group: '', resource: 'pods' })
  checks.push({ verb: 'patch', group: 'apps', resource: 'deployments' })
  // A StatefulSet is restarted only if it is allowed to be down.
  if (settings.allowDowntime.length > 0) checks.push({ verb: 'patch', group: 'apps', resource: 'statefulsets' })
  // RBAC cannot restrict `create` to a name: https://kubernetes.io/docs/reference/access-authn-authz/rbac/#referring-to-resources
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

/** One finding for each permission that is missing. */
export function access({ denied }: Pick<PlanInput, 'denied'>): Findings {
  const blockers = denied.map((check) => {
    const what = resourceWords(check)
    const where = check.namespace ? `in namespace ${check.namespace}` : 'in the cluster'
    const which = check.name ? ` ${check.name}` : ''
    const reason = `this identity may not ${check.verb} ${what}${which} ${where}`
    return finding('access-denied', 'permissions', reason, allPermissions, roleCommand(check), bindCommand(check))
  })
  return { blockers, warnings: [] }
}

function resourceWords({ resource, subresource }: AccessCheck): string {
  return `${resource}${subresource ? `/${subresource}` : ''}`
}

function roleName(check: AccessCheck): string {
  return `eks-node-upgrade-${check.verb}-${resourceWords(check).replace('/', '-')}`
}

function roleCommand(check: AccessCheck): string {
  const kind = check.namespace ? `role ${roleName(check)} -n ${check.namespace}` : `clusterrole ${roleName(check)}`
  // kubectl writes a resource with its group as `deployments.apps`, and a subresource behind both.
  const resource = `${check.resource}${check.group ? `.${check.group}` : ''}${check.subresource ? `/${check.subresource}` : ''}`
  const name = check.name ? ` --resource-name=${shellWord(check.name)}` : ''
  return `kubectl create ${kind} --verb=${check.verb} --resource=${resource}${name}`
}

function bindCommand(check: AccessCheck): string {
  const name = roleName(check)
  if (check.namespace) {
    return `kubectl create rolebinding ${name} -n ${check.namespace} --role=${name} --group=eks-node-upgrade`
  }
  return `kubectl create clusterrolebinding ${name} --clusterrole=${name} --group=eks-node-upgrade`
}
