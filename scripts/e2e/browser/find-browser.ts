// A chromium that is there, or that the system's package manager can bring.
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'

const places = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/usr/bin/google-chrome-stable'
]

/** `install`: with apt-get, if there is none. */
export function findBrowser(install: boolean): string | undefined {
  const { CHROMIUM } = process.env
  const find = () => [CHROMIUM, ...places].find((path) => path !== undefined && existsSync(path))
  const found = find()
  if (found !== undefined) return found
  if (!install || process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) return undefined
  console.log('Installing chromium …')
  for (const args of [['update'], ['install', '-y', '--no-install-recommends', 'chromium', 'fonts-dejavu-core']]) {
    const { status } = spawnSync('apt-get', ['-q', ...args], { timeout: 300_000, stdio: 'ignore' })
    if (status !== 0) return undefined
  }
  return find()
}
