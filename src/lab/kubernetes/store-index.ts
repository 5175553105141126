/** Indexes and names of the store. */
import type { KubeObject } from './object.ts'

/** Objects by some key, each once, by UID. */
export function multimap() {
  const entries = new Map<string, Map<string, KubeObject>>()
  const none: ReadonlyMap<string, KubeObject> = new Map()
  return {
    add(key: string, object: KubeObject) {
      let inner = entries.get(key)
      if (!inner) {
        inner = new Map()
        entries.set(key, inner)
      }
      inner.set(object.metadata.uid, object)
    },
    remove(key: string, object: KubeObject) {
      const inner = entries.get(key)
      inner?.delete(object.metadata.uid)
      if (inner?.size === 0) entries.delete(key)
    },
    get: (key: string): Iterable<KubeObject> => [...(entries.get(key) ?? none).values()]
  }
}

/** As the API server ends generated names. */
export function suffix(random: () => number, length = 5): string {
  const alphabet = 'bcdfghjklmnpqrstvwxz2456789'
  return Array.from({ length }, () => alphabet[Math.floor(random() * alphabet.length)]).join('')
}

export function uuid(random: () => number): string {
  const hex = Array.from({ length: 32 }, () => Math.floor(random() * 16).toString(16))
  hex[12] = '4'
  hex[16] = '89ab'[Math.floor(random() * 4)] as string
  const text = hex.join('')
  return `${text.slice(0, 8)}-${text.slice(8, 12)}-${text.slice(12, 16)}-${text.slice(16, 20)}-${text.slice(20)}`
}
