/** The text as one word of a POSIX shell. What needs no quotes gets none, so that commands stay readable. */
export function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`
}
