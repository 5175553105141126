/** Color for terminals. A line is laid out plain and painted last, so that widths are of the text alone. */
export type Tone = 'good' | 'bad' | 'warn' | 'dim' | 'strong' | 'busy' | 'plain'

const codes: Readonly<Record<Tone, string>> = {
  good: '32',
  bad: '31',
  warn: '33',
  dim: '2',
  strong: '1',
  busy: '36',
  plain: ''
}

/** A piece of a line and how it is to look. */
export interface Piece {
  text: string
  tone: Tone
}

export type Line = readonly Piece[]

export function piece(text: string, tone: Tone = 'plain'): Piece {
  return { text, tone }
}

export function plainLine(line: Line): string {
  return line
    .map(({ text }) => text)
    .join('')
    .trimEnd()
}

function paintedLine(line: Line): string {
  return line
    .map(({ text, tone }) => (tone === 'plain' || text === '' ? text : `\u001b[${codes[tone]}m${text}\u001b[0m`))
    .join('')
}

export function paint(lines: readonly Line[], color: boolean): string[] {
  return lines.map(color ? paintedLine : plainLine)
}
