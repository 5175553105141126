/**
 * A gate that is a command: good is exit code 0. It runs in a shell, as people of continuous integration expect, in a process
 * group of its own, which is killed as a whole when its time is over. Its output is not shown: it may hold anything.
 */
import { spawn } from 'node:child_process'
import type { GateLook } from '../engine/model/gates.ts'

const limitMs = 30_000
/** From the request to end until the kill. */
const graceMs = 2_000

export interface CommandGateOptions {
  env: Readonly<Record<string, string | undefined>>
  /** How long it may run, in ms; 30 s unless a test says otherwise. */
  limitMs?: number
}

export function askCommand(
  command: string,
  { env, limitMs: limit = limitMs }: CommandGateOptions,
  signal: AbortSignal
): Promise<Omit<GateLook, 'gate'>> {
  return new Promise((resolve) => {
    const child = spawn(command, { shell: true, detached: true, stdio: 'ignore', env: environmentFor(env) })
    const kill = (how: NodeJS.Signals) => killGroup(child.pid, how)
    const killNow = () => kill('SIGKILL')
    let late = false
    const timers = [
      setTimeout(() => {
        late = true
        kill('SIGTERM')
        timers.push(setTimeout(killNow, graceMs))
      }, limit)
    ]
    signal.addEventListener('abort', killNow, { once: true })
    process.once('exit', killNow)
    const end = (look: Omit<GateLook, 'gate'>) => {
      for (const timer of timers) clearTimeout(timer)
      signal.removeEventListener('abort', killNow)
      process.off('exit', killNow)
      // What it has left running in its group ends with it.
      killNow()
      resolve(look)
    }
    child.once('error', (error) => end({ state: 'unknown', seen: `it cannot be started: ${codeOf(error)}` }))
    child.once('exit', (code, by) => {
      if (late) end({ state: 'unknown', seen: `it did not end within ${limit / 1000} s and was killed` })
      else if (code === 0) end({ state: 'good', seen: 'exit code 0' })
      else end({ state: 'bad', seen: code === null ? `ended by ${by}` : `exit code ${code}` })
    })
    if (signal.aborted) killNow()
  })
}

/** Without the inputs and the state of this action, which hold the token among others. */
function environmentFor(env: Readonly<Record<string, string | undefined>>): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(env).filter(([name]) => !/^(INPUT|STATE)_|^ACTIONS_(RUNTIME|ID_TOKEN)_/.test(name))
  )
}

function killGroup(pid: number | undefined, how: NodeJS.Signals): void {
  if (pid === undefined) return
  try {
    process.kill(-pid, how)
  } catch {
    // Nothing of the group is left.
  }
}

function codeOf(error: NodeJS.ErrnoException): string {
  return error.code ?? error.message
}
