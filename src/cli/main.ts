/** The process of the command line. Everything that costs time to load is loaded when it is needed. */
import { programOf } from '../report/commands.ts'
import { runCommand } from './command.ts'
import type { StopSignal } from './console.ts'

const stopSignals: readonly StopSignal[] = ['SIGINT', 'SIGTERM', 'SIGHUP']

const program = programOf(process.argv, process.cwd())

const code = await runCommand(
  process.argv.slice(2),
  {
    stdin: process.stdin,
    stdout: process.stdout,
    stderr: process.stderr,
    env: process.env,
    program,
    onStop(listener) {
      for (const signal of stopSignals) process.on(signal, listener)
      return () => {
        for (const signal of stopSignals) process.off(signal, listener)
      }
    },
    exit: (exitCode) => process.exit(exitCode)
  },
  {
    async load() {
      const [engine, { connect }] = await Promise.all([import('../engine/run/run.ts'), import('../entry/connect.ts')])
      return { engine, connect }
    },
    async lab(argv) {
      const { runLab } = await import('./lab/command.ts')
      return runLab(argv, { stdout: process.stdout, stderr: process.stderr, env: process.env, program })
    }
  }
)
// Connections that are kept alive would hold the process for a while; everything is said and done.
process.exit(code)
