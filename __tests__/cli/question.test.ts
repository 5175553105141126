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

  it('turns Ctrl-C into the signal, and into no yes', async () => {
    const stdin = Object.assign(new PassThrough(), { isTTY: true, setRawMode: () => stdin })
    const stdout = Object.assign(new PassThrough(), { isTTY: true, columns: 80 })
    let signals = 0
    const stop = new AbortController()
    const listener = () => {
      signals += 1
      stop.abort()
    }
    process.on('SIGINT', listener)
    try {
      const answer = askYesOrNo('Upgrade workers?', { stdin, stdout } as never, stop.signal)
      stdin.write('y')
      stdin.write('\u0003')
      assert.equal(await answer, false)
      assert.equal(signals, 1)
    } finally {
      process.off('SIGINT', listener)
    }
  })

  it('takes a half-typed answer and a closed input for a no', async () => {
    const stdin = new PassThrough()
    const answer = askYesOrNo(
      'Upgrade workers?',
      { stdin, stdout: new PassThrough() } as never,
      new AbortController().signal
    )
    stdin.end('n')
    assert.equal(await answer, false)
  })

  it('takes a signal for a no, before and while it waits', async () => {
    assert.equal(await asked('', AbortSignal.abort()).answer, false)
    const stop = new AbortController()
    const { answer } = asked('', stop.signal)
    stop.abort()
    assert.equal(await answer, false)
  })
})
