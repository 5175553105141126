// Starts dist/index.js as the runner does: inputs with their defaults in INPUT_*, files for outputs, state and summary,
// and for the post step what main has saved in STATE_*.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { clusterName, onExit, root, type Testbed } from './testbed.ts'
import { type EndedProcess, quick, type Running, start, toolEnvironment } from './tool.ts'

export interface StepFiles {
  outputs(): Record<string, string>
  state(): Record<string, string>
  summary(): string
}

export interface StepProcess extends StepFiles {
  readonly main: Running
  /** Runs `post` in a process of its own, with main's state, as the runner does whatever became of main. */
  post(): Promise<EndedProcess>
}

/** E2E_ACTION names another file to run instead, such as src/action/main.ts. */
export const actionFile = join(root, process.env.E2E_ACTION ?? 'dist/index.js')

export function startAction(testbed: Testbed, inputs: Readonly<Record<string, string>> = {}): StepProcess {
  const folder = mkdtempSync(join(tmpdir(), 'e2e-step-'))
  onExit(() => rmSync(folder, { recursive: true, force: true }))
  const given = { ...defaults(), ...quick, cluster: clusterName, kubeconfig: testbed.toolKubeconfig, ...inputs }
  const env: NodeJS.ProcessEnv = {
    ...toolEnvironment(testbed),
    CI: 'true',
    GITHUB_ACTIONS: 'true',
    GITHUB_ACTOR: 'somebody',
    GITHUB_REPOSITORY: 'shop/platform',
    GITHUB_RUN_ID: '4711',
    GITHUB_RUN_ATTEMPT: '1',
    GITHUB_SERVER_URL: 'https://github.invalid',
    RUNNER_TEMP: folder
  }
  for (const [name, value] of Object.entries(given)) env[`INPUT_${name.toUpperCase().replaceAll(' ', '_')}`] = value
  const main = begin('main', {})
  return {
    main,
    ...filesOf('main'),
    post() {
      const state = filesOf('main').state()
      const saved = Object.fromEntries(Object.entries(state).map(([name, value]) => [`STATE_${name}`, value]))
      return begin('post', saved).ended
    }
  }

  function begin(phase: string, more: NodeJS.ProcessEnv): Running {
    const files: Record<string, string> = {}
    for (const name of ['GITHUB_OUTPUT', 'GITHUB_STATE', 'GITHUB_STEP_SUMMARY', 'GITHUB_ENV', 'GITHUB_PATH']) {
      files[name] = join(folder, `${phase}-${name}`)
      writeFileSync(files[name], '')
    }
    return start(process.execPath, [actionFile], { ...env, ...files, ...more }, folder)
  }

  function filesOf(phase: string): StepFiles {
    const read = (name: string) => readFileSync(join(folder, `${phase}-${name}`), 'utf8')
    return {
      outputs: () => readKeyed(read('GITHUB_OUTPUT')),
      state: () => readKeyed(read('GITHUB_STATE')),
      summary: () => read('GITHUB_STEP_SUMMARY')
    }
  }
}

/** The file commands' two forms: `name=value`, and `name<<MARK` … `MARK`; the last one of a name wins. */
function readKeyed(from: string): Record<string, string> {
  const found: Record<string, string> = {}
  const lines = from.split('\n')
  for (let at = 0; at < lines.length; at++) {
    const line = lines[at] ?? ''
    const [, name, end] = /^([^=<]+)<<(.+)$/.exec(line) ?? []
    if (name !== undefined) {
      const last = lines.indexOf(end ?? '', at + 1)
      found[name] = lines.slice(at + 1, last).join('\n')
      at = last
    } else if (line.includes('=')) found[line.slice(0, line.indexOf('='))] = line.slice(line.indexOf('=') + 1)
  }
  return found
}

/** The runner fills in what action.yml says; a scalar in quotes is all that stands there. */
function defaults(): Record<string, string> {
  const inputs = readFileSync(join(root, 'action.yml'), 'utf8').split(/^outputs:/m)[0] ?? ''
  const found: Record<string, string> = {}
  let name = ''
  for (const line of inputs.split('\n')) {
    name = /^ {2}([a-z-]+):\s*$/.exec(line)?.[1] ?? name
    const value = /^ {4}default:\s*(.*)$/.exec(line)?.[1]
    if (value !== undefined) found[name] = value.replace(/^(['"])(.*)\1$/, '$2')
  }
  return found
}
