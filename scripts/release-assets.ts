// Makes what a release consists of in build/assets/: the package, the Lambda function with its template and state machine, the
// bill of materials of the package, and the checksums of all of them. The release workflow publishes these files as they are.
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  copyFileSync,
  cpSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const { name, version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
/** Of no meaning; archives cannot hold one before 1980. */
const anInstant = new Date('2000-01-01T00:00:00Z')
// Each build begins by emptying build/, so the files are gathered outside of it.
const gathered = mkdtempSync(join(tmpdir(), 'assets-'))

try {
  run('npm', ['run', 'bundle:lambda'])
  zip(join(root, 'build/lambda'), join(gathered, `${name}-lambda-${version}.zip`))
  copyFileSync(join(root, 'lambda/template.yaml'), join(gathered, `${name}-lambda-${version}.yaml`))
  copyFileSync(join(root, 'lambda/upgrade.asl.json'), join(gathered, `${name}-lambda-${version}.asl.json`))
  run('npm', ['pack', '--pack-destination', gathered])
  copyFileSync(join(root, 'build/sbom.cdx.json'), join(gathered, `${name}-${version}.cdx.json`))
  const files = readdirSync(gathered).toSorted()
  const sums = files.map((file) => `${sha256(join(gathered, file))}  ${file}`)
  writeFileSync(join(gathered, 'SHA256SUMS'), `${sums.join('\n')}\n`)
  const assets = join(root, 'build/assets')
  rmSync(assets, { recursive: true, force: true })
  cpSync(gathered, assets, { recursive: true })
  console.log(sums.join('\n'))
} finally {
  rmSync(gathered, { recursive: true, force: true })
}

/** The same files make the same archive: in one order, without times and owners. */
function zip(folder: string, archive: string): void {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).toSorted()
  for (const file of files) utimesSync(join(folder, file), anInstant, anInstant)
  execFileSync('zip', ['-X', '-D', '-9', '-q', archive, ...files], { cwd: folder, env: { ...process.env, TZ: 'UTC' } })
}

function sha256(file: string): string {
  return createHash('sha256').update(readFileSync(file)).digest('hex')
}

function run(command: string, args: readonly string[]): void {
  execFileSync(command, args, { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] })
}
