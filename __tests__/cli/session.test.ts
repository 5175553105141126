import assert from 'node:assert/strict'
import { PassThrough } from 'node:stream'
import { describe, it } from 'node:test'
import type { Console, StopSignal } from '../../src/cli/console.ts'
import { outputStream } from '../../src/cli/output-stream.ts'
import { runSession } from '../../src/cli/session.ts'
import type { Result } from '../../src/engine/model/report.ts'
import type { Mode } from '../../src/engine/model/settings.ts'
import { validateInputs } from '../../src/inputs/validate-inputs.ts'
import { typedAs } from '../../src/report/commands.ts'
import { sampleResult } from '../report/sample.ts'

/** A terminal at which this is typed, over an engine that answers each mode as told. */
function terminal(given: Record<string, string>, answers: Partial<Record<Mode, Result['outcome']>>, typed: string) {
  const modes: Mode[] = []
  let text = ''
  let typedAlready = false
  const listeners = new Set<(signal: StopSignal) => void>()
  const screen = Object.assign(new PassThrough(), { isTTY: true, columns: 100, rows: 30 })
  screen.on('data', (data) => {
    text += data
    if (!typedAlready && /\[y\/N\] /.test(text)) {
      typedAlready = true
      stdin.write(typed)
    }
  })
  const stdin = Object.assign(new PassThrough(), { isTTY: true })
  const console: Console = {
    stdin,
    stdout: screen as unknown as Console['stdout'],
    stderr: screen as unknown as Console['stderr'],
    env: { TERM: 'dumb' },
    program: 'eks-node-upgrade',
    onStop(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    exit() {}
  }
  const validated = validateInputs({ mode: 'upgrade', cluster: 'shop', ...given }, 'cli')
  assert.ok(validated.inputs)
  const out = outputStream(console.stdout)
  const code = runSession<undefined>({
    inputs: validated.inputs,
    console,
    stdout: out,
    stderr: out,
    caller: { host: { name: 'test' }, wording: typedAs('eks-node-upgrade') },
    load: async () => ({
      connect: async () => ({ findGroups: async () => [], ports: async () => undefined }),
      engine: {
        async run({ mode }) {
          modes.push(mode)
          return sampleResult({ mode, outcome: answers[mode] ?? 'upgraded', plan: undefined })
        },
        recover: () => Promise.reject(new Error('not recovered here'))
      }
    })
  })
  const interrupt = () => {
    for (const listener of listeners) listener('SIGINT')
  }
  return { code, modes, text: () => text, interrupt }
}

describe('a command in a terminal', { timeout: 20_000 }, () => {
  it('shows the plan and asks before it upgrades', async () => {
    const { code, modes, text } = terminal({}, { plan: 'planned' }, 'y\n')
    assert.equal(await code, 0)
    assert.deepEqual(modes, ['plan', 'upgrade'])
    assert.match(text(), /Upgrade workers\? \[y\/N\]/)
  })

  it('changes nothing without a yes', async () => {
    const { code, modes, text } = terminal({}, { plan: 'planned' }, '\n')
    assert.equal(await code, 130)
    assert.deepEqual(modes, ['plan'])
    assert.match(text(), /Nothing was changed\./)
  })

  it('asks nothing if the plan is refused or there is nothing to do', async () => {
    for (const [outcome, exit] of [
      ['refused', 3],
      ['unchanged', 0]
    ] as const) {
      const { code, modes, text } = terminal({}, { plan: outcome }, 'y\n')
      assert.equal(await code, exit)
      assert.deepEqual(modes, ['plan'])
      assert.doesNotMatch(text(), /\[y\/N\]/)
    }
  })

  it('says what finalize and revert do, with the status before it', async () => {
    const finalize = terminal({ mode: 'finalize' }, { status: 'status' }, 'y\n')
    await finalize.code
    assert.deepEqual(finalize.modes, ['status', 'finalize'])
    assert.match(finalize.text(), /Retire the old group of workers\? This cannot be undone\. \[y\/N\]/)
    const revert = terminal({ mode: 'revert' }, { status: 'status', revert: 'reverted' }, 'y\n')
    assert.equal(await revert.code, 0)
    assert.match(revert.text(), /Revert workers\? \[y\/N\]/)
  })

  it('asks nothing with --yes, for JSON, or for what changes nothing', async () => {
    const givens: Record<string, string>[] = [{ yes: 'true' }, { output: 'json' }, { mode: 'plan' }, { mode: 'status' }]
    for (const given of givens) {
      const { code, modes, text } = terminal(given, { plan: 'planned', status: 'status' }, 'n\n')
      await code
      assert.equal(modes.length, 1, JSON.stringify(given))
      assert.doesNotMatch(text(), /\[y\/N\]/)
    }
  })

  it('takes a signal at the question for a no', async () => {
    const { code, modes, text, interrupt } = terminal({}, { plan: 'planned' }, '')
    while (!/\[y\/N\] /.test(text())) await new Promise((resolve) => setTimeout(resolve, 5))
    interrupt()
    assert.equal(await code, 130)
    assert.deepEqual(modes, ['plan'])
  })
})
