import assert from 'node:assert/strict'
import { PassThrough } from 'node:stream'
import { describe, it } from 'node:test'
import type { Console } from '../../src/cli/console.ts'
import { askYesOrNo } from '../../src/cli/question.ts'

/** A terminal at which `typed` is typed; `undefined` closes the input. */
function asked(typed: string | undefined, signal = new AbortController().signal) {
  const stdin = new PassThrough()
  const stdout = new PassThrough()
  const streams = { stdin, stdout } as unknown as Pick<Console, 'stdin' | 'stdout'>
  const answer = askYesOrNo('Upgrade workers?', streams, signal)
  if (typed === undefined) stdin.end()
  else stdin.write(typed)
  return { answer, shown: () => String(stdout.read() ?? '') }
}

describe('the question before a change', { timeout: 10_000 }, () => {
  for (const yes of ['y\n', 'Y\n', 'yes\n', ' YES \n']) {
    it(`takes ${JSON.stringify(yes)} for a yes`, async () => {
      assert.equal(await asked(yes).answer, true)
    })
  }

  for (const no of ['n\n', '\n', 'no\n', 'yep\n', 'ye\n', 'sure\n', 'y y\n']) {
    it(`takes ${JSON.stringify(no)} for a no`, async () => {
      assert.equal(await asked(no).answer, false)
    })
  }

  it('says that no is what an empty answer means', async () => {
    const { answer, shown } = asked('\n')
    await answer
    assert.match(shown(), /^Upgrade workers\? \[y\/N\] /)
  })

  it('takes a closed input for a no', async () => {
    assert.equal(await asked(undefined).answer, false)
  })

  it('takes a signal for a no, before and while it waits', async () => {
    assert.equal(await asked('', AbortSignal.abort()).answer, false)
    const stop = new AbortController()
    const { answer } = asked('', stop.signal)
    stop.abort()
    assert.equal(await answer, false)
  })
})
