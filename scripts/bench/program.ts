// What the program itself costs: its start until its first call to AWS, its size, the demonstration.
import { execFileSync, spawn } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { actionFile } from '../e2e/action-step.ts'
import { adopt, root } from '../e2e/testbed.ts'
import { start } from '../e2e/tool.ts'

const rounds = 9

/** Milliseconds from spawning a process to its first request, for the action and for a client that does nothing else. */
export async function measureStart(): Promise<object> {
  if (!existsSync(actionFile)) return { 'dist/index.js': 'not built' }
  const bare = bundleBareClient()
  const taken: { action: number[]; bare: number[] } = { action: [], bare: [] }
  // Side by side in turns, so that a busy moment of the machine hits both.
  for (let round = 0; round < rounds; round++) {
    taken.bare.push(await firstCall(bare))
    taken.action.push(await firstCall(actionFile))
  }
  const [action, client] = [median(taken.action), median(taken.bare)]
  return {
    'dist/index.js': { 'first AWS call, ms': Math.round(action), ratio: (action / client).toFixed(2) },
    'bare SDK client, bundled alike': { 'first AWS call, ms': Math.round(client), ratio: '1.00' }
  }
}

function firstCall(program: string): Promise<number> {
  return new Promise((done, fail) => {
    const server = createServer(() => {
      const took = performance.now() - startedAt
      child.kill('SIGKILL')
      server.closeAllConnections()
      server.close(() => done(took))
    })
    let startedAt = 0
    let child: ReturnType<typeof spawn>
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo
      const inputs = { INPUT_CLUSTER: 'bench', INPUT_MODE: 'plan', 'INPUT_AWS-REGION': 'eu-west-1' }
      const env = {
        PATH: process.env.PATH,
        HOME: process.env.HOME,
        AWS_ENDPOINT_URL: `http://127.0.0.1:${port}`,
        AWS_REGION: 'eu-west-1',
        AWS_ACCESS_KEY_ID: 'testing',
        AWS_SECRET_ACCESS_KEY: 'testing',
        ...inputs
      }
      startedAt = performance.now()
      child = spawn(process.execPath, [program], { env, stdio: 'ignore' })
      adopt(child)
      child.once('exit', (code) => {
        if (code !== null) fail(new Error(`${program} ended with ${code} before its first call`))
      })
    })
  })
}

/** The same call as the action's first, from the SDK's client and nothing else, bundled as the action is. */
function bundleBareClient(): string {
  const folder = join(root, 'node_modules/.cache/bench')
  mkdirSync(folder, { recursive: true })
  const source = `import { DescribeClusterCommand, EKSClient } from '@aws-sdk/client-eks'
await new EKSClient({}).send(new DescribeClusterCommand({ name: 'bench' }))\n`
  writeFileSync(join(folder, 'bare.mjs'), source)
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }\n')
  const ncc = join(root, 'node_modules/@vercel/ncc/dist/ncc/cli.js')
  const options = ['--minify', '--no-cache', '--quiet', '--target', 'es2022', '--out', join(folder, 'out')]
  execFileSync(process.execPath, [ncc, 'build', join(folder, 'bare.mjs'), ...options], { stdio: 'ignore' })
  const [made] = readdirSync(join(folder, 'out')).filter((name) => /^index\.m?js$/.test(name))
  return join(folder, 'out', made ?? 'index.js')
}

export async function measureDemo(): Promise<object> {
  const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  const [, ...args] = String(scripts.demo).split(' ')
  const { code, seconds } = await start(process.execPath, args, { ...process.env, CI: 'true' }).ended
  return { seconds: seconds.toFixed(1), exit: code }
}

export function measureSize(): object {
  const folder = join(root, 'dist')
  if (!existsSync(folder)) return { dist: 'not built' }
  const rows = readdirSync(folder).map(
    (name) => [name, { kB: Math.round(statSync(join(folder, name)).size / 1000) }] as const
  )
  const sum = rows.reduce((total, [, { kB }]) => total + kB, 0)
  return { ...Object.fromEntries(rows), 'dist, all': { kB: sum } }
}

function median(of: readonly number[]): number {
  return of.toSorted((a, b) => a - b)[Math.floor(of.length / 2)] ?? Number.NaN
}
