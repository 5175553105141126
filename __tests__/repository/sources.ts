/** What the checks of the repository read: files as text, and who imports whom. */
import { globSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = fileURLToPath(new URL('../..', import.meta.url))

export function read(path: string): string {
  return readFileSync(join(root, path), 'utf8')
}

const notOurs = new Set(['node_modules', 'build', 'dist', 'coverage', '.git', '.terraform'])

/** Paths of all files below the root that match, with forward slashes; nothing that is installed or built. */
export function filesLike(...patterns: readonly string[]): string[] {
  const exclude = (path: string) => path.split(/[\\/]/).some((part) => notOurs.has(part))
  return globSync([...patterns], { cwd: root, exclude })
    .map((path) => path.replaceAll('\\', '/'))
    .toSorted()
}

export interface Import {
  /** A path from the root for a file of ours, else the specifier as it stands. */
  of: string
  /** Gone when the types are. */
  typeOnly: boolean
}

const statement = /^(?:import|export)\s+(type\s)?(?:[^'"`;]*?\sfrom\s+)?'([^']+)'/gm
const call = /\bimport\(\s*'([^']+)'\s*\)/g

export function importsOf(file: string): Import[] {
  const text = withoutComments(read(file))
  const ours = (specifier: string) =>
    specifier.startsWith('.') ? normalize(join(dirname(file), specifier)).replaceAll('\\', '/') : specifier
  const statements = [...text.matchAll(statement)].map(([, type, of = '']) => ({
    of: ours(of),
    typeOnly: type !== undefined
  }))
  const calls = [...text.matchAll(call)].map(([whole, of = ''], index) => ({
    of: ours(of),
    typeOnly: index >= 0 && text.includes(`typeof ${whole}`)
  }))
  return [...statements, ...calls]
}

export function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|\s)\/\/.*$/gm, '$1')
}
