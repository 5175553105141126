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
    cordonNode: (one) => call(`close ${one.name}`, 'done'),
    uncordonNode: (one) => call(`open ${one.name}`, 'done'),
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
  const works = createActionExecutor({
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
  return {
    works,
    observations,
    calls,
    told,
    state,
    clock,
    pass: (ms: number) => clock.run(clock.sleep(ms)),
    /** Until nothing is under way; unlike `works.idle`, what waits for its turn is waited for. */
    async drain() {
      while (works.busy()) await clock.run(works.ended())
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
const close = (version = '1'): Action => ({
  kind: 'cordon',
  node: node('b1', { resourceVersion: version }),
  runId: 'run-1'
})
const failure = (code: 'aws' | 'kubernetes') => new UpgradeError('throttled', { code, outcome: 'refused', hint: '' })

describe('works', () => {
  it('does nothing twice while it is under way', async () => {
    const { works, calls, drain } = workshop()
    assert.equal(works.start([evict('a'), close()]), 2)
    assert.equal(works.start([evict('a'), close()]), 0)
    await drain()
    assert.deepEqual(calls.sort(), ['close b1', 'evict a'])
  })

  it('writes nothing without the lock', async () => {
    const { works, calls, state, drain } = workshop()
    state.lock = false
    assert.equal(works.start([evict('a'), close(), resize]), 0)
    await drain()
    assert.deepEqual(calls, [])
  })

  it('makes one write at a time for a group, and tells the reader when the last has ended', async () => {
    const { works, calls, state, drain } = workshop()
    const suspend: Action = { kind: 'suspend', group: blue, processes: ['AZRebalance'] }
    const other: Action = { kind: 'resize', group: green, capacity: { desired: 1 } }
    assert.equal(works.start([resize, suspend, other]), 3)
    // What a later look wants waits until this is through.
    assert.equal(works.start([{ kind: 'protect-new', group: blue, on: true }]), 0)
    await drain()
    assert.deepEqual(calls, [`resize ${blue}`, `resize ${green}`, `suspend ${blue}`])
    assert.equal(state.wrote, 2)
  })

  it('does not repeat a change of an object that has not changed since, until it should have been seen', async () => {
    const { works, calls, drain, pass } = workshop()
    works.start([close('1')])
    await drain()
    assert.equal(works.start([close('1')]), 0)
    assert.equal(works.start([close('2')]), 1)
    await drain()
    await pass(5001)
    assert.equal(works.start([close('1')]), 1)
    assert.equal(calls.length, 3)
    await drain()
  })

  it('tells what was done, and not what met another object', async () => {
    const { works, told, drain, observations } = workshop({ 'close b1': ['conflict'] })
    works.start([close('1')])
    await drain()
    assert.deepEqual(told, [])
    assert.equal(observations.attempts.get(actionKey(close('1')))?.failures, 0)
    works.start([close('2')])
    await drain()
    assert.deepEqual(told, ['cordoned node b1'])
  })

  it('tries again what failed for a passing reason, later and later', async () => {
    const { works, calls, told, drain, pass } = workshop({ [`resize ${blue}`]: [failure('aws'), failure('aws')] })
    works.start([resize])
    await drain()
    assert.equal(works.start([resize]), 0)
    await pass(1001)
    assert.equal(works.start([resize]), 1)
    await drain()
    await pass(1001)
    assert.equal(works.start([resize]), 0)
    await pass(1001)
    assert.equal(works.start([resize]), 1)
    await drain()
    assert.equal(calls.length, 3)
    assert.deepEqual(told, [`trouble: ${blue}: desired 3 failed: throttled`, `${blue}: desired 3`])
  })

  it('lets a bug fly on', async () => {
    for (const [action, name] of [
      [resize, `resize ${blue}`],
      [evict('a'), 'evict a']
    ] as const) {
      const { works, drain } = workshop({ [name]: [new TypeError('undefined is not a function')] })
      works.start([action])
      await drain()
      assert.throws(() => works.start([]), TypeError)
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
      const { works, observations, drain } = workshop({ 'evict a': [answer] })
      works.start([evict('a')])
      assert.equal(observations.evictions.get('uid-a')?.answer, undefined)
      await drain()
      assert.deepEqual(observations.evictions.get('uid-a')?.answer, answer)
      assert.equal(observations.evictions.get('uid-a')?.budgetVersion, '7')
    }
  })

  it('takes a call that broke off for an answer that nobody knows', async () => {
    const { works, observations, drain } = workshop({ 'evict a': [failure('kubernetes')] })
    works.start([evict('a')])
    await drain()
    assert.equal(observations.evictions.get('uid-a')?.answer?.kind, 'unknown')
  })

  it('has everybody slow down when flow control says so', async () => {
    const { works, observations, drain, clock } = workshop({ 'evict a': [{ kind: 'throttled', retryAfterMs: 3000 }] })
    works.start([evict('a')])
    await drain()
    assert.equal(observations.throttledUntil, clock.now() + 3000)
  })
})

describe('evictions that one budget has to allow', () => {
  it('go one after the other, and those of different budgets side by side', async () => {
    const { works, state, calls, drain } = workshop()
    works.start([evict('a1', 'a'), evict('a2', 'a'), evict('b1', 'b')])
    await drain()
    assert.equal(state.most, 2)
    assert.equal(calls.length, 3)
  })

  it('are not asked for any more when the budget said no', async () => {
    const { works, calls, observations, drain } = workshop({ 'evict a1': [{ kind: 'budget', message: 'no' }] })
    works.start([evict('a1', 'a'), evict('a2', 'a')])
    await drain()
    assert.deepEqual(calls, ['evict a1'])
    assert.equal(observations.evictions.has('uid-a2'), false)
    assert.equal(observations.inFlight.size, 0)
  })

  it('are not sent once the lock is lost', async () => {
    const { works, calls, state, drain, pass } = workshop()
    works.start([evict('a1', 'a'), evict('a2', 'a')])
    await pass(500)
    state.lock = false
    await drain()
    assert.deepEqual(calls, ['evict a1'])
  })

  it('are not sent once somebody waits for the end: the direction may turn', async () => {
    const { works, calls, clock, pass, drain } = workshop()
    works.start(['1', '2', '3', '4'].map((number) => evict(`a${number}`, 'a')))
    await pass(500)
    await clock.run(works.idle())
    assert.deepEqual(calls, ['evict a1'])
    works.start([evict('b')])
    await drain()
    assert.deepEqual(calls, ['evict a1', 'evict b'])
  })
})

describe('waiting for works', () => {
  it('wakes when the next one ends', async () => {
    const { works, clock, calls } = workshop()
    const begunAt = clock.now()
    works.start([close()])
    await clock.run(works.ended())
    assert.equal(clock.now() - begunAt, 1000)
    assert.equal(works.busy(), false)
    const restart: Action = { kind: 'restart', workload: workload('Deployment', 'shop'), mark: 'm' }
    works.start([restart])
    await clock.run(works.ended())
    assert.deepEqual(calls, ['close b1', 'restart shop'])
  })
})
