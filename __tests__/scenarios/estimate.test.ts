import assert from 'node:assert/strict'
import { test } from 'node:test'
import { virtualClock } from '../../src/lab/clock.ts'
import { scenarioNamed } from '../../src/lab/scenarios/all.ts'
import { playScenario } from '../../src/lab/simulation/run-scenario.ts'

test('the plan of the demonstration is right about how long it takes, and about how many workloads are watched', async () => {
  const scenario = scenarioNamed('calm-upgrade')
  assert.ok(scenario)
  const clock = virtualClock()
  const { results, observer } = await clock.run(playScenario(scenario, clock))
  const result = results[0]
  assert.ok(result?.plan)
  const factor = result.plan.estimateMs / (result.endedAt - result.startedAt)
  assert.ok(factor > 1 / 1.3 && factor < 1.3, `the estimate is ${factor} times what it took`)
  assert.equal(observer.seen.workloads, result.plan.workloadsToMove)
})
