import assert from 'node:assert/strict'
import { test } from 'node:test'
import { access, accessNeeded } from '../../../../src/engine/plan/checks/access.ts'

const words = (allowDowntime: readonly string[]) =>
  accessNeeded({ allowDowntime }).map(({ verb, group, resource, subresource, namespace, name }) =>
    [verb, [resource, subresource].filter(Boolean).join('/'), group, namespace, name].filter(Boolean).join(' ')
  )

const needed = [
  'get nodes',
  'list nodes',
  'watch nodes',
  'patch nodes',
  'list pods',
  'watch pods',
  'create pods/eviction',
  'delete pods',
  'list namespaces',
  'watch namespaces',
  'list persistentvolumes',
  'watch persistentvolumes',
  'list poddisruptionbudgets policy',
  'watch poddisruptionbudgets policy',
  'list deployments apps',
  'watch deployments apps',
  'patch deployments apps',
  'list replicasets apps',
  'watch replicasets apps',
  'list statefulsets apps',
  'watch statefulsets apps',
  'list daemonsets apps',
  'watch daemonsets apps',
  'list jobs batch',
  'watch jobs batch',
  'list volumeattachments storage.k8s.io',
  'watch volumeattachments storage.k8s.io',
  'list csinodes storage.k8s.io',
  'watch csinodes storage.k8s.io',
  'get configmaps kube-system eks-node-upgrade',
  'update configmaps kube-system eks-node-upgrade',
  'create configmaps kube-system',
  'get leases coordination.k8s.io kube-system eks-node-upgrade',
  'update leases coordination.k8s.io kube-system eks-node-upgrade',
  'create leases coordination.k8s.io kube-system'
]

test('every permission that a run uses is checked, and no other', () => {
  assert.deepEqual([...words([])].sort(), [...needed].sort())
})

test('StatefulSets are patched only if they are allowed to be down', () => {
  assert.deepEqual(
    words(['a']).filter((one) => !words([]).includes(one)),
    ['patch statefulsets apps']
  )
})

test('each missing permission is a finding of its own, with the role that grants it', () => {
  const { blockers: findings } = access({
    denied: [
      { verb: 'create', group: '', resource: 'pods', subresource: 'eviction' },
      {
        verb: 'update',
        group: 'coordination.k8s.io',
        resource: 'leases',
        namespace: 'kube-system',
        name: 'eks-node-upgrade'
      }
    ]
  })
  assert.deepEqual(
    findings.map(({ reason }) => reason),
    [
      'this identity may not create pods/eviction in the cluster',
      'this identity may not update leases eks-node-upgrade in namespace kube-system'
    ]
  )
  assert.equal(
    findings[0]?.remedies[1],
    'kubectl create clusterrole eks-node-upgrade-create-pods-eviction --verb=create --resource=pods/eviction'
  )
  assert.equal(
    findings[1]?.remedies[1],
    'kubectl create role eks-node-upgrade-update-leases -n kube-system --verb=update --resource=leases.coordination.k8s.io --resource-name=eks-node-upgrade'
  )
})
