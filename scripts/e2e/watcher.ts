// Lists a kind once and follows it, for ever: the observer's own feed, so that nothing of the product is trusted.
import { setTimeout as sleep } from 'node:timers/promises'
import type { Kubernetes, KubernetesObject } from './kubernetes-client.ts'

export interface ObjectChange {
  type: 'SET' | 'GONE'
  object: KubernetesObject
}

/** Calls back for every object and every change; resolves once the first list has been told. Ends with `signal`. */
export async function follow(
  kubernetes: Kubernetes,
  path: string,
  change: (change: ObjectChange) => void,
  signal: AbortSignal
): Promise<void> {
  const known = new Map<string, KubernetesObject>()
  let from = await relist()
  void keepWatching()

  async function relist(): Promise<string> {
    const { items, resourceVersion } = await kubernetes.list(path)
    const present = new Set(items.map(({ metadata }) => metadata.uid ?? ''))
    for (const [uid, object] of known) if (!present.has(uid)) tell('GONE', object)
    for (const object of items) tell('SET', object)
    return resourceVersion
  }

  function tell(type: ObjectChange['type'], object: KubernetesObject): void {
    const uid = object.metadata.uid ?? ''
    if (type === 'GONE') known.delete(uid)
    else known.set(uid, object)
    change({ type, object })
  }

  async function keepWatching(): Promise<void> {
    while (!signal.aborted) {
      let expired = false
      try {
        await kubernetes.watch(
          path,
          from,
          ({ type, object }) => {
            if (type === 'ERROR') {
              expired = true
              return
            }
            from = object.metadata.resourceVersion ?? from
            if (type !== 'BOOKMARK') tell(type === 'DELETED' ? 'GONE' : 'SET', object)
          },
          signal
        )
        if (expired) from = await relist()
      } catch {
        // The API server is away; what it has to say it says when it is back.
        await sleep(300)
      }
    }
  }
}
