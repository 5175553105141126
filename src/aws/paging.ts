/** All pages of a list, and the pieces of a list that is too long for one call. */

import { nameOf } from './aws-error.ts'

interface Page<Item> {
  items: readonly Item[] | undefined
  next: string | undefined
}

/** Page tokens expire. Then the list is read again from its beginning, so that it names nothing twice. */
const restartsAtMost = 2

/** `enough` may end the list early; it is called after each page, with that page's items. */
export async function allPages<Item>(
  read: (token: string | undefined) => Promise<Page<Item>>,
  enough: (items: readonly Item[]) => boolean = () => false
): Promise<Item[]> {
  for (let restarts = 0; ; restarts++) {
    try {
      return await onePass(read, enough)
    } catch (error) {
      if (!/^InvalidNextToken/.test(nameOf(error)) || restarts === restartsAtMost) throw error
    }
  }
}

async function onePass<Item>(
  read: (token: string | undefined) => Promise<Page<Item>>,
  enough: (items: readonly Item[]) => boolean
): Promise<Item[]> {
  const found: Item[] = []
  let token: string | undefined
  do {
    const { items = [], next } = await read(token)
    found.push(...items)
    // An empty page may have a successor.
    token = items.length > 0 && enough(items) ? undefined : next
  } while (token)
  return found
}

export function chunksOf<Item>(items: readonly Item[], size: number): Item[][] {
  const chunks: Item[][] = []
  for (let start = 0; start < items.length; start += size) chunks.push(items.slice(start, start + size))
  return chunks
}
