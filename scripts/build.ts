// Compiles src/ to JavaScript in build/, from scratch, so that a file that was renamed leaves nothing behind, and bundles
// the package from it.
import { spawnSync } from 'node:child_process'
import { chmodSync, rmSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { bundlePackage } from './package.ts'

const root = fileURLToPath(new URL('..', import.meta.url))

/** Builds into `build/`; ends the process where the compiler finds errors (it has printed them). */
export function build(): void {
  rmSync(`${root}build`, { recursive: true, force: true })
  const compiler = fileURLToPath(import.meta.resolve('typescript/package.json').replace('package.json', 'bin/tsc'))
  const { status } = spawnSync(process.execPath, [compiler, '--project', 'tsconfig.build.json'], {
    cwd: root,
    stdio: 'inherit'
  })
  if (status !== 0) process.exit(status ?? 1)
  // npm makes the commands of packages that it installs executable, but not those of the package itself.
  chmodSync(`${root}build/cli/bin.js`, 0o755)
  bundlePackage()
}

if (import.meta.main) build()
