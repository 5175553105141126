/** The command line into values by input name. It knows the shape of options; what they mean is validated elsewhere. */
import { parseArgs } from 'node:util'
import { type Input, inputsOf, modes } from './inputs.ts'
import { quoted } from './quoted.ts'
import { type Problem, unknownWord, withoutValue } from './validate-inputs.ts'

export interface Arguments {
  command: string | undefined
  help: boolean
  version: boolean
  values: Readonly<Record<string, string>>
  problems: readonly Problem[]
}

const commands: readonly string[] = [...modes, 'lab']
const known = { help: { type: 'boolean', short: 'h' }, version: { type: 'boolean', short: 'V' } } as const

/** An option that is given twice: the last one counts, lists add up. */
export function parseArguments(argv: readonly string[]): Arguments {
  const table = new Map(inputsOf('cli').map((input) => [input.name, input]))
  // All are read as switches, so that the parser takes no value: whether what follows is one depends on the input.
  const options = Object.fromEntries([...table.keys()].map((name) => [name, { type: 'boolean' as const }]))
  const { tokens } = parseArgs({
    args: argv.map(withTwoDashes),
    options: { ...options, ...known },
    strict: false,
    allowPositionals: true,
    tokens: true
  })
  const given = new Map<string, string>()
  const problems: Problem[] = []
  const words: string[] = []
  /** Words that are the value of the option before them. */
  const taken = new Set<number>()
  const asked = new Set<string>()
  for (const token of tokens) {
    // A negative number looks like an option of its own.
    if (taken.has(token.index)) continue
    if (token.kind === 'positional') words.push(token.value)
    if (token.kind !== 'option') continue
    asked.add(token.name)
    if (Object.hasOwn(known, token.name)) continue
    const name = token.rawName.startsWith('--') ? token.name : token.rawName.replace(/^-/, '')
    const input = token.rawName.startsWith('--') ? table.get(token.name) : undefined
    const value = token.value ?? valueAfter(token.index, input, argv)
    if (token.value === undefined && value !== undefined && value === argv[token.index + 1]) taken.add(token.index + 1)
    if (!input) problems.push(unknownWord('option', name, [...table.keys(), ...Object.keys(known)], '--'))
    else if (value === undefined && input.kind.is !== 'path' && input.kind.is !== 'switch') {
      problems.push(`--${name} needs a value`)
    } else given.set(name, added(input, given.get(name), value))
  }
  const [command, ...surplus] = words
  if (command !== undefined && !commands.includes(command)) problems.push(unknownWord('command', command, commands))
  for (const word of surplus) problems.push(`${quoted(word)} is not an option: options begin with --`)
  return {
    command,
    help: asked.has('help'),
    version: asked.has('version'),
    values: Object.fromEntries(given),
    problems
  }
}

/** `-cluster` is meant as `--cluster`; only help and version have a letter of their own. */
function withTwoDashes(word: string): string {
  return word.replace(/^-(?=[a-z]{2})/, '--')
}

/** The word after an option, if it is its value. A negative number is a value, if a bad one; another option is none. */
function valueAfter(index: number, input: Input | undefined, argv: readonly string[]): string | undefined {
  const next = argv[index + 1]
  if (next === undefined || /^-(?!\d)./.test(next)) return undefined
  return input?.kind.is === 'switch' && next !== 'true' && next !== 'false' ? undefined : next
}

function added({ kind }: Input, before: string | undefined, value: string | undefined): string {
  if (value === undefined) return kind.is === 'switch' ? 'true' : withoutValue
  return kind.is === 'list' && before !== undefined ? `${before}\n${value}` : value
}
