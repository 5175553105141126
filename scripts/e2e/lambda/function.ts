// One sandbox of the function: the emulator of Lambda's runtime, which starts the bundle with the runtime's own client, as Lambda does.
import { readdirSync, readFileSync } from 'node:fs'
import { until } from '../ground.ts'
import type { Testbed } from '../testbed.ts'
import { type Running, start, toolEnvironment } from '../tool.ts'
import type { LambdaTools } from './tools.ts'

export interface Sandbox {
  readonly name: string
  readonly url: string
  /** Invokes it directly, beside the state machine. */
  invoke(event: unknown): Promise<Record<string, unknown>>
  /** Ends the function's process with SIGKILL, and not the emulator. */
  kill(): boolean
  log(): string
}

export interface SandboxOptions {
  name: string
  /** Where the bundle is. */
  folder: string
  tools: LambdaTools
  port: number
  timeoutSeconds: number
}

export async function startSandbox(testbed: Testbed, options: SandboxOptions): Promise<Sandbox> {
  const { name, folder, tools, port, timeoutSeconds } = options
  const url = `http://127.0.0.1:${port}/2015-03-31/functions/function/invocations`
  const env = {
    ...toolEnvironment(testbed),
    LAMBDA_TASK_ROOT: folder,
    AWS_LAMBDA_FUNCTION_NAME: name,
    AWS_LAMBDA_FUNCTION_TIMEOUT: String(timeoutSeconds)
  }
  const addresses = ['--runtime-interface-emulator-address', `127.0.0.1:${port}`]
  addresses.push('--runtime-api-address', `127.0.0.1:${port + 100}`)
  const command = [...addresses, process.execPath, tools.client, 'index.handler']
  const running = start(tools.emulator, command, env, folder)
  await until(`the sandbox ${name} listens`, 20, () => answers(`http://127.0.0.1:${port}/`))
  await testbed.aws.emulator('PUT', `/_emulator/functions/${name}`, { url, seconds: timeoutSeconds + 5 })
  return {
    name,
    url,
    async invoke(event) {
      const response = await fetch(url, { method: 'POST', body: JSON.stringify(event) })
      return JSON.parse(await response.text())
    },
    kill: () => killChildren(running),
    log: running.output
  }
}

async function answers(url: string): Promise<boolean> {
  try {
    await fetch(url, { method: 'GET' })
    return true
  } catch {
    return false
  }
}

/** The emulator's children, by the parent that the system records; the emulator itself is ended with the suite. */
function killChildren({ child }: Running): boolean {
  const children = readdirSync('/proc').filter((id) => /^\d+$/.test(id) && parentOf(id) === child.pid)
  for (const id of children) process.kill(Number(id), 'SIGKILL')
  return children.length > 0
}

function parentOf(id: string): number | undefined {
  try {
    // pid (name) state parent …; the name may hold blanks and brackets.
    const [, parent] = readFileSync(`/proc/${id}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ')
    return Number(parent)
  } catch {
    return undefined
  }
}
