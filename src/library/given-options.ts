/** Options as they were given to a function, made the texts that inputs are; and problems in the words of options. */
import { unreachable } from '../engine/model/error.ts'
import type { Input } from '../inputs/inputs.ts'
import { quoted } from '../inputs/quoted.ts'
import { type Problem, unknownWord, withoutValue } from '../inputs/validate-inputs.ts'
import { optionName, optionsOfLibrary } from './option-names.ts'

export interface GivenOptions {
  /** By input name, as the validation reads them. */
  texts: Readonly<Record<string, string>>
  /** Names that are no option and values of another type. JavaScript's callers have no compiler that would tell them. */
  problems: readonly Problem[]
}

export function givenOptions(options: unknown): GivenOptions {
  const table = new Map(optionsOfLibrary().map((input) => [optionName(input.name), input]))
  const texts: Record<string, string> = {}
  const problems: Problem[] = []
  for (const [name, value] of Object.entries(Object(options))) {
    const input = table.get(name)
    if (input === undefined) problems.push(unknownWord('option', name, [...table.keys()]))
    else if (value !== undefined) {
      const text = textOf(input, value)
      if (text === undefined) problems.push(`${name} is ${shown(value)}: it must be ${right(input)}`)
      // The validation takes an empty text for an input that was not given.
      else if (text.trim() === '' && !input.required) problems.push(`${name} is empty: leave it out for the default`)
      else texts[input.name] = text
    }
  }
  return { texts, problems }
}

/** The validation speaks of `soak-minutes`; here it is `soakMinutes`. */
export function inWordsOfOptions(problem: Problem): Problem {
  return optionsOfLibrary()
    .map(({ name }) => name)
    .filter((name) => name.includes('-'))
    .toSorted((a, b) => b.length - a.length)
    .reduce(
      (text, name) => text.replace(new RegExp(`(?<![\\w"/-])${name}(?![\\w"/-])`, 'g'), optionName(name)),
      problem
    )
}

function textOf({ name, kind }: Input, value: unknown): string | undefined {
  switch (kind.is) {
    case 'switch':
      return typeof value === 'boolean' ? String(value) : undefined
    case 'duration':
    case 'whole':
      return typeof value === 'number' && Number.isFinite(value) ? decimal(value) : undefined
    case 'list':
      if (Array.isArray(value) && value.every((entry) => typeof entry === 'string')) return value.join('\n')
      return typeof value === 'string' ? value : undefined
    case 'path':
      if (name === 'kubeconfig' && value === true) return withoutValue
      return typeof value === 'string' ? value : undefined
    case 'text':
    case 'choice':
    case 'secret':
      return typeof value === 'string' ? value : undefined
    default:
      return unreachable(kind)
  }
}

/** Never with an exponent, which no input can have. */
function decimal(value: number): string {
  return value.toLocaleString('en-US', { useGrouping: false, maximumFractionDigits: 20 })
}

function right({ name, kind }: Input): string {
  switch (kind.is) {
    case 'switch':
      return 'true or false'
    case 'duration':
      return `a number of ${kind.unit}`
    case 'whole':
      return 'a whole number'
    case 'list':
      return 'a text or a list of texts'
    default:
      return name === 'kubeconfig' ? 'a path, or true for what kubectl would read' : 'a text'
  }
}

function shown(value: unknown): string {
  if (typeof value === 'string') return quoted(value)
  if (typeof value === 'function' || typeof value === 'symbol') return `a ${typeof value}`
  try {
    return quoted(typeof value === 'object' ? JSON.stringify(value) : String(value))
  } catch {
    return `an ${typeof value}`
  }
}
