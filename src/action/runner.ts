/**
 * What the action wants of the runner, over `@actions/core` and `@actions/github`. Everything that is told goes through
 * here, so that nothing below knows a workflow command, and nothing that the runner lacks can end a run.
 */
import * as core from '@actions/core'
import { workflowLine } from '../report/escape.ts'
import type { Annotation } from '../report/github/annotations.ts'

export interface Runner {
  /** As the workflow gives it, or the default of action.yml; empty where there is neither. */
  input(name: string): string
  /** What the main step saved for the post step. */
  state(name: string): string
  saveState(name: string, value: string): void
  setOutput(name: string, value: string): void
  appendSummary(markdown: string): Promise<void>
  /** Hides a secret in all that is printed from now on. */
  mask(secret: string): void
  /** A line of the log. It is no workflow command, whatever it holds. */
  print(line: string): void
  /** A line that only a run with step debug logging shows. */
  debug(line: string): void
  annotate(annotation: Annotation): void
  startGroup(title: string): void
  endGroup(): void
  /** Mints the job's OIDC token. */
  idToken(audience: string): Promise<string>
  /** The run in the words of people: who, and where it can be looked at. */
  host(): Promise<{ name: string; link?: string }>
  env: Readonly<Record<string, string | undefined>>
}

const annotating = { error: core.error, warning: core.warning, notice: core.notice }

/** The runner that started this process. */
export const runner: Runner = {
  env: process.env,
  input: (name) => core.getInput(name),
  state: (name) => core.getState(name),
  saveState: (name, value) => tolerant(`save the state ${name}`, () => core.saveState(name, value)),
  setOutput: (name, value) => tolerant(`set the output ${name}`, () => core.setOutput(name, value)),
  appendSummary,
  mask,
  print,
  debug(line) {
    if (core.isDebug()) core.debug(line)
  },
  annotate: ({ level, title, text }) => annotating[level](text, { title }),
  startGroup: (title) => core.startGroup(workflowLine(title)),
  endGroup: () => core.endGroup(),
  idToken,
  host
}

function print(line: string): void {
  core.info(workflowLine(line))
}

function mask(secret: string): void {
  // The runner masks line by line, and an empty mask would hide everything.
  for (const line of secret.split(/\r?\n/)) if (line.trim() !== '') core.setSecret(line)
}

/** A file that is missing loses a convenience, and must not lose the run. */
function tolerant(what: string, write: () => void): void {
  try {
    write()
  } catch (error) {
    print(`could not ${what}: ${String(error)}`)
  }
}

async function appendSummary(markdown: string): Promise<void> {
  // Outside a workflow there is none.
  if (!process.env.GITHUB_STEP_SUMMARY) return
  try {
    await core.summary.addRaw(markdown).write()
  } catch (error) {
    core.summary.emptyBuffer()
    print(`could not write the summary: ${String(error)}`)
  }
}

const tokenAttempts = 3
const tokenTimeoutMs = 10_000

async function idToken(audience: string): Promise<string> {
  const { ACTIONS_ID_TOKEN_REQUEST_URL: url, ACTIONS_ID_TOKEN_REQUEST_TOKEN: bearer } = process.env
  if (!url || !bearer) throw new Error('the job has no permission id-token: write')
  mask(bearer)
  // Its HTTP client is most of the package, and most runs need no token: the bundle evaluates it here, not at the start.
  const { getIDToken } = await import('@actions/core')
  let failure: unknown
  // It tries again by itself where the service is busy, not where a connection is lost, and waits minutes for an answer.
  for (let attempt = 1; attempt <= tokenAttempts; attempt += 1) {
    try {
      return await inTime(getIDToken(audience), tokenTimeoutMs)
    } catch (error) {
      failure = error
    }
  }
  throw new Error(String(failure instanceof Error ? failure.message : failure).replace(/\s+/g, ' '), { cause: failure })
}

async function inTime<T>(work: Promise<T>, timeoutMs: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${timeoutMs / 1000} s`)), timeoutMs)
  })
  try {
    return await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}

async function host(): Promise<{ name: string; link?: string }> {
  try {
    // The package reads the event of the workflow as soon as it is imported, and throws where that is no JSON.
    const { context } = await import('@actions/github')
    const { actor, runId, runAttempt, serverUrl } = context
    const repository = `${context.repo.owner}/${context.repo.repo}`
    const name = ['GitHub Actions', repository, actor ? `by ${actor}` : ''].filter(Boolean).join(' ')
    if (!runId) return { name }
    return {
      name,
      link: `${serverUrl}/${repository}/actions/runs/${runId}${runAttempt > 1 ? `/attempts/${runAttempt}` : ''}`
    }
  } catch {
    // Outside a workflow there is no repository. A run that cannot say where it runs is a run anyway.
    return { name: 'GitHub Actions' }
  }
}
