// What the state machine and the function must get right together, each on a ground of its own.
import { check, say } from '../expect.ts'
import { setTag, until } from '../ground.ts'
import { onGround, type ScenarioRun } from '../run.ts'
import {
  checkCalm,
  checkNothingLeft,
  checkPlaced,
  checkRestored,
  checkSwapped,
  type PairSettings,
  readSettings
} from '../snapshot.ts'
import { clusterName, type Testbed } from '../testbed.ts'
import { quick } from '../tool.ts'
import { budget, deployment, type Made } from '../workloads.ts'
import type { Sandbox } from './function.ts'
import type { Execution, StartedExecution, StateMachine } from './state-machine.ts'

export interface LambdaStage {
  testbed: Testbed
  /** Two sandboxes of the function, and a state machine for each. */
  first: Sandbox
  second: Sandbox
  machine: StateMachine
  other: StateMachine
}

interface LambdaScenario {
  name: string
  what: string
  run(stage: LambdaStage): Promise<void>
}

export const scenarios: readonly LambdaScenario[] = [
  {
    name: 'bad-input',
    what: 'an event without a cluster and with an unknown key fails with its code, and is not tried again',
    async run({ machine, testbed }) {
      await testbed.aws.emulator('DELETE', '/_emulator/calls')
      const ended = await (await machine.start({ clustr: 'shop', hold: 'maybe' })).ended(30)
      checkFailed(ended, 'bad-input', 'cluster is empty')
      check('the unknown key and what was meant are named', /clustr.*did you mean cluster/.test(ended.cause ?? ''))
      check('the bad value is named as well', /hold is "maybe"/.test(ended.cause ?? ''), ended.cause)
      check('it was invoked once', ended.slices === 0 && ended.retried.length === 0, ended)
    }
  },
  {
    name: 'slices',
    what: 'one upgrade in at least four slices, one of which is delivered twice at once',
    run: (stage) =>
      onSmallGround(stage, 'sliced', async (run) => {
        // A soak that is longer than a slice.
        const started = await stage.machine.start(eventFor('sliced', { 'soak-minutes': 0.4, 'canary-nodes': 1 }))
        const event = await sliceUnderWay(started, 'run-id')
        const twice = await stage.second.invoke(event)
        const { done, outcome, runId } = twice
        check('the slice that was delivered twice is harmless', done === false || outcome === 'upgraded', twice)
        check('and names the same run', runId === event['run-id'], { runId })
        const ended = await started.ended(240)
        checkSucceeded(ended, 'upgraded')
        check('it took at least four slices', ended.slices >= 4, `${ended.slices} in ${ended.seconds.toFixed(0)} s`)
        await checkUpgraded(run)
        const again = await stage.second.invoke(event)
        check('delivered again, it tells how the run ended', again.done === true && again.outcome === 'upgraded', again)
        await checkUpgraded(run)
      })
  },
  {
    name: 'killed',
    what: 'the process of the function is killed in the middle of a slice',
    run: (stage) =>
      onSmallGround(stage, 'killed', async (run) => {
        const started = await stage.machine.start(eventFor('killed'))
        await run.observer.when('pods have begun to move', 120, () => run.observer.podsOn(run.ground.green).length > 1)
        check('the process was killed', stage.first.kill())
        const ended = await started.ended(240)
        say(`what Lambda threw: ${ended.retried.join(', ')}`)
        checkSucceeded(ended, 'upgraded')
        check('the state machine tried again', ended.retried.length > 0, ended.retried)
        await checkUpgraded(run)
      })
  },
  {
    name: 'reverts',
    what: 'new pods never become ready: reverted over several slices',
    run: (stage) =>
      onSmallGround(stage, 'broken', async (run) => {
        await setTag(stage.testbed, run.ground.green, 'simulated/ready-after', 'never')
        const before = await readSettings(stage.testbed, run.ground)
        // Longer than a slice: its clock continues from slice to slice.
        const ended = await (await stage.machine.start(eventFor('broken', { 'pod-timeout-minutes': 0.3 }))).ended(300)
        checkFailed(ended, 'reverted', 'not ready')
        check('it took several slices', ended.slices >= 3, `${ended.slices} in ${ended.seconds.toFixed(0)} s`)
        await checkAsBefore(run, before)
      })
  },
  {
    name: 'cancelled',
    what: 'a second execution with mode: revert; the first does not upgrade again',
    run: (stage) =>
      onSmallGround(stage, 'cancelled', async (run) => {
        const started = await stage.machine.start(eventFor('cancelled', { 'soak-minutes': 5 }))
        await run.observer.when('pods have moved', 120, () => run.observer.podsOn(run.ground.green).length > 1)
        const revert = await stage.other.start({ cluster: clusterName, group: 'cancelled', mode: 'revert' })
        const [first, second] = await Promise.all([started.ended(240), revert.ended(240)])
        checkSucceeded(second, 'reverted')
        checkFailed(first, 'reverted', 'A revert was requested')
        await checkAsBefore(run, run.before)
      })
  }
]

/** Three nodes and a few pods: the state machine is on trial here, not the drain. */
function onSmallGround({ testbed }: LambdaStage, group: string, play: (run: ScenarioRun) => Promise<void>) {
  return onGround(testbed, false, { group, nodes: 3, workloads: smallShop(`shop-${group}`) }, play)
}

function smallShop(namespace: string): Made[] {
  return [
    deployment(namespace, 'web', 6),
    budget(namespace, 'web', { maxUnavailable: 1 }),
    deployment(namespace, 'api', 4),
    deployment(namespace, 'ledger', 1)
  ]
}

/** As a person types it: JSON's own numbers and booleans. */
function eventFor(group: string, more: Record<string, unknown> = {}): Record<string, unknown> {
  const times = Object.fromEntries(Object.entries(quick).map(([name, value]) => [name, Number(value)]))
  return { cluster: clusterName, group: [group], hold: false, ...times, ...more }
}

/** The event of the slice that is under way, once it has that key. */
async function sliceUnderWay(started: StartedExecution, key: string): Promise<Record<string, unknown>> {
  let event: Record<string, unknown> = {}
  await until(`a slice has a ${key}`, 90, async () => {
    event = (await started.events()).at(-1) ?? {}
    return key in event
  })
  return event
}

function checkSucceeded(ended: Execution, outcome: string): void {
  const [result] = Array.isArray(ended.output) ? ended.output : []
  const seen = { status: ended.status, error: ended.error, cause: ended.cause, outcome: result?.outcome }
  check(`the execution succeeds: ${outcome}`, ended.status === 'SUCCEEDED' && result?.outcome === outcome, seen)
}

function checkFailed(ended: Execution, error: string, cause: string): void {
  const { status, slices } = ended
  const says = ended.cause?.includes(cause) === true
  const seen = { status, error: ended.error, cause: ended.cause, slices }
  check(`the execution fails: ${error}`, status === 'FAILED' && ended.error === error && says, seen)
}

async function checkUpgraded({ testbed, ground, observer, before }: ScenarioRun): Promise<void> {
  checkCalm(observer)
  checkPlaced(observer, ground.green, ground.blue)
  checkSwapped(before, await readSettings(testbed, ground))
  await checkNothingLeft(testbed)
}

async function checkAsBefore({ testbed, ground, observer }: ScenarioRun, before: PairSettings): Promise<void> {
  checkCalm(observer)
  checkRestored(before, await readSettings(testbed, ground))
  await checkNothingLeft(testbed)
  checkPlaced(observer, ground.blue, ground.green)
}
