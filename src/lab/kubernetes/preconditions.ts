/** Refusals that the store and the eviction subresource share. */
import { conflict, forbidden } from './api-error.ts'
import type { KubeObject } from './object.ts'
import { type Resource, resourceOfKind } from './resource.ts'

export function namespaceTerminating(resource: Resource, namespace: string, name: string) {
  const why = `unable to create new content in namespace ${namespace} because it is being terminated`
  return forbidden(resource, name, why, [
    {
      reason: 'NamespaceTerminating',
      message: `namespace ${namespace} is being terminated`,
      field: 'metadata.namespace'
    }
  ])
}

/** Preconditions of a delete or an eviction. The server names the kind where it names the resource elsewhere. */
export function uidMismatch(object: KubeObject, wanted: string) {
  const { name, uid } = object.metadata
  const why = `the UID in the precondition (${wanted}) does not match the UID in record (${uid}). The object might have been deleted and then recreated`
  return conflict({ ...resourceOfKind(object.kind), plural: object.kind }, name, why)
}

export function versionMismatch(object: KubeObject, wanted: string) {
  const { name, resourceVersion } = object.metadata
  const why = `the ResourceVersion in the precondition (${wanted}) does not match the ResourceVersion in record (${resourceVersion}). The object might have been modified`
  return conflict({ ...resourceOfKind(object.kind), plural: object.kind }, name, why)
}
