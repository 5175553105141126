/// <reference lib="dom" />
// `lab --watch` as a process, followed by the browser until it ends: pods go from the outgoing side to the incoming one.
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { check, enter } from '../expect.ts'
import { adopt, root } from '../testbed.ts'

export async function checkLive(browser: Browser, pictures: string): Promise<void> {
  enter('live')
  console.log('\nlive (lab calm-upgrade --watch)')
  const command = ['src/cli/bin.ts', 'lab', 'calm-upgrade', '--watch', '--speed', '25']
  const child = spawn(process.execPath, command, { cwd: root, stdio: ['ignore', 'pipe', 'inherit'] })
  adopt(child)
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve))
  let said = ''
  const url = await new Promise<string>((resolve, reject) => {
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      said += text
      const found = /Watch it at (\S+)/.exec(said)?.[1]
      if (found) resolve(found)
    })
    child.once('close', () => reject(new Error(`it ended before it said where: ${said}`)))
  })
  const page = await browser.newPage({ viewport: { width: 1280, height: 800 }, colorScheme: 'light' })
  const heard: string[] = []
  page.on('pageerror', (error) => heard.push(String(error)))
  page.on('console', (message) => message.type() === 'error' && heard.push(message.text()))
  await page.goto(url)
  await page.waitForFunction(() => (document.querySelectorAll('.panel')[0]?.querySelectorAll('.dot').length ?? 0) > 0)
  check('before the drain every pod is on the outgoing side', (await dots(page))[1] === 0, await dots(page))
  await page.locator('summary').first().focus()
  await page.waitForFunction(
    () => {
      const [from = 0, to = 0] = [...document.querySelectorAll('.panel')].map(
        (one) => one.querySelectorAll('.dot').length
      )
      return from > 5 && to > 5
    },
    undefined,
    { timeout: 60_000 }
  )
  check('in the drain pods are on both sides', true, await dots(page))
  await page.screenshot({ path: join(pictures, 'live.png'), fullPage: true })
  const focus = await page.evaluate(() => document.activeElement?.tagName)
  check('the focus stays where it was, through every picture', focus === 'SUMMARY', focus)
  await page.waitForFunction(
    () => document.getElementById('notice')?.textContent?.startsWith('It has ended'),
    undefined,
    { timeout: 60_000 }
  )
  check('at the end all are on the incoming side', (await dots(page))[0] === 0, await dots(page))
  check('and the verdict stands there', /was upgraded/.test((await page.locator('h1').textContent()) ?? ''))
  check('the command ends with the scenario', (await ended) === 0)
  check('no error on the page', heard.length === 0, heard.join('; ') || 'none')
  await page.screenshot({ path: join(pictures, 'live-ended.png'), fullPage: true })
  await page.close()
}

function dots(page: Page): Promise<number[]> {
  return page.locator('.panel').evaluateAll((panels) => panels.map((panel) => panel.querySelectorAll('.dot').length))
}
