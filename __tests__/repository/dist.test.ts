import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { root } from './sources.ts'

const dist = join(root, 'dist')

/** Starts the bundle as a runner would, but with nothing in its environment that could reach AWS. */
function start(inputs: Readonly<Record<string, string>>) {
  const folder = mkdtempSync(join(tmpdir(), 'dist-'))
  try {
    const env = { PATH: process.env.PATH, HOME: folder, AWS_EC2_METADATA_DISABLED: 'true', ...inputs }
    return spawnSync(process.execPath, [join(dist, 'index.js')], {
      cwd: folder,
      env,
      encoding: 'utf8',
      timeout: 30_000
    })
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

test('the committed bundle starts, and says which input is missing', () => {
  assert.ok(existsSync(join(dist, 'index.js')), 'there is no dist/index.js; run: npm run bundle')
  const { status, stdout, stderr } = start({})
  assert.equal(status, 2, stdout + stderr)
  assert.match(stdout, /^::error .*cluster/m)
  assert.doesNotMatch(stdout + stderr, /^\s+at \S+ ?\(/m, 'no stack trace')
})

test('the committed bundle quotes a value that cannot be', () => {
  const { status, stdout, stderr } = start({ INPUT_CLUSTER: 'shop', INPUT_MODE: 'upgarde', 'INPUT_SOAK-MINUTES': '-1' })
  assert.equal(status, 2, stdout + stderr)
  assert.match(stdout, /^::error .*upgarde/m)
  assert.match(stdout, /-1/)
})

test('dist/ is an ES module with the licenses of what is in it, and at most 3 MB', () => {
  const files = readdirSync(dist)
  assert.deepEqual(JSON.parse(readFileSync(join(dist, 'package.json'), 'utf8')), { type: 'module' })
  assert.match(readFileSync(join(dist, 'THIRD-PARTY-LICENSES.txt'), 'utf8'), /@aws-sdk\/client-auto-scaling/)
  const bytes = files.map((file) => statSync(join(dist, file)).size).reduce((sum, size) => sum + size, 0)
  assert.ok(bytes <= 3_000_000, `${(bytes / 1e6).toFixed(2)} MB`)
})
