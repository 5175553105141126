/// <reference lib="dom" />
// Runs in the reader's browser: the page has this function as text, so it uses nothing from outside but what it is given.

/** Takes each picture that the server sends, and puts in place what has changed, so that focus and what is open stay. */
export function followLive(startBoard: (board: HTMLElement, gliding: boolean) => void): void {
  const source = new EventSource('events')
  const notice = document.getElementById('notice')
  const root = document.getElementById('chapters')
  const parts = (element: Element) => [...element.querySelectorAll<HTMLElement>('[data-part]')]

  const replace = (old: HTMLElement, fresh: HTMLElement) => {
    for (const open of old.querySelectorAll('details')) {
      const same = [...fresh.querySelectorAll('details')].find(({ dataset }) => dataset.key === open.dataset.key)
      if (same) same.open = open.open
    }
    const active = old.contains(document.activeElement) ? document.activeElement?.closest('details') : undefined
    const dots = old.querySelector('.sides')
    old.replaceWith(fresh)
    const board = fresh.querySelector<HTMLElement>('[data-board]')
    if (board) {
      // The dots of the last picture are where the pods of this one begin.
      if (dots) board.querySelector('.sides')?.replaceWith(dots)
      startBoard(board, true)
    }
    for (const one of active ? fresh.querySelectorAll('details') : [])
      if (one.dataset.key === active?.dataset.key) one.querySelector('summary')?.focus()
  }
  source.addEventListener('message', ({ data }) => {
    const next = document.createElement('template')
    next.innerHTML = JSON.parse(data)
    const old = new Map(root ? parts(root).map((part) => [part.dataset.part, part]) : [])
    const fresh = parts(next.content as unknown as Element)
    if (fresh.length === old.size && fresh.every(({ dataset }) => old.has(dataset.part))) {
      for (const part of fresh) {
        const before = old.get(part.dataset.part)
        if (before) replace(before, part)
      }
      return
    }
    root?.replaceChildren(next.content)
    for (const board of root?.querySelectorAll<HTMLElement>('[data-board]') ?? []) startBoard(board, false)
  })
  source.addEventListener('end', () => {
    source.close()
    if (notice) notice.textContent = 'It has ended. This page is complete.'
  })
  source.addEventListener('error', () => {
    if (notice) notice.textContent = 'The connection is lost: the command has ended.'
    source.close()
  })
}
