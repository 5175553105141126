/** The function over the lab, on a virtual clock, called as the state machine calls it. */
import type { Clock } from '../../src/engine/model/clock.ts'
import type { Lease } from '../../src/engine/model/cluster.ts'
import type { Ports } from '../../src/engine/model/ports.ts'
import * as engine from '../../src/engine/run/run.ts'
import type { Program } from '../../src/entry/group-runs.ts'
import { virtualClock } from '../../src/lab/clock.ts'
import { createLab, type Lab } from '../../src/lab/joined/lab.ts'
import { labPorts } from '../../src/lab/ports/ports.ts'
import type { Scenario } from '../../src/lab/simulation/scenario.ts'
import type { Answer, Ended, SliceEvent } from '../../src/lambda/answer.ts'
import { answerTo } from '../../src/lambda/handler.ts'

export interface LabFunction {
  lab: Lab
  invoke(event: unknown): Promise<Answer>
  /** What the state machine does: every group, slice after slice. `between` is told before each slice. */
  execute(event: unknown, between?: (event: SliceEvent, slice: number) => Promise<void> | void): Promise<Execution>
  /** Ids of the runs that were ever begun. */
  runs: ReadonlySet<string>
  logged: readonly string[]
  lease(): Promise<Lease | undefined>
  /** As a process leaves it that was killed: held, and renewed no more. */
  abandonLease(): Promise<void>
}

export interface Execution {
  answers: readonly Ended[]
  slices: number
}

export interface LabFunctionOptions {
  world: Scenario['world']
  timeoutSeconds: number
}

/** Plays `play` on a virtual clock, so that hours take milliseconds. */
export function onLab<T>(options: LabFunctionOptions, play: (lambda: LabFunction) => Promise<T>): Promise<T> {
  const virtual = virtualClock({ seed: 1 })
  return virtual.run(
    (async () => {
      const lab = createLab({ clock: virtual, world: options.world, seed: 1 })
      await lab.settled()
      return play(labFunction(lab, options.timeoutSeconds))
    })()
  )
}

const mostSlices = 200
const freshLease = { holderDetails: '', durationSeconds: 30, transitions: 1 }

function labFunction(lab: Lab, timeoutSeconds: number): LabFunction {
  const clock: Clock = {
    now: lab.clock.now,
    sleep: (ms, signal) => lab.clock.sleep(ms, signal).catch(() => {})
  }
  const runs = new Set<string>()
  const logged: string[] = []
  let requests = 0

  async function invoke(event: unknown): Promise<Answer> {
    const endsAt = clock.now() + timeoutSeconds * 1000
    return answerTo({
      event,
      context: {
        functionName: 'upgrade',
        awsRequestId: `request-${++requests}`,
        getRemainingTimeInMillis: () => endsAt - clock.now()
      },
      env: { AWS_REGION: 'eu-west-1' },
      clock,
      program: programOf(lab, runs),
      print: (line) => void logged.push(line),
      exit() {
        throw new Error('the process would have ended')
      }
    })
  }

  async function slices(
    event: SliceEvent,
    between: Parameters<LabFunction['execute']>[1],
    counted: { slices: number }
  ) {
    for (let next = event; counted.slices < mostSlices; ) {
      counted.slices++
      await between?.(next, counted.slices)
      const answer = await invoke(next)
      if (answer.done) return answer
      if (!('event' in answer)) throw new Error('a slice names no groups')
      next = answer.event
      await clock.sleep(answer.waitSeconds * 1000)
    }
    throw new Error(`not done after ${mostSlices} slices`)
  }

  const settings = { cluster: lab.clusterName, clusterTagKey: 'kubernetes.io/cluster/{cluster}' }
  const { leases } = labPorts(lab, { settings }).ports

  return {
    lab,
    invoke,
    runs,
    logged,
    lease: async () => (await leases.read())?.lease,
    async abandonLease() {
      const found = await leases.read()
      const now = clock.now()
      await leases.write({ ...freshLease, holder: 'dead', acquiredAt: now, renewedAt: now }, found?.version)
    },
    async execute(event, between) {
      const start = await invoke({ ...(event as object), step: 'start' })
      if (start.done) return { answers: [start], slices: 0 }
      const counted = { slices: 0 }
      const answers: Ended[] = []
      for (const one of 'events' in start ? start.events : []) {
        const answer = await slices(one, between, counted)
        answers.push(answer)
        if (answer.exitCode !== 0) break
      }
      return { answers, slices: counted.slices }
    }
  }
}

function programOf(lab: Lab, runs: Set<string>): Program<Ports> {
  return {
    engine,
    async connect(settings, _connection, { host }) {
      const made = (reporter: Ports['reporter']) => labPorts(lab, { settings, host: host.name, reporter }).ports
      return {
        findGroups: () => made({ report() {} }).nodeGroups.find(),
        async ports(reporter) {
          return made({
            report(event) {
              if (event.kind === 'started' && !event.resumed) runs.add(event.runId)
              reporter.report(event)
            }
          })
        }
      }
    }
  }
}
