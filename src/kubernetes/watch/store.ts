/** The objects of one kind as they were last known, projected. */

export interface FollowedObjects<T> {
  /** Everything at once: what is not in it has vanished. */
  replace(objects: ReadonlyMap<string, T>): void
  /** undefined: it is there and of no interest. */
  set(key: string, object: T | undefined): void
  delete(key: string): void
  /** The same array until something changes. */
  values(): readonly T[]
}

export function store<T>(changed: () => void): FollowedObjects<T> {
  let objects = new Map<string, T>()
  let cached: readonly T[] | undefined

  const touch = (): void => {
    cached = undefined
    changed()
  }

  return {
    replace(next) {
      objects = new Map(next)
      touch()
    },
    set(key, object) {
      if (object !== undefined) objects.set(key, object)
      else if (!objects.delete(key)) return
      touch()
    },
    delete(key) {
      if (objects.delete(key)) touch()
    },
    values() {
      cached ??= [...objects.values()]
      return cached
    }
  }
}
