// src/library/options.ts: the options of the programming interface, written from the table of inputs.
import type { Input } from '../src/inputs/inputs.ts'
import { optionName, optionsOfLibrary } from '../src/library/option-names.ts'

const head = `// Written by \`npm run generate\` from src/inputs/inputs.ts.

/** Options have the names of the action's inputs in camel case, and the same units, defaults and meanings. */
export interface Options {`

export function optionsType(): string {
  return [head, ...optionsOfLibrary().flatMap(optionLines), '}', ''].join('\n')
}

function optionLines(input: Input): string[] {
  const usual = input.default === '' ? input.from : input.default
  const after = input.required || usual === undefined ? '' : ` Default: ${usual}.`
  const lines = wrapped(`${input.description}${after}`.replaceAll('*/', '*\\/'))
  return [
    '  /**',
    ...lines.map((line) => `   * ${line}`),
    '   */',
    `  ${optionName(input.name)}${mark(input)}: ${typeOf(input)}`
  ]
}

function mark({ required }: Input): string {
  return required ? '' : '?'
}

function typeOf({ name, kind }: Input): string {
  switch (kind.is) {
    case 'choice':
      return kind.of.map((word) => `'${word}'`).join(' | ')
    case 'switch':
      return 'boolean'
    case 'duration':
    case 'whole':
      return 'number'
    case 'list':
      return 'string | readonly string[]'
    // What kubectl would read has no path.
    case 'path':
      return name === 'kubeconfig' ? 'string | true' : 'string'
    default:
      return 'string'
  }
}

function wrapped(text: string, width = 110): string[] {
  const lines: string[] = ['']
  for (const word of text.split(' ')) {
    const line = lines.at(-1) ?? ''
    if (line !== '' && line.length + word.length >= width) lines.push(word)
    else lines[lines.length - 1] = line === '' ? word : `${line} ${word}`
  }
  return lines
}
