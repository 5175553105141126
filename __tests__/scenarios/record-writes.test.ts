import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { scenarioNamed } from '../../src/lab/scenarios/all.ts'
import { runScenario } from '../../src/lab/simulation/run-scenario.ts'

/** An upgrade during which every write of the record that holds this text is refused. */
async function upgradeWithout(text: string, settings = {}) {
  const calm = scenarioNamed('calm-upgrade')
  assert.ok(calm)
  const body = { kind: 'Status', apiVersion: 'v1', status: 'Failure', reason: 'Forbidden', message: 'no', code: 403 }
  const scenario = { ...calm, end: 'open' as const, steps: [{ settings, expect: { outcome: 'halted' as const } }] }
  const { results, failures } = await runScenario(scenario, {
    meet({ service, writes, path = '', input }) {
      const record = JSON.stringify((input as { data?: unknown })?.data ?? '')
      const refused = service === 'kubernetes' && writes && path.includes('/configmaps') && record.includes(text)
      return refused ? { kind: 'answer', status: 403, body } : undefined
    }
  })
  assert.deepEqual(failures, [])
  const [result] = results
  assert.ok(result)
  return { ...result, mode: result.next?.split(' ')[0] }
}

describe('a record that can no longer be written', () => {
  it('at the very end halts a run that is open, and the next command finishes it', async () => {
    const result = await upgradeWithout(String.raw`\"outcome\":\"upgraded\"`)
    assert.deepEqual([result.outcome, result.mode, result.activeGroup], ['halted', 'upgrade', 'shop-workers-green'])
  })

  it('when the run is to be held leaves it as it is recorded: going forward, and not to be finalized', async () => {
    const result = await upgradeWithout(String.raw`\"held\":{`, { hold: true })
    assert.deepEqual([result.outcome, result.mode, result.activeGroup], ['halted', 'upgrade', 'shop-workers-blue'])
  })

  it('at the point of no return leaves it before that point', async () => {
    const result = await upgradeWithout(String.raw`\"direction\":\"retiring\"`)
    assert.deepEqual([result.outcome, result.mode, result.activeGroup], ['halted', 'upgrade', 'shop-workers-blue'])
  })
})
