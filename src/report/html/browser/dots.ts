/// <reference lib="dom" />
// Runs in the reader's browser: the page has this function as text, so it uses nothing from outside but what it is given.
import type { BoardData } from '../board.ts'

export interface Dots {
  /** Draws the board as it was at this many ms from the beginning. */
  show(at: number, moving: boolean): void
  highlight(workload: number | undefined): void
}

/** Draws cards and dots into `root`; later calls move only what has changed. */
export function drawDots(root: HTMLElement, data: BoardData): Dots {
  const make = (tag: string, name: string, text = '') =>
    Object.assign(document.createElement(tag), { className: name, textContent: text })
  const cards: { card: HTMLElement; state: HTMLElement; dots: HTMLElement; spans: readonly (readonly number[])[] }[] =
    []
  root.replaceChildren(
    ...data.sides.map(({ title, color, nodes, leftOut }) => {
      const section = make('section', `panel ${color}`)
      const list = make('ul', 'cards')
      list.setAttribute('aria-label', title)
      for (const { name, title: full, spans } of nodes) {
        const card = make('li', 'card')
        const state = make('span', 'card-state')
        const dots = make('div', 'dots')
        dots.setAttribute('aria-hidden', 'true')
        const label = make('span', 'card-name', name)
        label.title = full
        card.append(label, state, dots)
        list.append(card)
        cards.push({ card, state, dots, spans })
      }
      section.append(make('h4', 'panel-title', title), list)
      if (leftOut > 0) section.append(make('p', 'quiet', `${leftOut} more nodes are not drawn.`))
      return section
    })
  )
  const dots = data.pods.map(({ name, workload }) => {
    const dot = make('i', `dot hue-${workload % 10}`)
    dot.title = name
    dot.dataset.workload = String(workload)
    return dot
  })
  const spanAt = (spans: readonly (readonly number[])[], at: number) => spans.findLast(([from = 0]) => from <= at)
  const still = matchMedia('(prefers-reduced-motion: reduce)')

  return {
    show(at, moving) {
      const counts = cards.map(() => 0)
      const arrived: { dot: HTMLElement; from: DOMRect }[] = []
      for (const [index, { spans, instead, name }] of data.pods.entries()) {
        const dot = dots[index] as HTMLElement
        const [, state = -1, node = -1] = spanAt(spans, at) ?? []
        const home = data.podStates[state] === 'gone' ? undefined : cards[node]?.dots
        if (home === undefined) dot.remove()
        else {
          counts[node] = (counts[node] ?? 0) + 1
          dot.dataset.state = data.podStates[state]
          dot.title = `${name}: ${data.podStates[state]}`
          if (dot.parentElement === home) continue
          const before = instead === undefined ? undefined : dots[instead]
          if (moving && before?.isConnected && !still.matches)
            arrived.push({ dot, from: before.getBoundingClientRect() })
          home.append(dot)
        }
      }
      for (const [index, { card, state, spans }] of cards.entries()) {
        const [, now] = spanAt(spans, at) ?? []
        const word = now === undefined ? 'not there' : (data.nodeStates[now] ?? '')
        card.dataset.state = word
        const pods = counts[index] === 1 ? '1 pod' : `${counts[index]} pods`
        state.textContent = counts[index] === 0 && word !== 'ready' && word !== 'cordoned' ? word : `${word}, ${pods}`
      }
      for (const { dot, from } of arrived) {
        const to = dot.getBoundingClientRect()
        const shift = `translate(${from.left - to.left}px, ${from.top - to.top}px)`
        dot.animate([{ transform: shift }, { transform: 'none' }], {
          duration: 700,
          easing: 'cubic-bezier(.3,.7,.2,1)'
        })
      }
    },
    highlight(workload) {
      for (const dot of dots)
        dot.classList.toggle('dim', workload !== undefined && dot.dataset.workload !== String(workload))
    }
  }
}
