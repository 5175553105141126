// Bundles the action into dist/, which is committed, because GitHub runs an action as it lies in the repository.
// With --check it bundles into a temporary folder instead and compares byte for byte.
import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from './build.ts'
import { licensesOf } from './licenses.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const dist = join(root, 'dist')

function main(): void {
  const checking = process.argv.includes('--check')
  build()
  const made = mkdtempSync(checking ? join(tmpdir(), 'bundle-') : join(root, 'build', 'bundle-'))
  try {
    bundle('action/main.js', made)
    if (checking) compare(made)
    else replaceDist(made)
  } finally {
    rmSync(made, { recursive: true, force: true })
  }
}

/** Bundles one entry of what was built, by its path below build/, into a folder: the program, and the licenses of all that is in it. */
export function bundle(entry: string, into: string): void {
  const staged = stage()
  const ncc = fileURLToPath(import.meta.resolve('@vercel/ncc/package.json').replace('package.json', 'dist/ncc/cli.js'))
  const from = join(staged, entry)
  const statistics = join(staged, 'statistics.json')
  const options = ['--minify', '--no-cache', '--quiet', '--target', 'es2022', '--stats-out', statistics, '--out', into]
  const { status } = spawnSync(process.execPath, [ncc, 'build', from, ...options], { cwd: root, stdio: 'inherit' })
  if (status !== 0) process.exit(status ?? 1)
  const { modules } = JSON.parse(readFileSync(statistics, 'utf8')) as { modules: Module[] }
  writeFileSync(join(into, 'THIRD-PARTY-LICENSES.txt'), licensesOf(filesIn(modules)))
  rmSync(staged, { recursive: true, force: true })
}

interface Module {
  nameForCondition: string | null
  /** Looked at, and left out or merged into another. */
  orphan: boolean
  modules?: Module[]
}

/** ncc's own list of licenses leaves out what is in its main file. */
function filesIn(modules: readonly Module[]): string[] {
  return modules
    .filter(({ orphan }) => !orphan)
    .flatMap((module) => [module, ...(module.modules ?? [])])
    .flatMap((module) => module.nameForCondition ?? [])
}

/**
 * These do not say that their modules have no side effects, and so nothing of them could be left out. They have none:
 * importing them only defines things. It is 4 MB of generated models, and the client of GitHub's API.
 */
const withoutSideEffects = [
  '@actions/core',
  '@actions/exec',
  '@actions/github',
  '@actions/http-client',
  '@actions/io',
  '@kubernetes/client-node',
  'smol-toml'
]

/**
 * What is imported lazily from this package (the OIDC token, and with it an HTTP client) is a module of its own in the
 * bundle. In one with what is needed at the start, it would be evaluated there.
 */
const twice = '@actions/core'

/**
 * Of the SDK's ES modules the bundler leaves out what nothing uses; its CommonJS modules would stay whole. Without this,
 * dist/ would be 150 kB larger. All packages of these scopes are staged, so that each is in the bundle once.
 */
const scopesOfModules = ['@aws-sdk', '@smithy']

/** Keeps a lazy import lazy, but in the one file: ncc does not minify what it splits off. */
const eagerImport = 'import(/* webpackMode: "eager" */ '

/** A copy of what was built that bundles well. Always at the same place, because ncc numbers modules by their path. */
function stage(): string {
  const staged = join(root, 'build/.staged')
  rmSync(staged, { recursive: true, force: true })
  for (const file of filesOf(join(root, 'build')).filter((path) => path.endsWith('.js'))) {
    const text = readFileSync(join(root, 'build', file), 'utf8')
      .replace(/\bimport\((?=['"](?:\.|@actions\/|@aws-sdk\/))/g, eagerImport)
      .replace(new RegExp(`(import\\(\\S* .* ['"]${twice})(?=['"]\\))`, 'g'), '$1-lazy')
    mkdirSync(dirname(join(staged, file)), { recursive: true })
    writeFileSync(join(staged, file), text)
  }
  for (const name of withoutSideEffects) stageWithoutSideEffects(staged, name, name)
  stageWithoutSideEffects(staged, twice, `${twice}-lazy`)
  for (const scope of scopesOfModules) {
    for (const name of readdirSync(join(root, 'node_modules', scope))) stageAsModules(staged, `${scope}/${name}`)
  }
  return staged
}

function stageWithoutSideEffects(staged: string, name: string, as: string): void {
  const { into, description } = stagePackage(staged, name, as)
  writeFileSync(join(into, 'package.json'), JSON.stringify({ ...description, sideEffects: false }))
}

function stageAsModules(staged: string, name: string): void {
  const { into, description } = stagePackage(staged, name, name)
  rmSync(join(into, 'dist-cjs'), { recursive: true, force: true })
  for (const file of filesOf(into).filter((path) => path.endsWith('.js'))) {
    const text = readFileSync(join(into, file), 'utf8')
    if (text.includes('import(')) writeFileSync(join(into, file), text.replace(/\bimport\(/g, eagerImport))
  }
  const { module, exports } = description
  const paths = Object.entries<{ module?: string }>(exports ?? { '.': { module } })
  const modules = Object.fromEntries(paths.map(([path, by]) => [path, by.module]))
  writeFileSync(join(into, 'package.json'), JSON.stringify({ ...description, main: module, exports: modules }))
}

function stagePackage(staged: string, name: string, as: string) {
  const into = join(staged, 'node_modules', as)
  const runs = (path: string) => !/\.(?:d\.ts|map)$/.test(path)
  cpSync(join(root, 'node_modules', name), into, { recursive: true, filter: runs })
  return { into, description: JSON.parse(readFileSync(join(into, 'package.json'), 'utf8')) }
}

function compare(made: string): void {
  const stale = [...new Set([...filesOf(made), ...filesOf(dist)])].filter(
    (file) => !isSame(join(made, file), join(dist, file))
  )
  if (stale.length > 0) {
    console.error(`dist/ is not what the sources make: ${stale.join(', ')}. Run: npm run bundle`)
    process.exit(1)
  }
  console.log(`dist/ is current: ${sizeOf(dist)}`)
}

function isSame(one: string, other: string): boolean {
  return existsSync(one) && existsSync(other) && readFileSync(one).equals(readFileSync(other))
}

function replaceDist(made: string): void {
  rmSync(dist, { recursive: true, force: true })
  renameSync(made, dist)
  // Temporary folders are for their owner alone.
  chmodSync(dist, 0o755)
  console.log(`dist/ is written: ${sizeOf(dist)}`)
}

function filesOf(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder, { recursive: true }).map(String).toSorted() : []
}

export function sizeOf(folder: string): string {
  const bytes = filesOf(folder).map((file) => statSync(join(folder, file)).size)
  return `${bytes.length} files, ${(bytes.reduce((sum, size) => sum + size, 0) / 1e6).toFixed(2)} MB`
}

if (import.meta.main) main()
