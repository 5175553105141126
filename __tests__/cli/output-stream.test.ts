import assert from 'node:assert/strict'
import { test } from 'node:test'
import { outputStream } from '../../src/cli/output-stream.ts'

function written(text: string, inWorkflow: boolean, isTTY = false): string {
  let all = ''
  const stream = outputStream({ write: (some: string) => (all += some), on: () => {}, isTTY }, inWorkflow)
  stream.write(text)
  return all
}

test('in a workflow no line that a name begins is a command of the runner', () => {
  const text = '::error::blue: upgraded\n  ::add-mask::x\nplain ##[error]y\n'
  assert.equal(written(text, true), ': :error::blue: upgraded\n  : :add-mask::x\nplain # #[error]y\n')
  assert.equal(written(text, false), text)
})

test('a JSON document and the picture of a terminal stay what they are', () => {
  const json = '{\n  "group": "##[x"\n}\n'
  assert.equal(written(json, true), json)
  assert.equal(written('\u001b[1mbold', true, true), '\u001b[1mbold')
})
