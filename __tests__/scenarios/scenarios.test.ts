import assert from 'node:assert/strict'
import { test } from 'node:test'
import { scenarios } from '../../src/lab/scenarios/all.ts'
import { runScenario } from '../../src/lab/simulation/run-scenario.ts'

for (const scenario of scenarios) {
  test(scenario.story, async () => {
    const played = await runScenario(scenario)
    assert.deepEqual(played.failures, [], `${scenario.name}: node src/cli/bin.ts lab ${scenario.name}`)
  })
}

test('every scenario has a name and a sentence of its own', () => {
  assert.equal(new Set(scenarios.map(({ name }) => name)).size, scenarios.length)
  assert.equal(new Set(scenarios.map(({ story }) => story)).size, scenarios.length)
  for (const { name, story } of scenarios) {
    assert.match(name, /^[a-z0-9]+(-[a-z0-9]+)*$/)
    assert.doesNotMatch(story, /[.\n]$/)
  }
})

test('a scenario played twice is the same to the last call', async () => {
  const [scenario] = scenarios
  assert.ok(scenario)
  const calls = async () => {
    const played = await runScenario(scenario)
    return played.calls.map((list) => list.map(({ name, at, path, input }) => ({ name, at, path, input })))
  }
  assert.deepEqual(await calls(), await calls())
})
