// The report in a real browser: opened, clicked, walked through by key, measured, and photographed into build/browser/.
//   npm run e2e:browser -- [--install]
// --install gets chromium with apt-get if it is missing. CHROMIUM names one that is elsewhere.
import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { type Browser, chromium, type Page } from 'playwright-core'
import { worded, wordedReporter } from '../../../src/entry/group-runs.ts'
import { openReport } from '../../../src/entry/report-file.ts'
import { scenarioNamed } from '../../../src/lab/scenarios/all.ts'
import { runScenario } from '../../../src/lab/simulation/run-scenario.ts'
import { typedAs } from '../../../src/report/commands.ts'
import { check, enter, totals } from '../expect.ts'
import { root } from '../testbed.ts'
import { findBrowser } from './find-browser.ts'
import { checkLive } from './live.ts'
import { checkAccessible, checkBoard, checkControls, checkKeyboard, checkWidth } from './page-checks.ts'

const pictures = join(root, 'build/browser')

/** Each way in which a run can end that people meet. */
const reports = [
  { name: 'upgraded', scenario: 'calm-upgrade', verdict: /was upgraded/ },
  { name: 'reverted', scenario: 'broken-image', verdict: /was reverted/ },
  { name: 'held', scenario: 'jobs-held', verdict: /is held/ },
  { name: 'refused', scenario: 'budget-never-allows', verdict: /blocks? the upgrade/ }
] as const

const screens = [
  { name: 'light', colorScheme: 'light', width: 1280 },
  { name: 'dark', colorScheme: 'dark', width: 1280 },
  { name: 'phone', colorScheme: 'light', width: 360 }
] as const

process.exit(await main())

async function main(): Promise<number> {
  const executablePath = findBrowser(process.argv.includes('--install'))
  if (executablePath === undefined) {
    console.log('⚠'.repeat(40))
    console.log('⚠ BROWSER SUITE SKIPPED: there is no chromium. See --install. NOTHING WAS CHECKED.')
    console.log('⚠'.repeat(40))
    return 0
  }
  rmSync(pictures, { recursive: true, force: true })
  mkdirSync(pictures, { recursive: true })
  const quiet = ['--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking']
  const browser = await chromium.launch({
    executablePath,
    args: ['--no-sandbox', ...quiet, '--disable-component-update', '--disable-sync']
  })
  try {
    for (const report of reports) await checkReport(browser, report)
    await checkLive(browser, pictures)
  } finally {
    await browser.close()
  }
  const { passed, failed, failures } = totals()
  console.log(`\n${passed} checks passed, ${failed} failed; pictures are in build/browser/`)
  for (const failure of failures) console.log(`  ✖ ${failure}`)
  return failed === 0 ? 0 : 1
}

async function checkReport(browser: Browser, { name, scenario, verdict }: (typeof reports)[number]): Promise<void> {
  enter(name)
  console.log(`\n${name} (${scenario})`)
  const file = join(pictures, `${name}.html`)
  await writeReport(scenario, file)
  for (const screen of screens) {
    const what = `${name}, ${screen.name}`
    const context = await browser.newContext({
      colorScheme: screen.colorScheme,
      viewport: { width: screen.width, height: 800 },
      offline: true
    })
    const page = await context.newPage()
    const heard = listen(page)
    await page.goto(pathToFileURL(file).href)
    check(
      `${what}: the verdict is the first heading`,
      verdict.test((await page.locator('h1').first().textContent()) ?? '')
    )
    await checkWidth(page, what)
    await page.screenshot({ path: join(pictures, `${name}-${screen.name}.png`), fullPage: true })
    if (screen.name === 'light') {
      await checkKeyboard(page, what)
      if (name !== 'refused') {
        await checkControls(page, what)
        await checkBoard(page, what)
      }
    }
    await checkAccessible(page, what)
    await checkWidth(page, `${what}, all unfolded`)
    await page.screenshot({ path: join(pictures, `${name}-${screen.name}-unfolded.png`), fullPage: true })
    check(`${what}: no error, and nothing is asked of the network`, heard.length === 0, heard.join('; ') || 'nothing')
    await context.close()
  }
}

/** Errors on the console, and requests besides the one for the page. */
function listen(page: Page): string[] {
  const heard: string[] = []
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) heard.push(message.text())
  })
  page.on('pageerror', (error) => heard.push(String(error)))
  let requests = 0
  page.on('request', (request) => {
    requests += 1
    if (requests > 1) heard.push(`asks for ${request.url()}`)
  })
  return heard
}

/** Through what the command line and the action use. */
async function writeReport(name: string, path: string): Promise<void> {
  const scenario = scenarioNamed(name)
  if (!scenario) throw new Error(`there is no scenario ${name}`)
  const wording = typedAs('npx eks-node-upgrade')
  const book = openReport(path)
  const reporter = wordedReporter(book, wording)
  // The last step may be the answer to what this report is about.
  const [first] = scenario.steps
  await runScenario(
    { ...scenario, steps: first ? [first] : [], end: 'open' },
    {
      tell: (event) => reporter.report(event),
      ends: (result) => result && book.ended(worded(result, { always: [], upgrade: [] }, wording))
    }
  )
  const { problem } = book.write()
  if (problem !== undefined) throw new Error(problem)
}
