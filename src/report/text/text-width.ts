/** How many columns of a terminal a text takes, and breaking it to fit. */

const zeroWidth = /[\p{Mn}\p{Me}]/u
// East Asian wide and full-width blocks, and the emoji that terminals draw two columns wide.
const wide =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6\u{1f300}-\u{1f64f}\u{1f680}-\u{1f6ff}\u{1f900}-\u{1f9ff}\u{20000}-\u{3fffd}]/u

function characterWidth(character: string): number {
  if (character < '\u0300') return 1
  if (zeroWidth.test(character)) return 0
  return wide.test(character) ? 2 : 1
}

export function textWidth(text: string): number {
  let width = 0
  for (const character of text) width += characterWidth(character)
  return width
}

export function padEnd(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - textWidth(text)))
}

/** The longest beginning of `text` that fits into `width`, and what is left. Always takes at least one character. */
function split(text: string, width: number): [string, string] {
  let used = 0
  let end = 0
  for (const character of text) {
    used += characterWidth(character)
    if (used > width && end > 0) break
    end += character.length
  }
  if (end >= text.length) return [text, '']
  const space = text.lastIndexOf(' ', end)
  const at = space > 0 ? space : end
  return [text.slice(0, at), text.slice(at).trimStart()]
}

/** Breaks a text into lines of at most `width` columns, between words where it can. Loses nothing but blanks. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = []
  let rest = text
  while (textWidth(rest) > width) {
    const [line, left] = split(rest, Math.max(1, width))
    lines.push(line.trimEnd())
    rest = left
  }
  return [...lines, rest]
}

/** `head` and then `text`, broken to `width` with what follows standing under the text. */
export function hang(head: string, text: string, width: number): string[] {
  const indent = textWidth(head)
  // Where hardly a word would fit beside the head, the text goes below it.
  if (width - indent < 20) {
    const below = wrap(text, Math.max(10, width - 4)).map((line) => `    ${line}`)
    return [...wrap(head.trimEnd(), Math.max(10, width)), ...below]
  }
  return wrap(text, width - indent).map((line, index) => (index === 0 ? head : ' '.repeat(indent)) + line)
}
