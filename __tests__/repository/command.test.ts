import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { accessSync, constants } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { read, root } from './sources.ts'

const oldNode = `Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '20.20.2' } })`

test('an older Node is told which one is needed, and nothing else happens', () => {
  const pretend = ['--import', `data:text/javascript,${encodeURIComponent(oldNode)}`]
  const { status, stdout, stderr } = spawnSync(process.execPath, [...pretend, 'src/cli/bin.ts', 'plan'], {
    cwd: root,
    encoding: 'utf8'
  })
  assert.equal(status, 2)
  assert.equal(stdout, '')
  assert.equal(stderr, 'eks-node-upgrade needs Node.js 22.19 or later; this is 20.20.2. Nothing was changed.\n')
})

test('the command that npm ci builds can be started', () => {
  const bin = JSON.parse(read('package.json')).bin['eks-node-upgrade'] as string
  accessSync(join(root, bin), constants.X_OK)
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(root, bin), '--version'], { encoding: 'utf8' })
  assert.equal(status, 0, stderr)
  assert.match(stdout, /\d+\.\d+\.\d+/)
})
