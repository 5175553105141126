/** The options of the programming interface: the command line's inputs but those that concern a terminal. */
import { type Input, inputsOf } from '../inputs/inputs.ts'

const ofTheTerminal = new Set(['diff', 'output', 'yes'])

export function optionsOfLibrary(): readonly Input[] {
  return inputsOf('cli').filter(({ name }) => !ofTheTerminal.has(name))
}

/** `drain-timeout-minutes` as `drainTimeoutMinutes`. */
export function optionName(input: string): string {
  return input.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase())
}
