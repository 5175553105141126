/**
 * The protocol between an action and the runner: inputs and state in environment variables, files to append to, commands
 * on stdout. It is written out here because `@actions/core` and its HTTP client would be 0.5 MB and 80 ms at the start of
 * every step for these few lines.
 * https://docs.github.com/actions/reference/workflows-and-actions/workflow-commands
 */
import { randomUUID } from 'node:crypto'
import { appendFileSync } from 'node:fs'
import { commandData } from '../report/escape.ts'

export interface Runner {
  /** As the workflow gives it, or the default of action.yml; empty where there is neither. */
  input(name: string): string
  /** What the main step saved for the post step. */
  state(name: string): string
  saveState(name: string, value: string): void
  setOutput(name: string, value: string): void
  appendSummary(markdown: string): void
  /** Hides a secret in all that is printed from now on. */
  mask(secret: string): void
  /** A complete line: a workflow command, or text that was made harmless. */
  print(line: string): void
  /** Mints the job's OIDC token. */
  idToken(audience: string): Promise<string>
  env: Readonly<Record<string, string | undefined>>
}

export function runner(env: Readonly<Record<string, string | undefined>>, write: (text: string) => void): Runner {
  /** Missing files (an old runner, a local start) lose a convenience, and must not lose the run. */
  const append = (variable: string, text: string) => {
    const file = env[variable]
    if (!file) return
    try {
      appendFileSync(file, text)
    } catch (error) {
      write(`could not write ${variable}: ${commandData(String(error))}\n`)
    }
  }
  const print = (line: string) => write(`${line}\n`)
  const mask = (secret: string) => {
    // The runner masks line by line, and an empty mask would hide everything.
    for (const line of secret.split(/\r?\n/)) if (line.trim() !== '') print(`::add-mask::${commandData(line)}`)
  }
  return {
    env,
    print,
    mask,
    input: (name) => (env[`INPUT_${name.toUpperCase()}`] ?? '').trim(),
    state: (name) => env[`STATE_${name}`] ?? '',
    saveState: (name, value) => append('GITHUB_STATE', keyed(name, value)),
    setOutput: (name, value) => append('GITHUB_OUTPUT', keyed(name, value)),
    appendSummary: (markdown) => append('GITHUB_STEP_SUMMARY', markdown),
    idToken: (audience) => mintToken(env, audience, mask)
  }
}

/** A value of any number of lines, between marks that it cannot hold. */
function keyed(name: string, value: string): string {
  const mark = `ghadelimiter_${randomUUID()}`
  return `${name}<<${mark}\n${value}\n${mark}\n`
}

const tokenAttempts = 3
const tokenTimeoutMs = 10_000

async function mintToken(
  env: Readonly<Record<string, string | undefined>>,
  audience: string,
  mask: (secret: string) => void
): Promise<string> {
  const url = env.ACTIONS_ID_TOKEN_REQUEST_URL
  const bearer = env.ACTIONS_ID_TOKEN_REQUEST_TOKEN
  if (!url || !bearer) throw new Error('the job has no permission id-token: write')
  mask(bearer)
  const target = new URL(url)
  target.searchParams.set('audience', audience)
  let failure: unknown
  for (let attempt = 1; attempt <= tokenAttempts; attempt += 1) {
    try {
      const headers = {
        authorization: `Bearer ${bearer}`,
        accept: 'application/json',
        'user-agent': 'eks-node-upgrade'
      }
      const answer = await fetch(target, { headers, signal: AbortSignal.timeout(tokenTimeoutMs) })
      const { value } = answer.ok ? ((await answer.json()) as { value?: string }) : {}
      if (value) {
        mask(value)
        return value
      }
      failure = new Error(`the token service answered ${answer.status}`)
      if (answer.status >= 400 && answer.status < 500 && answer.status !== 429) break
    } catch (error) {
      failure = error
    }
  }
  throw failure
}

/** The run in the words of people: who, and where it can be looked at. */
export function workflowHost(env: Readonly<Record<string, string | undefined>>): { name: string; link?: string } {
  const { GITHUB_REPOSITORY: repository, GITHUB_RUN_ID: id, GITHUB_SERVER_URL: server, GITHUB_ACTOR: actor } = env
  const name = ['GitHub Actions', repository, actor ? `by ${actor}` : ''].filter(Boolean).join(' ')
  if (!repository || !id || !server) return { name }
  const attempt = Number(env.GITHUB_RUN_ATTEMPT ?? 1) > 1 ? `/attempts/${env.GITHUB_RUN_ATTEMPT}` : ''
  return { name, link: `${server}/${repository}/actions/runs/${id}${attempt}` }
}
