/**
 * Names of nodes, pods and groups come from people and may hold anything. Each border at which text gets a meaning
 * has its escaper here: the terminal, the runner's workflow commands, Markdown, Mermaid.
 */

// Control characters, format characters (zero width, bidirectional overrides, which hide or reorder text), line and
// paragraph separators, and halves of surrogate pairs.
const unprintable = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu

const named: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' }

function visible(character: string): string {
  const code = character.codePointAt(0) ?? 0
  return named[character] ?? (code < 256 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u${code.toString(16)}`)
}

/** One line that a terminal shows as it is: whatever would move the cursor, color or reorder is shown in letters. */
export function plainText(text: string): string {
  return text.replace(unprintable, visible)
}

/** The same for every string inside a plain value (an event, a result), so that no sentence can forget it. */
export function plainValue<T>(value: T): T {
  if (typeof value === 'string') return plainText(value) as T
  if (Array.isArray(value)) return value.map(plainValue) as T
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, plainValue(inner)])) as T
  }
  return value
}

/**
 * An ordinary line of a workflow's log. The runner takes `::` at its start (after blanks) for a command, and the older
 * form `##[` anywhere in it.
 */
export function workflowLine(text: string): string {
  return plainText(text)
    .replace(/^(\s*):(?=:)/, '$1: ')
    .replaceAll('##[', '# #[')
}

const htmlEntities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }

/** Text inside HTML elements and attributes. */
export function htmlText(text: string): string {
  return plainText(text).replace(/[&<>"]/g, (character) => htmlEntities[character] ?? character)
}

/** Prose in Markdown, table cells included. One line; nothing in it is markup. */
export function markdownText(text: string): string {
  return (
    htmlText(text)
      .replace(/[\\`*_~[\]$#]/g, '\\$&')
      // Not before: the entity has a # of its own.
      .replaceAll('|', '&#124;')
      // A mention in a summary notifies no one, but it would link to a stranger.
      .replaceAll('@', '&#64;')
      .replace(/^(\d+)([.)])/, '$1\\$2')
      .replace(/^([-+=])/, '\\$1')
  )
}

/** A name, a command or a value in Markdown, table cells included, in the code font. */
export function markdownCode(text: string): string {
  const line = plainText(text)
  if (line.trim() === '') return line === '' ? '' : `<code>${line}</code>`
  if (!/[`|]/.test(line) && line === line.trim()) return `\`${line}\``
  // In a table cell a backtick or a pipe ends things early whatever the fence; entities do not.
  return `<code>${htmlText(line).replace(/[`|\\*_~[\]$#]/g, (character) => `&#${character.charCodeAt(0)};`)}</code>`
}

/** A fenced block that its content cannot end. */
export function markdownBlock(lines: readonly string[], language = ''): string {
  const body = lines.map(plainText)
  const longest = Math.max(2, ...body.map((line) => Math.max(0, ...(line.match(/`+/g) ?? []).map((run) => run.length))))
  const fence = '`'.repeat(longest + 1)
  return [`${fence}${language}`, ...body, fence].join('\n')
}

/** A name in a Mermaid chart, whose grammar knows no escape: what could mean something is replaced. */
export function mermaidText(text: string): string {
  return text.replace(/[^\p{L}\p{N} ./_-]+/gu, ' ').trim() || 'unnamed'
}
