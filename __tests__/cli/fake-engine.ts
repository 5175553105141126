/** An engine that does nothing and behaves in a way that a test asks for, for processes that are given real signals. */
import { rmSync } from 'node:fs'
import { dirname } from 'node:path'
import type { Reporter, Result } from '../../src/engine/model/report.ts'
import type { Settings } from '../../src/engine/model/settings.ts'
import type { Program } from '../../src/entry/group-runs.ts'
import { revertedResult, sampleBlockers, samplePlan, sampleProgress, sampleResult, started } from '../report/sample.ts'

export type Behaviour = keyof typeof behaviours

interface FakePorts {
  reporter: Reporter
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
}

/** Keeps the process alive, as sockets would. */
async function forever(): Promise<never> {
  for (;;) await new Promise((resolve) => setTimeout(resolve, 1000))
}

function begin(settings: Settings, { reporter }: FakePorts): void {
  reporter.report(started({ mode: settings.mode, group: settings.group ?? 'workers' }))
  reporter.report({ kind: 'owned', at: Date.now(), runId: 'run-7' })
  reporter.report({
    kind: 'stage',
    at: Date.now(),
    direction: 'forward',
    stage: 'drain',
    state: 'began',
    detail: '',
    elapsedMs: 0
  })
  reporter.report({ kind: 'progress', at: Date.now(), progress: sampleProgress({ at: Date.now() }) })
}

const behaviours = {
  async upgraded(settings: Settings, ports: FakePorts): Promise<Result> {
    ports.reporter.report({ kind: 'plan', at: Date.now(), plan: samplePlan() })
    begin(settings, ports)
    return sampleResult({ mode: settings.mode })
  },
  /** Upgrades, while somebody removes the folder that the report is to be in. */
  async 'report-vanishes'(settings: Settings, ports: FakePorts): Promise<Result> {
    begin(settings, ports)
    rmSync(dirname(process.env.INPUT_REPORT ?? ''), { recursive: true })
    return sampleResult({ mode: settings.mode })
  },
  async reverted(settings: Settings, ports: FakePorts): Promise<Result> {
    begin(settings, ports)
    return revertedResult({ mode: settings.mode })
  },
  async refused(settings: Settings): Promise<Result> {
    return sampleResult({ outcome: 'refused', mode: settings.mode, plan: samplePlan({ blockers: sampleBlockers }) })
  },
  /** Plans, and stops as it should. */
  async orderly(settings: Settings, ports: FakePorts, signal: AbortSignal): Promise<Result> {
    if (settings.mode === 'plan') {
      ports.reporter.report({ kind: 'plan', at: Date.now(), plan: samplePlan() })
      return sampleResult({ outcome: 'planned', mode: 'plan' })
    }
    begin(settings, ports)
    const alive = setInterval(() => {}, 1000)
    await aborted(signal)
    clearInterval(alive)
    return sampleResult({ outcome: 'cancelled', mode: settings.mode, next: 'upgrade --cluster shop' })
  },
  /** Does not hear. */
  async deaf(settings: Settings, ports: FakePorts): Promise<Result> {
    begin(settings, ports)
    return forever()
  },
  async chatty(settings: Settings, { reporter }: FakePorts): Promise<Result> {
    for (let index = 0; index < 2000; index += 1) {
      reporter.report({
        kind: 'note',
        at: Date.now(),
        level: 'info',
        title: 'note',
        text: `${index} ${'x'.repeat(200)}`
      })
      if (index % 100 === 0) await new Promise((resolve) => setTimeout(resolve, 1))
    }
    return sampleResult({ mode: settings.mode })
  },
  async broken(settings: Settings, ports: FakePorts): Promise<Result> {
    begin(settings, ports)
    throw new TypeError('x is not a function')
  }
} as const

/** Says on `reporter` when it is asked to recover, and ends as `recovery` says. */
export function fakeProgram(behaviour: Behaviour, recovery: Behaviour = 'reverted'): Program<FakePorts> {
  return {
    engine: {
      run: (settings, ports, signal) => behaviours[behaviour](settings, ports, signal),
      async recover(settings, ports, runId, signal) {
        const text = `run ${runId} of ${settings.group}`
        ports.reporter.report({ kind: 'note', at: Date.now(), level: 'info', title: 'recovering', text })
        return behaviours[recovery](settings, ports, signal)
      }
    },
    async connect() {
      return { findGroups: async () => [], ports: async (reporter) => ({ reporter }) }
    }
  }
}
