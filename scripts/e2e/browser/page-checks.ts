/// <reference lib="dom" />
// What must be so on every page of the report, in every color and at every width.
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Page } from 'playwright-core'
import { check } from '../expect.ts'

const axe = readFileSync(fileURLToPath(import.meta.resolve('axe-core/axe.min.js')), 'utf8')

interface Violation {
  id: string
  nodes: { target: string[]; failureSummary?: string }[]
}

/** axe-core on everything that is shown, what is folded included. It is no script of the page, so it comes past its policy. */
export async function checkAccessible(page: Page, what: string): Promise<void> {
  await page.evaluate(() => {
    for (const one of document.querySelectorAll('details')) one.open = true
  })
  const violations = (await page.evaluate(
    `${axe};axe.run(document).then(({ violations }) => violations)`
  )) as Violation[]
  const told = violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.target} ${nodes[0]?.failureSummary ?? ''}`)
  check(`${what}: axe-core finds nothing`, violations.length === 0, told.join('; ') || 'nothing')
}

export async function checkWidth(page: Page, what: string): Promise<void> {
  const [wide, room] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth] as const)
  check(`${what}: nothing is wider than the screen`, wide <= room, `${wide} of ${room} px`)
}

/** By the keyboard alone: Tab goes from the top down, and every stop shows where it is. */
export async function checkKeyboard(page: Page, what: string): Promise<void> {
  const stops: { tag: string; text: string; y: number; outlined: boolean }[] = []
  for (let press = 0; press < 60; press++) {
    await page.keyboard.press('Tab')
    const stop = await page.evaluate(() => {
      const at = document.activeElement
      if (!at || at === document.body) return undefined
      const box = at.getBoundingClientRect()
      const style = getComputedStyle(at)
      return {
        tag: at.tagName.toLowerCase(),
        text: (at.textContent ?? '').trim().slice(0, 30),
        y: Math.round(box.top + scrollY),
        outlined: style.outlineStyle !== 'none' && style.outlineWidth !== '0px'
      }
    })
    if (!stop) break
    stops.push(stop)
  }
  check(`${what}: the first Tab leads past the header`, stops[0]?.text === 'Skip to the report', stops[0]?.text)
  const hidden = stops.filter(({ outlined }) => !outlined).map(({ tag, text }) => `${tag} ${text}`)
  check(`${what}: every stop shows that it is there`, hidden.length === 0, `${stops.length} stops ${hidden.join()}`)
  // Buttons of one line have the same height, give or take; a way back up would be by more.
  const up = stops.slice(1).findIndex(({ y }, index) => y < (stops[index]?.y ?? 0) - 30 && index > 0)
  check(`${what}: Tab goes from the top down`, up < 0, up < 0 ? '' : JSON.stringify(stops.slice(up, up + 3)))
  check(
    `${what}: what is folded is reached`,
    stops.some(({ tag }) => tag === 'summary')
  )
}

/** Folds and unfolds by key and by click, and all three colors. */
export async function checkControls(page: Page, what: string): Promise<void> {
  const summary = page.locator('details:not([open]) > summary').first()
  const name = (await summary.textContent()) ?? ''
  const isOpen = () =>
    page.evaluate(
      (text) =>
        [...document.querySelectorAll('summary')].find((one) => one.textContent === text)?.closest('details')?.open,
      name
    )
  await summary.click()
  check(`${what}: a click unfolds ${name.trim()}`, (await isOpen()) === true)
  await page.keyboard.press('Enter')
  check(`${what}: Enter folds it again`, (await isOpen()) === false)
  const back = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor)
  const colors: string[] = []
  for (const choice of ['Dark', 'Light', 'Dark', 'Auto']) {
    const button = page.getByRole('button', { name: choice, exact: true })
    await button.click()
    colors.push(`${await back()} ${await button.getAttribute('aria-pressed')}`)
  }
  const [dark, light, again] = colors
  check(
    `${what}: the colors follow the choice`,
    dark !== light && dark === again && colors.every((one) => one.endsWith('true')),
    colors
  )
}

/** The board at its beginning, its end, and for one workload. */
export async function checkBoard(page: Page, what: string): Promise<void> {
  const slider = page.locator('.slider').first()
  const at = async (key: 'Home' | 'End') => {
    await slider.focus()
    await page.keyboard.press(key)
    return page
      .locator('.sides')
      .first()
      .locator('.panel')
      .evaluateAll((panels) => panels.map((panel) => panel.querySelectorAll('.dot').length))
  }
  const [first, last] = [await at('Home'), await at('End')]
  check(`${what}: at the beginning every pod is on the outgoing side`, (first[0] ?? 0) > 0 && first[1] === 0, first)
  const chip = page.locator('.chip').first()
  await chip.click()
  const dimmed = await page.locator('.dot.dim').count()
  check(
    `${what}: a workload is singled out`,
    dimmed > 0 && (await chip.getAttribute('aria-pressed')) === 'true',
    `${dimmed} of ${(last[0] ?? 0) + (last[1] ?? 0)} step back`
  )
  await chip.click()
  const play = page.locator('.play').first()
  await play.click()
  await page.waitForFunction(
    () =>
      Number(document.querySelector<HTMLInputElement>('.slider')?.value) > 100 &&
      document.querySelector('.play')?.textContent === 'Pause'
  )
  await play.click()
  check(`${what}: it plays, and pauses`, (await play.textContent()) === 'Play')
  await at('End')
}
