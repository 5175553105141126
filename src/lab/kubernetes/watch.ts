/** Watches: what happened since a revision, and then what happens, as one object or label selection sees it. */
import type { KubeObject } from './object.ts'
import type { ObjectStore, StoreChange } from './store.ts'

export interface StoreWatchEvent {
  type: 'ADDED' | 'MODIFIED' | 'DELETED'
  object: KubeObject
}

export interface Selection {
  kind: string
  namespace?: string | undefined
  matches?: ((object: KubeObject) => boolean) | undefined
}

/**
 * Events in order, those since `revision` at once. An object that begins to match is ADDED and one that ceases to is DELETED,
 * whatever really happened to it. Throws 410 when the history does not reach back.
 */
export function watchStore(
  store: ObjectStore,
  selection: Selection,
  revision: number,
  onEvent: (event: StoreWatchEvent) => void
): () => void {
  for (const change of store.changesSince(selection.kind, revision)) deliver(selection, change, onEvent)
  return store.listen((change) => {
    if (change.object.kind === selection.kind) deliver(selection, change, onEvent)
  })
}

function deliver(
  { namespace, matches }: Selection,
  change: StoreChange,
  onEvent: (event: StoreWatchEvent) => void
): void {
  const { object, before, type } = change
  if (namespace !== undefined && object.metadata.namespace !== namespace) return
  const matched = before !== undefined && type !== 'ADDED' && (!matches || matches(before))
  const isMatching = type !== 'DELETED' && (!matches || matches(object))
  if (!matched && !isMatching) return
  if (matched && isMatching) onEvent({ type: 'MODIFIED', object })
  else if (isMatching) onEvent({ type: 'ADDED', object })
  else if (type === 'DELETED') onEvent({ type: 'DELETED', object })
  // It only ceased to match: the watcher gets it as it last matched, with the revision at which it ceased to.
  else
    onEvent({
      type: 'DELETED',
      object: {
        ...(before as KubeObject),
        metadata: { ...(before as KubeObject).metadata, resourceVersion: object.metadata.resourceVersion }
      }
    })
}
