import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createActionExecutor } from '../../../src/engine/loop/action-executor.ts'
import type { Cluster, EvictionAnswer, Pod, WriteAnswer } from '../../../src/engine/model/cluster.ts'
import { UpgradeError } from '../../../src/engine/model/error.ts'
import type { NodeGroups } from '../../../src/engine/model/node-group.ts'
import { type Action, actionKey } from '../../../src/engine/world/action.ts'
import { newObservations, type Observations } from '../../../src/engine/world/observations.ts'
import { virtualClock } from '../../../src/lab/clock.ts'
import { blue, engineClock, green, node, pod, workload } from '../sample.ts'

type Answer = EvictionAnswer | WriteAnswer | Error

type Start = (actions: readonly Action[]) => number

/** Everything takes a second; `answers` says how it ends, by what was called, and is good when it says nothing. */
function workshop(answers: Record<string, Answer[]> = {}) {
  const clock = virtualClock()
  const engine = engineClock(clock)
  const observations: Observations = newObservations(clock.now())
  const calls: string[] = []
  const told: string[] = []
  const state = { lock: true, wrote: 0, most: 0, under: 0 }

  async function call<T>(name: string, good: T): Promise<T> {
    calls.push(name)
    state.under += 1
    state.most = Math.max(state.most, state.under)
    await engine.sleep(1000)
    state.under -= 1
    const answer = answers[name]?.shift()
    if (answer instanceof Error) throw answer
    return (answer as T | undefined) ?? good
  }
  const accepted: EvictionAnswer = { kind: 'accepted' }
  const cluster: Pick<Cluster, 'evict' | 'remove' | 'cordonNode' | 'uncordonNode' | 'restart' | 'unmarkWorkload'> = {
    evict: (one) => call(`evict ${one.name}`, accepted),
    remove: (one) => call(`remove ${one.name}`, accepted),
    cordonNode: (one) => call(`cordon ${one.name}`, 'done'),
    uncordonNode: (one) => call(`uncordon ${one.name}`, 'done'),
    restart: (one) => call(`restart ${one.name}`, 'done'),
    unmarkWorkload: (one) => call(`unmark ${one.name}`, 'done')
  }
  const nodeGroups: Pick<
    NodeGroups,
    'resize' | 'suspend' | 'resume' | 'protect' | 'protectNew' | 'tag' | 'untag' | 'terminate'
  > = {
    resize: (name) => call(`resize ${name}`, undefined),
    suspend: (name) => call(`suspend ${name}`, undefined),
    resume: (name) => call(`resume ${name}`, undefined),
    protect: (name) => call(`protect ${name}`, undefined),
    protectNew: (name) => call(`protect-new ${name}`, undefined),
    tag: (name) => call(`tag ${name}`, undefined),
    untag: (name) => call(`untag ${name}`, undefined),
    terminate: (name) => call(`terminate ${name}`, undefined)
  }
  const executor = createActionExecutor({
    clock: engine,
    cluster: cluster as Cluster,
    nodeGroups: nodeGroups as NodeGroups,
    observations: () => observations,
    mayWrite: () => state.lock,
    wroteGroups: () => {
      state.wrote += 1
    },
    did: (text) => told.push(text),
    trouble: (text) => told.push(`trouble: ${text}`)
  })
  /** Starts what may be started, and counts it. */
  const start: Start = (actions) => {
    const before = observations.inFlight.size
    executor.start(actions)
    return observations.inFlight.size - before
  }
  return {
    executor,
    start,
    observations,
    calls,
    told,
    state,
    clock,
    pass: (ms: number) => clock.run(clock.sleep(ms)),
    /** Until nothing is under way; unlike `executor.idle`, what waits for its turn is waited for. */
    async drain() {
      while (executor.busy()) await clock.run(executor.ended())
    }
  }
}

const evict = (name: string, lane = name, over: Partial<Pod> = {}): Action => ({
  kind: 'evict',
  pod: pod(name, over),
  lane,
  budgetVersion: '7'
})
const resize: Action = { kind: 'resize', group: blue, capacity: { desired: 3 } }
const cordon = (version = '1'): Action => ({
  kind: 'cordon',
  node: node('b1', { resourceVersion: version }),
  runId: 'run-1'
})
const failure = (code: 'aws' | 'kubernetes') => new UpgradeError('throttled', { code, outcome: 'refused', hint: '' })

describe('the executor', () => {
  it('does nothing twice while it is under way', async () => {
    const { start, calls, drain } = workshop()
    assert.equal(start([evict('a'), cordon()]), 2)
    assert.equal(start([evict('a'), cordon()]), 0)
    await drain()
    assert.deepEqual(calls.sort(), ['cordon b1', 'evict a'])
  })

  it('writes nothing without the lock', async () => {
    const { start, calls, state, drain } = workshop()
    state.lock = false
    assert.equal(start([evict('a'), cordon(), resize]), 0)
    await drain()
    assert.deepEqual(calls, [])
  })

  it('makes one write at a time for a group, and tells the reader when the last has ended', async () => {
    const { start, calls, state, drain } = workshop()
    const suspend: Action = { kind: 'suspend', group: blue, processes: ['AZRebalance'] }
    const other: Action = { kind: 'resize', group: green, capacity: { desired: 1 } }
    assert.equal(start([resize, suspend, other]), 3)
    // What a later look wants waits until this is through.
    assert.equal(start([{ kind: 'protect-new', group: blue, on: true }]), 0)
    await drain()
    assert.deepEqual(calls, [`resize ${blue}`, `resize ${green}`, `suspend ${blue}`])
    assert.equal(state.wrote, 2)
  })

  it('does not repeat a change of an object that has not changed since, until it should have been seen', async () => {
    const { start, calls, drain, pass } = workshop()
    start([cordon('1')])
    await drain()
    assert.equal(start([cordon('1')]), 0)
    assert.equal(start([cordon('2')]), 1)
    await drain()
    await pass(5001)
    assert.equal(start([cordon('1')]), 1)
    assert.equal(calls.length, 3)
    await drain()
  })

  it('tells what was done, and not what met another object', async () => {
    const { start, told, drain, observations } = workshop({ 'cordon b1': ['conflict'] })
    start([cordon('1')])
    await drain()
    assert.deepEqual(told, [])
    assert.equal(observations.attempts.get(actionKey(cordon('1')))?.failures, 0)
    start([cordon('2')])
    await drain()
    assert.deepEqual(told, ['cordoned node b1'])
  })

  it('tries again what failed for a passing reason, later and later', async () => {
    const { start, calls, told, drain, pass } = workshop({ [`resize ${blue}`]: [failure('aws'), failure('aws')] })
    start([resize])
    await drain()
    assert.equal(start([resize]), 0)
    await pass(1001)
    assert.equal(start([resize]), 1)
    await drain()
    await pass(1001)
    assert.equal(start([resize]), 0)
    await pass(1001)
    assert.equal(start([resize]), 1)
    await drain()
    assert.equal(calls.length, 3)
    assert.deepEqual(told, [`trouble: ${blue}: desired 3 failed: throttled`, `${blue}: desired 3`])
  })

  it('lets a bug fly on', async () => {
    for (const [action, name] of [
      [resize, `resize ${blue}`],
      [evict('a'), 'evict a']
    ] as const) {
      const { start, drain } = workshop({ [name]: [new TypeError('undefined is not a function')] })
      start([action])
      await drain()
      assert.throws(() => start([]), TypeError)
    }
  })

  it('notes every answer of an eviction, with the budget’s version that it was asked at', async () => {
    const answers: EvictionAnswer[] = [
      { kind: 'accepted' },
      { kind: 'gone' },
      { kind: 'replaced' },
      { kind: 'budget', message: 'no' },
      { kind: 'denied', message: 'no' },
      { kind: 'unknown', message: '' }
    ]
    for (const answer of answers) {
      const { start, observations, drain } = workshop({ 'evict a': [answer] })
      start([evict('a')])
      assert.equal(observations.evictions.get('uid-a')?.answer, undefined)
      await drain()
      assert.deepEqual(observations.evictions.get('uid-a')?.answer, answer)
      assert.equal(observations.evictions.get('uid-a')?.budgetVersion, '7')
    }
  })

  it('takes a call that broke off for an answer that nobody knows', async () => {
    const { start, observations, drain } = workshop({ 'evict a': [failure('kubernetes')] })
    start([evict('a')])
    await drain()
    assert.equal(observations.evictions.get('uid-a')?.answer?.kind, 'unknown')
  })

  it('has everybody slow down when flow control says so', async () => {
    const { start, observations, drain, clock } = workshop({ 'evict a': [{ kind: 'throttled', retryAfterMs: 3000 }] })
    start([evict('a')])
    await drain()
    assert.equal(observations.throttledUntil, clock.now() + 3000)
  })
})

describe('evictions that one budget has to allow', () => {
  it('go one after the other, and those of different budgets side by side', async () => {
    const { start, state, calls, drain } = workshop()
    start([evict('a1', 'a'), evict('a2', 'a'), evict('b1', 'b')])
    await drain()
    assert.equal(state.most, 2)
    assert.equal(calls.length, 3)
  })

  it('are not asked for any more when the budget said no', async () => {
    const { start, calls, observations, drain } = workshop({ 'evict a1': [{ kind: 'budget', message: 'no' }] })
    start([evict('a1', 'a'), evict('a2', 'a')])
    await drain()
    assert.deepEqual(calls, ['evict a1'])
    assert.equal(observations.evictions.has('uid-a2'), false)
    assert.equal(observations.inFlight.size, 0)
  })

  it('are not sent once the lock is lost', async () => {
    const { start, calls, state, drain, pass } = workshop()
    start([evict('a1', 'a'), evict('a2', 'a')])
    await pass(500)
    state.lock = false
    await drain()
    assert.deepEqual(calls, ['evict a1'])
  })

  it('are not sent once somebody waits for the end: the direction may turn', async () => {
    const { executor, start, calls, clock, pass, drain } = workshop()
    start(['1', '2', '3', '4'].map((number) => evict(`a${number}`, 'a')))
    await pass(500)
    await clock.run(executor.idle())
    assert.deepEqual(calls, ['evict a1'])
    start([evict('b')])
    await drain()
    assert.deepEqual(calls, ['evict a1', 'evict b'])
  })
})

describe('waiting for what is under way', () => {
  it('wakes when the next one ends', async () => {
    const { executor, start, clock, calls } = workshop()
    const begunAt = clock.now()
    start([cordon()])
    await clock.run(executor.ended())
    assert.equal(clock.now() - begunAt, 1000)
    assert.equal(executor.busy(), false)
    const restart: Action = { kind: 'restart', workload: workload('Deployment', 'shop'), mark: 'm' }
    start([restart])
    await clock.run(executor.ended())
    assert.deepEqual(calls, ['cordon b1', 'restart shop'])
  })
})
