// Packs the package as npm publishes it and lets two linters judge the tarball: publint (do its files and fields fit
// together?) and attw (does every kind of consumer find the types?). It is an ES module for Node 22 and later, which can
// also be required, so what older resolutions cannot read is no finding.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'package-'))
process.once('exit', () => rmSync(folder, { recursive: true, force: true }))

const [{ filename, size, files }] = JSON.parse(run('npm', ['pack', '--json', '--silent', '--pack-destination', folder]))
const tarball = join(folder, filename)
run('publint', ['--strict', tarball])
run('attw', ['--profile', 'esm-only', '--format', 'ascii', '--no-color', tarball])
console.log(`${filename} is clean: ${files.length} files, ${(size / 1e6).toFixed(2)} MB`)

function run(command: string, args: readonly string[]): string {
  const { status, stdout, stderr, error } = spawnSync(command, args, { cwd: root, encoding: 'utf8' })
  if (error) console.error(`could not start ${command}: ${error.message}`)
  if (status === 0) return stdout
  console.error(`${command} ${args.join(' ')}\n${stdout ?? ''}${stderr ?? ''}`)
  process.exit(status ?? 1)
}
