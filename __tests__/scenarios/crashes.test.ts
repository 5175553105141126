import assert from 'node:assert/strict'
import { test } from 'node:test'
import { budget, daemonSet, deployment, statefulSet } from '../../src/lab/joined/workloads.ts'
import { badNodes } from '../../src/lab/scenarios/user-actions.ts'
import { runScenario } from '../../src/lab/simulation/run-scenario.ts'
import type { Scenario } from '../../src/lab/simulation/scenario.ts'

/** Small, so that a crash at every call takes seconds; with one of each way in which pods move. */
const objects = [
  deployment('web', 3),
  budget('web', { maxUnavailable: 1 }),
  deployment('ledger', 1),
  statefulSet('db', 2),
  daemonSet('agent', { readyAfter: '1s' })
]
const settings = { soakMs: 2_000, stableMs: 2_000, canaryNodes: 1, podTimeoutMs: 60_000 }

const forward: Scenario = {
  name: 'crash-forward',
  story: 'forward',
  world: { objects, nodeGroups: [{ nodes: 2 }] },
  settings,
  steps: [{ expect: { outcome: 'upgraded' } }],
  end: 'swapped'
}

const back: Scenario = {
  name: 'crash-back',
  story: 'back',
  world: { objects, nodeGroups: [badNodes({ nodes: 2 })] },
  settings,
  steps: [{ expect: { outcome: 'reverted', code: 'pod-timeout' } }],
  end: 'as-found'
}

/** Every write, and every so-manieth read or renewal of the Lease: those leave nothing behind. */
const readsApart = 11

for (const scenario of [forward, back]) {
  const [step] = scenario.steps
  assert.ok(step)
  for (const when of ['before', 'after'] as const) {
    test(`killed ${when === 'before' ? 'before' : 'after the effect of'} any call on the way ${scenario.story}, the same command reaches the end`, async () => {
      const whole = await runScenario(scenario)
      assert.deepEqual(whole.failures, [])
      const last = (whole.calls[0] ?? []).findLastIndex(({ writes }) => writes)
      const points = (whole.calls[0] ?? []).filter(
        ({ writes, name, index }) => (writes && name !== 'PUT leases') || index % readsApart === 0 || index >= last - 1
      )
      assert.ok(points.length > 40, `${points.length} calls`)
      for (const { index, name } of points) {
        const again: Scenario = { ...scenario, steps: [{ ...step, expect: { outcome: 'killed' } }, step] }
        const played = await runScenario(again, {
          meet: (call, at) => (at === 0 && call.index === index ? { kind: 'kill', when } : undefined)
        })
        // Killed between its last two writes it had done everything: the Lease runs out by itself, and there is nothing to do.
        const finished = played.results[1]?.outcome === 'unchanged' && index >= last - 1
        const failures = played.failures.filter((text) => !(finished && /^step 2|the Lease is still held/.test(text)))
        assert.deepEqual(failures, [], `${scenario.name}: killed ${when} call ${index} (${name})`)
      }
    })
  }
}

test('the reply of any single write may be lost, and the end is the same', async () => {
  const whole = await runScenario(forward)
  const writes = (whole.calls[0] ?? []).filter((call) => call.writes)
  for (const { index, name } of writes) {
    const played = await runScenario(forward, {
      meet: (call) => (call.index === index ? { kind: 'lose-reply' } : undefined)
    })
    assert.deepEqual(played.failures, [], `the reply of call ${index} (${name}) was lost`)
  }
})
