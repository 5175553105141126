// The real clients that the served lab is driven with: kubectl and the AWS CLI.
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, statSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { check } from './expect.ts'
import { type EndedProcess, start, tail } from './tool.ts'

/** E2E_KUBECTL, the one inside the newest control plane that was built, or that of the PATH. */
export function findKubectl(): readonly string[] | undefined {
  if (process.env.E2E_KUBECTL) return [process.env.E2E_KUBECTL]
  const cache = process.env.CONTROL_PLANE_CACHE ?? join(homedir(), '.cache/control-plane')
  const built = existsSync(cache) ? readdirSync(cache).filter((name) => /^control-plane-[0-9a-f]+$/.test(name)) : []
  const [newest] = built.map((name) => join(cache, name)).sort((a, b) => statSync(b).mtimeMs - statSync(a).mtimeMs)
  if (newest) return [newest, 'kubectl']
  const onPath = 'kubectl'
  return spawnSync(onPath, ['version', '--client']).status === 0 ? [onPath] : undefined
}

/** E2E_AWS_CLI, or version 1 from PyPI in an environment of its own, which is kept. */
export function findAwsCli(): readonly string[] | undefined {
  if (process.env.E2E_AWS_CLI) return [process.env.E2E_AWS_CLI]
  const home = join(homedir(), '.cache/eks-node-upgrade-e2e/awscli')
  const [program, pip] = [join(home, 'bin/aws'), join(home, 'bin/pip')]
  if (!existsSync(program)) {
    if (spawnSync('python3', ['-m', 'venv', home]).status !== 0) return undefined
    if (spawnSync(pip, ['install', '--quiet', 'awscli==1.*'], { timeout: 180_000 }).status !== 0) return undefined
  }
  return [program]
}

export type Client = (args: string, seconds?: number) => Promise<EndedProcess>

/** What is typed, word by word: no quotes. It is ended after its seconds, which only a watch needs. */
export function client([program = '', ...first]: readonly string[], env: NodeJS.ProcessEnv): Client {
  return async (args, seconds = 60) => {
    const { child, ended } = start(program, [...first, ...args.split(' ')], env)
    const timer = setTimeout(() => child.kill('SIGKILL'), seconds * 1000)
    const result = await ended
    clearTimeout(timer)
    return result
  }
}

/** One command, one line: it ends as it must, and says what it must. */
export async function expectOf(name: string, run: Client, args: string, says: RegExp, code: number | 'not 0' = 0) {
  const ended = await run(args)
  const ends = code === 'not 0' ? ended.code !== 0 && ended.code !== null : ended.code === code
  const said = says.exec(ended.output)?.[0].replace(/\s+/g, ' ').trim()
  const holds = check(`${name} ${args}`, ends && said !== undefined, `exit ${ended.code}, ${said ?? `not ${says}`}`)
  if (!holds) console.log(tail(ended.output, 12))
  return ended.output
}
