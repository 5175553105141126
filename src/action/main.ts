/** The process of the action, for `main:` and `post:` alike. */
import { systemClock } from '../entry/system-clock.ts'
import { runner } from './runner.ts'
import { runStep } from './step.ts'

const stopSignals = ['SIGINT', 'SIGTERM'] as const

if (process.env.RUNNER_DEBUG === '1') {
  const { traceHttp } = await import(/* webpackMode: "eager" */ '../entry/http-trace.ts')
  traceHttp(runner.debug)
}

const code = await runStep({
  runner,
  clock: systemClock,
  async load() {
    // In the bundle all of it lies in the main file ("eager"), because ncc does not minify any other; it is still not
    // evaluated before it is needed, which a post step that has nothing to do never does.
    const [engine, { connect }] = await Promise.all([
      import(/* webpackMode: "eager" */ '../engine/run/run.ts'),
      import(/* webpackMode: "eager" */ '../entry/connect.ts')
    ])
    return { engine, connect }
  },
  onStop(listener) {
    for (const signal of stopSignals) process.on(signal, listener)
    return () => {
      for (const signal of stopSignals) process.off(signal, listener)
    }
  }
})
// Connections that are kept alive would hold the process for a while; everything is said and done.
process.exit(code)
