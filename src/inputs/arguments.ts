/** The command line into values by input name. It knows the shape of options; what they mean is judged elsewhere. */
import { inputsOf, modes } from './inputs.ts'
import { type Problem, quoted, unknownWord, withoutValue } from './validate-inputs.ts'

export interface Arguments {
  command: string | undefined
  help: boolean
  version: boolean
  values: Readonly<Record<string, string>>
  problems: readonly Problem[]
}

const commands: readonly string[] = [...modes, 'lab']

export function parseArguments(argv: readonly string[]): Arguments {
  const table = new Map(inputsOf('cli').map((input) => [input.name, input]))
  const values: Record<string, string> = {}
  const problems: Problem[] = []
  const words: string[] = []
  let help = false
  let version = false

  const rest = [...argv]
  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    if (word === '--help' || word === '-h') help = true
    else if (word === '--version' || word === '-V') version = true
    else if (!word.startsWith('-') || word === '-') words.push(word)
    else {
      const [name, inline] = optionOf(word)
      const input = table.get(name)
      if (input === undefined) {
        problems.push(unknownWord('option', name, [...table.keys(), 'help', 'version'], '--'))
        // Its value, if it has one, is no mistake of its own.
        if (inline === undefined && rest[0] !== undefined && !rest[0].startsWith('-')) rest.shift()
        continue
      }
      const value = inline ?? takeValue(input.kind.is, rest)
      if (value === undefined) problems.push(`--${name} needs a value`)
      else if (values[name] !== undefined && input.kind.is === 'list') values[name] += `\n${value}`
      else if (values[name] !== undefined) {
        problems.push(`--${name} is given twice, as ${quoted(values[name])} and as ${quoted(value)}`)
      } else values[name] = value
    }
  }
  const [command, ...surplus] = words
  if (command !== undefined && !commands.includes(command)) problems.push(unknownWord('command', command, commands))
  for (const word of surplus) problems.push(`${quoted(word)} stands where an option is expected: options begin with --`)
  return { command, help, version, values, problems }
}

function optionOf(word: string): [string, string | undefined] {
  const at = word.indexOf('=')
  const name = (at < 0 ? word : word.slice(0, at)).replace(/^--?/, '')
  return [name, at < 0 ? undefined : word.slice(at + 1)]
}

/** Takes the option's value from what follows. A negative number is a value, if a bad one; another option is none. */
function takeValue(kind: string, rest: string[]): string | undefined {
  const next = rest[0]
  if (kind === 'switch') return next === 'true' || next === 'false' ? rest.shift() : 'true'
  const absent = next === undefined || /^-(?!\d)./.test(next)
  if (absent) return kind === 'path' ? withoutValue : undefined
  return rest.shift()
}
