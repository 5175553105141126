import assert from 'node:assert/strict'
import { test } from 'node:test'
import { filesLike, read, withoutComments } from './sources.ts'

/** Time, chance, the network and the process come through ports, or a simulation could not replay a run. */
const ambient: Readonly<Record<string, RegExp>> = {
  'the time of the machine': /\bDate\.now\b|\bnew Date\(\s*\)|\bperformance\b/,
  timers: /\b(?:setTimeout|setInterval|setImmediate|AbortSignal\.timeout)\b/,
  chance: /\bMath\.random\b|\bcrypto\b/,
  'the network': /\bfetch\(|\bWebSocket\b/,
  'the process': /\bprocess\.|\bconsole\.|\bglobalThis\b/
}

for (const [what, pattern] of Object.entries(ambient)) {
  test(`the engine and the report do without ${what}`, () => {
    const found = filesLike('src/engine/**/*.ts', 'src/report/**/*.ts').flatMap((file) =>
      withoutComments(read(file))
        .split('\n')
        .filter((line) => pattern.test(line.replace(/'[^']*'/g, "''")))
        .map((line) => `${file}: ${line.trim()}`)
    )
    assert.deepEqual(found, [])
  })
}
