/** An event, typed by a person or made by a state machine, into values by input name. What they mean is validated elsewhere. */
import { inputsOf } from '../inputs/inputs.ts'
import { quoted } from '../inputs/quoted.ts'
import type { Problem } from '../inputs/validate-inputs.ts'

export interface GivenEvent {
  values: Readonly<Record<string, string>>
  problems: readonly Problem[]
}

/** JSON's own numbers, booleans and lists are taken where the other faces take text; null counts as not given. */
export function givenByEvent(event: unknown): GivenEvent {
  if (typeof event !== 'object' || event === null || Array.isArray(event)) {
    return { values: {}, problems: [`the event is ${kindOf(event)}: it must be an object such as {"cluster":"shop"}`] }
  }
  const lists = new Set(inputsOf('lambda').flatMap(({ name, kind }) => (kind.is === 'list' ? [name] : [])))
  const values: Record<string, string> = {}
  const problems: Problem[] = []
  for (const [name, value] of Object.entries(event)) {
    const text = lists.has(name) && Array.isArray(value) ? listText(value) : plainJson(value)
    // An unknown key is named once, by its name.
    if (text !== undefined || !inputsOf('lambda').some((input) => input.name === name)) values[name] = text ?? ''
    else problems.push(`${name} is ${kindOf(value)}: it must be text, a number or a boolean`)
  }
  return { values, problems }
}

function plainJson(value: unknown): string | undefined {
  if (value === null) return ''
  return ['string', 'number', 'boolean'].includes(typeof value) ? String(value) : undefined
}

function listText(value: readonly unknown[]): string | undefined {
  const texts = value.map(plainJson)
  return texts.every((text) => text !== undefined) ? texts.join('\n') : undefined
}

function kindOf(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'a list'
  return typeof value === 'object' ? `an object, ${quoted(JSON.stringify(value))}` : quoted(String(value))
}
