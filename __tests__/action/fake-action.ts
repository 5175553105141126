/** The action over a fake engine, as a process of its own: `fake-action.ts BEHAVIOUR [RECOVERY]`. */
import { runner } from '../../src/action/runner.ts'
import { runStep } from '../../src/action/step.ts'
import { systemClock } from '../../src/entry/system-clock.ts'
import { type Behaviour, fakeProgram } from '../cli/fake-engine.ts'

const [behaviour, recovery] = process.argv.slice(2) as Behaviour[]
const signals = ['SIGINT', 'SIGTERM'] as const

const code = await runStep({
  runner,
  clock: systemClock,
  load: async () => fakeProgram(behaviour ?? 'upgraded', recovery),
  onStop(listener) {
    for (const signal of signals) process.on(signal, listener)
    return () => {
      for (const signal of signals) process.off(signal, listener)
    }
  },
  recoverMs: 300
})
process.exit(code)
