/**
 * HTML and SVG as text that cannot be broken by what is put into it. Every text in a template is escaped; only what a
 * template made is taken as it is. Attributes are always written with double quotes.
 */
import { htmlText } from '../escape.ts'

const made: unique symbol = Symbol('markup')

export interface Markup {
  readonly [made]: string
}

type Part = string | number | false | undefined | Markup | readonly Part[]

export function html(texts: TemplateStringsArray, ...parts: readonly Part[]): Markup {
  return trusted(texts.map((text, index) => (index === 0 ? text : asText(parts[index - 1]) + text)).join(''))
}

/** Text of our own that is markup already: the style, the script, a path. Never anything that came from outside. */
export function trusted(text: string): Markup {
  return { [made]: text }
}

export function textOf(markup: Markup): string {
  return markup[made]
}

/** JSON inside a script element: nothing in it can end the element or begin a comment. */
export function jsonScript(value: unknown): Markup {
  const text = JSON.stringify(value)
    .replace(/</g, '\\u003c')
    .replace(/>/g, '\\u003e')
    .replace(/&/g, '\\u0026')
    .replace(/\u2028/g, '\\u2028')
    .replace(/\u2029/g, '\\u2029')
  return trusted(text)
}

function asText(part: Part): string {
  if (part === false || part === undefined) return ''
  if (typeof part === 'string') return htmlText(part)
  if (typeof part === 'number') return String(part)
  return made in part ? part[made] : part.map(asText).join('')
}
