/// <reference lib="dom" />
// Runs in the reader's browser: the page has this function as text, so it uses nothing from outside but what it is given.
import type { BoardData } from '../board.ts'

export interface Dots {
  /** Draws the board as it was at this many ms from the beginning. `moving`: pods glide to where they are now. */
  show(at: number, moving: boolean): void
  highlight(workload: number | undefined): void
}

/** Draws cards and dots into `root`. Where it has been drawn before, `show` begins from there. */
export function drawDots(root: HTMLElement, data: BoardData): Dots {
  const make = (tag: string, name: string, text = '') =>
    Object.assign(document.createElement(tag), { className: name, textContent: text })
  const before = new Map<string | undefined, DOMRect>()
  for (const dot of root.querySelectorAll<HTMLElement>('.dot')) before.set(dot.dataset.key, dot.getBoundingClientRect())
  const cards: { card: HTMLElement; state: HTMLElement; dots: HTMLElement; spans: readonly (readonly number[])[] }[] =
    []
  const sides = data.sides.map(({ title, color, nodes, leftOut }) => {
    const section = make('div', `panel ${color}`)
    const list = make('ul', 'cards')
    list.setAttribute('aria-label', title)
    for (const { name, title: full, spans } of nodes) {
      const card = make('li', 'card')
      const state = make('span', 'card-state')
      const dots = make('div', 'dots')
      dots.setAttribute('aria-hidden', 'true')
      const label = Object.assign(make('span', 'card-name', name), { title: full })
      card.append(label, state, dots)
      list.append(card)
      cards.push({ card, state, dots, spans })
    }
    section.append(make('p', 'panel-title', title), list)
    if (leftOut > 0) section.append(make('p', 'quiet', `${leftOut} more nodes are not drawn.`))
    return section
  })
  root.replaceChildren(...sides)
  const dots = data.pods.map(({ key, workload }) => {
    const dot = make('i', `dot hue-${workload % 10}`)
    Object.assign(dot.dataset, { key, workload: String(workload) })
    return dot
  })
  const spanAt = (spans: readonly (readonly number[])[], at: number) => spans.findLast(([from = 0]) => from <= at)
  const still = matchMedia('(prefers-reduced-motion: reduce)')

  const place = (at: number): Map<HTMLElement, DOMRect> => {
    const moved = new Map<HTMLElement, DOMRect>()
    for (const [index, { spans, instead, name, key }] of data.pods.entries()) {
      const dot = dots[index] as HTMLElement
      const [, state = -1, node = -1] = spanAt(spans, at) ?? []
      const home = data.podStates[state] === 'gone' ? undefined : cards[node]?.dots
      if (home === undefined) {
        dot.remove()
        continue
      }
      dot.dataset.state = data.podStates[state]
      dot.title = `${name}: ${data.podStates[state]}`
      if (dot.parentElement === home) continue
      const origin = instead === undefined ? undefined : dots[instead]
      const from =
        before.get(key) ??
        before.get(origin?.dataset.key) ??
        (origin?.isConnected ? origin.getBoundingClientRect() : undefined)
      if (from) moved.set(dot, from)
      home.append(dot)
    }
    return moved
  }

  return {
    show(at, moving) {
      const moved = place(at)
      for (const { card, state, dots: here, spans } of cards) {
        const [, now] = spanAt(spans, at) ?? []
        const word = now === undefined ? 'not there' : (data.nodeStates[now] ?? '')
        const pods = here.childElementCount
        card.dataset.state = word
        const bare = pods === 0 && word !== 'ready' && word !== 'cordoned'
        state.textContent = bare ? word : `${word}, ${pods === 1 ? '1 pod' : `${pods} pods`}`
      }
      for (const [dot, from] of moving && !still.matches ? moved : []) {
        const to = dot.getBoundingClientRect()
        if (Math.abs(from.left - to.left) + Math.abs(from.top - to.top) < 1) continue
        const transform = `translate(${from.left - to.left}px, ${from.top - to.top}px)`
        dot.animate([{ transform }, { transform: 'none' }], { duration: 700, easing: 'cubic-bezier(.3,.7,.2,1)' })
      }
      before.clear()
    },
    highlight(workload) {
      for (const dot of dots)
        dot.classList.toggle('dim', workload !== undefined && dot.dataset.workload !== String(workload))
    }
  }
}
