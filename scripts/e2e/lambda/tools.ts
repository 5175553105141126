// AWS's own two halves of Lambda: the runtime interface emulator (a Go program) and the runtime interface client for Node.js (npm,
// with a native part). The first run fetches and builds them into the user's cache; it needs Go, g++, make and cmake for that.
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { cacheDirectory } from '../testbed.ts'

const emulatorVersion = 'v0.0.0-20261030222936-bef5c4ba774d'
const clientVersion = '4.0.2'

export interface LambdaTools {
  /** The program of the emulator. */
  emulator: string
  /** The client's module that is started with Node and the handler's name. */
  client: string
}

export function lambdaTools(): LambdaTools {
  const emulator = join(cacheDirectory(), `lambda-emulator-${emulatorVersion}`, 'aws-lambda-rie')
  const client = join(cacheDirectory(), `lambda-client-${clientVersion}`)
  if (!existsSync(emulator)) installEmulator(dirname(emulator))
  if (!existsSync(client)) installClient(client)
  return { emulator, client: join(client, 'node_modules/aws-lambda-ric/index.mjs') }
}

function installEmulator(folder: string): void {
  const module = `github.com/aws/aws-lambda-runtime-interface-emulator/cmd/aws-lambda-rie@${emulatorVersion}`
  console.log('building the runtime interface emulator of Lambda; this is done once')
  mkdirSync(folder, { recursive: true })
  execFileSync('go', ['install', module], { env: { ...process.env, GOBIN: folder }, stdio: 'inherit' })
}

/** Built beside its place and moved there when it is whole. */
function installClient(folder: string): void {
  console.log('building the runtime interface client of Lambda; this is done once')
  const making = `${folder}.making`
  rmSync(making, { recursive: true, force: true })
  mkdirSync(making, { recursive: true })
  const description = { private: true, allowScripts: { 'aws-lambda-ric': true } }
  writeFileSync(join(making, 'package.json'), JSON.stringify(description))
  const install = ['install', '--no-audit', '--no-fund', '--silent', `aws-lambda-ric@${clientVersion}`]
  // Its build is told where Node's headers are; the Node of a package brings none.
  execFileSync('npm', install, { cwd: making, stdio: 'inherit' })
  renameSync(making, folder)
}
