// Runs the built product as its users do: as a process, with arguments and an environment.
import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { check } from './expect.ts'
import { adopt, clusterName, root, type Testbed } from './testbed.ts'

export interface EndedProcess {
  /** Null where a signal ended it. */
  code: number | null
  signal: NodeJS.Signals | null
  /** Standard output and standard error, mixed as they came. */
  output: string
  stdout: string
  seconds: number
}

export interface Running {
  readonly child: ChildProcess
  readonly ended: Promise<EndedProcess>
  /** What it has printed so far. */
  output(): string
}

/** The command line as `npm ci` leaves it, from package.json's `bin`; E2E_CLI names another, such as src/cli/bin.ts. */
export function commandLine(): string {
  if (process.env.E2E_CLI) return resolve(root, process.env.E2E_CLI)
  const { bin } = JSON.parse(readFileSync(resolve(root, 'package.json'), 'utf8'))
  return resolve(root, typeof bin === 'string' ? bin : (Object.values<string>(bin)[0] ?? ''))
}

/** Times that fit pods which are ready within a second. */
export const quick: Readonly<Record<string, string>> = {
  'stable-seconds': '1',
  'soak-minutes': '0.05',
  'launch-timeout-minutes': '1',
  'join-timeout-minutes': '1',
  'pod-timeout-minutes': '1',
  'drain-timeout-minutes': '3'
}

export interface CliOptions {
  options?: Readonly<Record<string, string | true>>
  /** Instead of the kubeconfig of the user `upgrader`; null: none, so that the cluster's own endpoint is used. */
  kubeconfig?: string | null
  env?: NodeJS.ProcessEnv
}

export function startCli(testbed: Testbed, mode: string, { options = {}, kubeconfig, env }: CliOptions = {}): Running {
  const given: Record<string, string | true> = { cluster: clusterName, ...(mode === 'status' ? {} : quick), ...options }
  const path = kubeconfig === undefined ? testbed.toolKubeconfig : kubeconfig
  if (path !== null) given.kubeconfig = path
  const args = Object.entries(given).flatMap(([name, value]) => (value === true ? [`--${name}`] : [`--${name}`, value]))
  return start(process.execPath, [commandLine(), mode, ...args], { ...toolEnvironment(testbed), ...env })
}

export function runCli(testbed: Testbed, mode: string, options?: CliOptions): Promise<EndedProcess> {
  return startCli(testbed, mode, options).ended
}

/** Nothing of ours leaks in: PATH, HOME and what reaches AWS. */
export function toolEnvironment(testbed: Testbed): NodeJS.ProcessEnv {
  return {
    PATH: process.env.PATH,
    HOME: process.env.HOME,
    AWS_ENDPOINT_URL: testbed.aws.endpoint,
    AWS_REGION: testbed.aws.region,
    AWS_ACCESS_KEY_ID: testbed.credentials.key,
    AWS_SECRET_ACCESS_KEY: testbed.credentials.secret,
    AWS_EC2_METADATA_DISABLED: 'true'
  }
}

export function start(program: string, args: readonly string[], env: NodeJS.ProcessEnv, cwd: string = root): Running {
  const startedAt = Date.now()
  const child = spawn(program, args, { env, cwd, stdio: ['ignore', 'pipe', 'pipe'] })
  adopt(child)
  let [output, stdout] = ['', '']
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    stdout += chunk
    output += chunk
  })
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    output += chunk
  })
  const ended = new Promise<EndedProcess>((done, fail) => {
    child.once('error', fail)
    child.once('close', (code, signal) => {
      done({ code, signal, output, stdout, seconds: (Date.now() - startedAt) / 1000 })
    })
  })
  return { child, ended, output: () => output }
}

/** The exit code is the first thing that must be right; where it is not, the last words are shown. */
export function checkExit(what: string, ended: EndedProcess, code: number, word?: string): boolean {
  const says = word === undefined || ended.output.toLowerCase().includes(word)
  const seen = `exit ${ended.code ?? ended.signal} after ${ended.seconds.toFixed(1)} s`
  const holds = check(`${what}: exit ${code}${word ? `, says ${word}` : ''}`, ended.code === code && says, seen)
  if (!holds) console.log(tail(ended.output))
  return holds
}

export function tail(output: string, lines = 30): string {
  const last = output.trimEnd().split('\n').slice(-lines)
  return last.map((line) => `      | ${line}`).join('\n')
}

export function isBuilt(path: string): boolean {
  return existsSync(path)
}
