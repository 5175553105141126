/** What a process of its own says to its runner: the toolkit takes its environment and stdout as they are. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'

const imports = Object.entries({
  runner: '../../src/action/runner.ts',
  createWorkflowLog: '../../src/action/workflow-log.ts'
}).map(([name, path]) => `import { ${name} } from ${JSON.stringify(new URL(path, import.meta.url))}`)

/** The lines that a program prints which has `runner` and `createWorkflowLog`; throws where it fails. */
export async function speaking(program: string, env: Readonly<Record<string, string>> = {}): Promise<string[]> {
  const text = [...imports, program].join('\n')
  const child = spawn(process.execPath, ['--input-type=module', '--eval', text], {
    env: { PATH: process.env.PATH, ...env },
    stdio: ['ignore', 'pipe', 'inherit']
  })
  let stdout = ''
  child.stdout.setEncoding('utf8').on('data', (data) => {
    stdout += data
  })
  const [code] = await once(child, 'close')
  if (code !== 0) throw new Error(`the program ended with ${code}: ${stdout}`)
  return stdout.split('\n').slice(0, -1)
}
