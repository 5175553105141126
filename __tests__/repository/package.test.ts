/** The package as npm packs it, unpacked and used as its users do: by `npx`, and as a dependency with types. */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, before, test } from 'node:test'
import { type ServedShop, serveShop } from '../library/served-shop.ts'
import { read, root } from './sources.ts'

const folder = mkdtempSync(join(tmpdir(), 'package-'))
const consumer = join(folder, 'consumer')
/** Of this package as `npm ci` built it. */
let packed: { filename: string; size: number; unpackedSize: number; files: { path: string }[] }
let tarball = ''
let shop: ServedShop

before(async () => {
  shop = await serveShop()
  const { stdout, stderr } = npm(['pack', '--ignore-scripts', '--json', '--pack-destination', folder], root)
  packed = JSON.parse(stdout)[0]
  assert.ok(packed, stderr)
  tarball = join(folder, packed.filename)
})

after(async () => {
  await shop.close()
  rmSync(folder, { recursive: true, force: true })
})

/** Node and npm, a home of its own and no network: what a stranger's machine has on its first day. */
function bareEnvironment(): NodeJS.ProcessEnv {
  const home = join(folder, 'home')
  mkdirSync(home, { recursive: true })
  const path = [dirname(process.execPath), ...(process.env.PATH ?? '').split(':')].filter(
    (one) => !one.startsWith(root)
  )
  return { PATH: [dirname(process.execPath), ...path].join(':'), HOME: home, npm_config_offline: 'true', NO_COLOR: '1' }
}

function npm(args: readonly string[], cwd: string) {
  return spawnSync('npm', args, { cwd, env: bareEnvironment(), encoding: 'utf8', timeout: 60_000 })
}

test('it holds the command, the programming interface with its types, the licenses, and nothing else', () => {
  const parts = packed.files.map(({ path }) => path).filter((path) => !/^build\/package\/parts\/[\w-]+\.js$/.test(path))
  assert.deepEqual(parts.toSorted(), [
    'LICENSE',
    'README.md',
    'build/package/THIRD-PARTY-LICENSES.txt',
    'build/package/eks-node-upgrade.js',
    'build/package/index.js',
    'build/package/types/engine/model/error.d.ts',
    'build/package/types/engine/model/node-group.d.ts',
    'build/package/types/engine/model/report.d.ts',
    'build/package/types/engine/model/rules.d.ts',
    'build/package/types/engine/model/settings.d.ts',
    'build/package/types/library/library.d.ts',
    'build/package/types/library/options.d.ts',
    'build/package/types/report/json/document.d.ts',
    'package.json'
  ])
  assert.ok(packed.size < 1_100_000, `${packed.size} bytes packed`)
  assert.ok(packed.unpackedSize < 4_500_000, `${packed.unpackedSize} bytes unpacked`)
})

test('nothing has to be installed beside it', () => {
  const { dependencies, optionalDependencies, peerDependencies } = JSON.parse(read('package.json'))
  assert.deepEqual([dependencies, optionalDependencies, peerDependencies], [undefined, undefined, undefined])
})

test('it brings the license of every package in it', () => {
  const bill = JSON.parse(read('build/sbom.cdx.json')) as { components: { name: string; purl: string }[] }
  const licenses = read('build/package/THIRD-PARTY-LICENSES.txt').split('\n')
  const names = bill.components.map(({ name }) => name)
  assert.ok(names.includes('@aws-sdk/client-auto-scaling') && names.includes('undici'), names.join())
  assert.deepEqual(
    names.filter((name) => !licenses.includes(name)),
    []
  )
  for (const { purl } of bill.components) assert.match(purl, /^pkg:npm\/(?:%40[\w.-]+\/)?[\w.-]+@\d+\.\d+\.\d+/)
})

test('npx plays an upgrade from the tarball on a machine with Node alone', () => {
  const at = join(folder, 'elsewhere')
  mkdirSync(at)
  const command = ['eks-node-upgrade', 'lab', 'calm-upgrade', '--speed', '100']
  const { status, stdout, stderr } = spawnSync('npx', ['--yes', '--package', tarball, '--', ...command], {
    cwd: at,
    env: bareEnvironment(),
    encoding: 'utf8',
    timeout: 60_000
  })
  assert.equal(status, 0, stdout + stderr)
  assert.match(stdout, /^✔ workers was upgraded/m)
})

const program = `
import { plan, upgrade, InvalidInputError } from 'eks-node-upgrade'
import type { Event, Finding, JsonDocument, Options } from 'eks-node-upgrade'

const options: Options = {
  cluster: 'shop', kubeconfig: process.env.SHOP ?? true, soakMinutes: 0, stableSeconds: 0, group: ['workers']
}
const kinds: Event['kind'][] = []
const planned: JsonDocument = await plan(options, { onEvent: ({ kind }: Event) => kinds.push(kind) })
const findings: readonly Finding[] = planned.results[0]?.findings ?? []
const upgraded = await upgrade(options, { signal: AbortSignal.timeout(60_000) })
// @ts-expect-error: there is no such option
const rejected = await plan({ ...options, soakMinuts: 1 }).catch((error: unknown) => error)
console.log(JSON.stringify({
  planned: planned.outcome, findings: findings.length, upgraded: upgraded.outcome, heard: kinds.length > 0,
  problems: rejected instanceof InvalidInputError ? rejected.problems : String(rejected)
}))
`

test('a project that depends on it checks its types and plans and upgrades, and nothing else is printed', async () => {
  mkdirSync(consumer)
  writeFileSync(join(consumer, 'package.json'), '{ "name": "consumer", "private": true, "type": "module" }')
  writeFileSync(join(consumer, 'upgrade.ts'), program)
  const compilerOptions = { module: 'nodenext', target: 'es2024', strict: true, exactOptionalPropertyTypes: true }
  const types = { types: ['node'], typeRoots: [join(root, 'node_modules/@types')], noEmit: true, skipLibCheck: false }
  const config = { compilerOptions: { ...compilerOptions, ...types }, files: ['upgrade.ts'] }
  writeFileSync(join(consumer, 'tsconfig.json'), JSON.stringify(config))
  const installed = npm(['install', '--no-audit', '--no-fund', tarball], consumer)
  assert.equal(installed.status, 0, installed.stderr)
  assert.deepEqual(
    readdirSync(join(consumer, 'node_modules')).filter((name) => !name.startsWith('.')),
    ['eks-node-upgrade']
  )
  const compiler = join(root, 'node_modules/typescript/bin/tsc')
  const checked = spawnSync(process.execPath, [compiler, '--project', consumer], { encoding: 'utf8' })
  assert.equal(checked.stdout + checked.stderr, '')

  const env = { ...bareEnvironment(), ...shop.env, SHOP: shop.kubeconfig }
  const child = spawn(process.execPath, ['upgrade.ts'], { cwd: consumer, env, stdio: ['ignore', 'pipe', 'pipe'] })
  const { stdout, stderr } = await ended(child)
  assert.equal(stderr, '')
  assert.deepEqual(JSON.parse(stdout), {
    planned: 'planned',
    findings: 0,
    upgraded: 'upgraded',
    heard: true,
    problems: ['option "soakMinuts" is unknown (did you mean soakMinutes?)']
  })
})

test('a project of CommonJS can require it', () => {
  const script = "const { plan } = require('eks-node-upgrade'); console.log(typeof plan)"
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=commonjs', '--eval', script], {
    cwd: consumer,
    encoding: 'utf8'
  })
  assert.equal(stdout, 'function\n', stderr)
})

function ended(child: ChildProcess): Promise<{ stdout: string; stderr: string }> {
  const said = { stdout: '', stderr: '' }
  for (const name of ['stdout', 'stderr'] as const) {
    child[name]?.setEncoding('utf8').on('data', (data: string) => {
      said[name] += data
    })
  }
  return new Promise((done) => child.once('close', () => done(said)))
}
