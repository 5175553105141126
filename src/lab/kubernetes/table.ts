/** Lists and watches as tables, for `kubectl get`. Kinds without columns of their own have their name and age. */
import type { KubeObject, Raw } from './object.ts'
import { apiVersionOf, type Resource } from './resource.ts'
import { columnsOf, name } from './table-columns.ts'

export function wantsTable(accept: string | undefined): boolean {
  return (accept ?? '').split(',').some((one) => /;\s*as=Table/.test(one) && /;\s*v=v1(;|$)/.test(one.trim()))
}

/** How much of each object a table is to carry: kubectl sorts by its fields only where it has all of it. */
export function wantsObjects(query: URLSearchParams): boolean {
  return query.get('includeObject') === 'Object'
}

/** `metadata` is that of the list. `whole`: rows carry their objects. */
export function tableOf(
  resource: Resource,
  objects: readonly KubeObject[],
  metadata: Raw,
  { now, whole = false }: { now: number; whole?: boolean }
): Raw {
  const wanted = columnsOf(resource.kind)
  const carried = (object: KubeObject) =>
    whole
      ? { ...object, kind: resource.kind, apiVersion: apiVersionOf(resource) }
      : { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata: object.metadata }
  return {
    kind: 'Table',
    apiVersion: 'meta.k8s.io/v1',
    metadata,
    columnDefinitions: wanted.map((one) => ({
      name: one.name,
      type: 'string',
      format: one === name ? 'name' : '',
      description: '',
      priority: one.wide ? 1 : 0
    })),
    rows: objects.map((object) => ({ cells: wanted.map((one) => one.cell(object, now)), object: carried(object) }))
  }
}
