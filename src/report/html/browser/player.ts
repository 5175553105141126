/// <reference lib="dom" />
// Runs in the reader's browser: the page has these functions as text, so they use nothing from outside but what they are given.
import type { BoardData } from '../board.ts'
import type { drawDots } from './dots.ts'

/** Brings one board to life: its slider, its button, and the names of workloads. `gliding`: it was drawn a moment ago. */
export function playBoard(board: HTMLElement, draw: typeof drawDots, gliding: boolean): void {
  const find = <T extends HTMLElement>(selector: string) => board.querySelector(selector) as T
  const data = JSON.parse(find('.board-data').textContent ?? '') as BoardData
  const slider = find<HTMLInputElement>('.slider')
  const button = find<HTMLButtonElement>('.play')
  const output = find<HTMLOutputElement>('.moment')
  const dots = draw(find('.sides'), data)
  const playMs = 14_000
  let playing = 0

  const clock = (ms: number) => `${Math.floor(ms / 60_000)}:${String(Math.floor(ms / 1000) % 60).padStart(2, '0')}`
  const momentAt = (place: number) => {
    const next = data.scale.findIndex(([, end]) => end >= place)
    const [untilAt = 0, until = 0] = data.scale[next < 0 ? data.scale.length - 1 : next] ?? []
    const [fromAt = 0, from = 0] = data.scale[next - 1] ?? []
    return until === from ? untilAt : fromAt + ((place - from) / (until - from)) * (untilAt - fromAt)
  }
  const show = (moving: boolean) => {
    const at = momentAt(Number(slider.value))
    dots.show(at, moving)
    const text = data.moments.findLast(([from]) => from <= at)?.[1] ?? ''
    output.textContent = `${clock(at)}  ${text}`
    slider.setAttribute('aria-valuetext', `${clock(at)}, ${text}`)
  }
  const rest = () => {
    cancelAnimationFrame(playing)
    playing = 0
    button.textContent = 'Play'
  }
  const play = () => {
    button.textContent = 'Pause'
    if (Number(slider.value) >= 1000) slider.value = '0'
    let start: number | undefined
    const frame = (now: number) => {
      start ??= now - (Number(slider.value) / 1000) * playMs
      slider.value = String(Math.min(1000, ((now - start) / playMs) * 1000))
      show(true)
      if (Number(slider.value) >= 1000) return rest()
      playing = requestAnimationFrame(frame)
    }
    playing = requestAnimationFrame(frame)
  }
  button.addEventListener('click', () => (playing === 0 ? play() : rest()))
  slider.addEventListener('input', () => {
    rest()
    show(false)
  })
  board.addEventListener('highlight', (event) => dots.highlight((event as CustomEvent<number | undefined>).detail))
  show(gliding)
}

/** One chip a workload: pressed, everything else on the board and in the timeline steps back. */
export function workloadChips(board: HTMLElement): void {
  const { workloads } = JSON.parse(board.querySelector('.board-data')?.textContent ?? '') as BoardData
  const chips = board.querySelector('.chips')
  for (const [index, name] of workloads.entries()) {
    const chip = Object.assign(document.createElement('button'), {
      type: 'button',
      className: 'chip',
      textContent: name
    })
    chip.prepend(Object.assign(document.createElement('i'), { className: `dot hue-${index % 10}` }))
    chip.setAttribute('aria-pressed', 'false')
    chip.addEventListener('click', () => {
      const on = chip.getAttribute('aria-pressed') !== 'true'
      for (const other of chips?.children ?? []) other.setAttribute('aria-pressed', String(on && other === chip))
      board.dispatchEvent(new CustomEvent('highlight', { detail: on ? index : undefined }))
      for (const line of board.closest('.chapter')?.querySelectorAll<SVGElement>('.journey') ?? [])
        line.classList.toggle('dim', on && line.dataset.workload !== String(index))
    })
    chips?.append(chip)
  }
}
