/** The command line over a fake engine, as a process of its own: `fake-process.ts BEHAVIOUR ARGUMENT…`. */
import { runCommand } from '../../src/cli/command.ts'
import { type Behaviour, fakeProgram } from './fake-engine.ts'

const [behaviour, ...argv] = process.argv.slice(2)
const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

const code = await runCommand(
  argv,
  {
    stdin: process.stdin,
    stdout: process.stdout,
    stderr: process.stderr,
    env: process.env,
    program: 'eks-node-upgrade',
    onStop(listener) {
      for (const signal of signals) process.on(signal, listener)
      return () => {
        for (const signal of signals) process.off(signal, listener)
      }
    },
    exit: (exitCode) => process.exit(exitCode)
  },
  {
    load: async () => fakeProgram(behaviour as Behaviour),
    async lab(rest) {
      process.stdout.write(`lab ${rest.join(' ')}\n`)
      return 0
    }
  }
)
process.exit(code)
