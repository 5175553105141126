// Copies example files into the regions of the pages that name them, so that what people paste is what the tests run with.
// --check compares instead; --demo runs the demonstration and puts what it printed into its region of README.md.
import { spawnSync } from 'node:child_process'
import { globSync, readFileSync, writeFileSync } from 'node:fs'
import { extname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { stripVTControlCharacters } from 'node:util'

const root = fileURLToPath(new URL('..', import.meta.url))
const languages: Readonly<Record<string, string>> = { '.json': 'json', '.tf': 'hcl', '.yaml': 'yaml', '.yml': 'yaml' }

function main(): void {
  if (process.argv.includes('--demo')) updateDemo()
  const stale = stalePages()
  if (!process.argv.includes('--check')) {
    for (const [page, text] of stale) writeFileSync(join(root, page), text)
  } else if (stale.size > 0) {
    console.error(
      `These pages do not show the example files as they are: ${[...stale.keys()].join(', ')}. Run: npm run generate`
    )
    process.exitCode = 1
  }
}

/** Each page that does not show the example files as they are, with the text that it should have. */
export function stalePages(): ReadonlyMap<string, string> {
  const stale = new Map<string, string>()
  for (const page of globSync(['*.md', 'docs/**/*.md'], { cwd: root }).toSorted()) {
    const found = readFileSync(join(root, page), 'utf8')
    const made = withFiles(found)
    if (made !== found) stale.set(page, made)
  }
  return stale
}

/** The page with every `<!-- file PATH -->` region filled with that file. */
function withFiles(text: string): string {
  return text.replace(
    /(<!-- file (\S+) -->\n)[\s\S]*?(<!-- \/file -->)/g,
    (_, begin: string, path: string, end: string) => {
      const content = readFileSync(join(root, path), 'utf8').trimEnd()
      return `${begin}${fenced(languages[extname(path)] ?? 'text', content)}${end}`
    }
  )
}

function updateDemo(): void {
  const page = join(root, 'README.md')
  writeFileSync(page, withDemo(readFileSync(page, 'utf8')))
}

function withDemo(text: string): string {
  const demo = spawnSync(process.execPath, ['src/cli/bin.ts', 'lab'], { cwd: root, encoding: 'utf8' })
  if (demo.status !== 0) throw new Error(`the demonstration ended with ${demo.status}: ${demo.stderr}`)
  const printed = stripVTControlCharacters(demo.stdout).trimEnd()
  return text.replace(/(<!-- demo -->\n)[\s\S]*?(<!-- \/demo -->)/, (_, begin: string, end: string) => {
    return `${begin}${fenced('text', `$ npm run demo\n${excerpt(printed)}`)}${end}`
  })
}

/** Leaves out what both upgrades show alike, once each: the timeline of the first and the plan of the second. */
function excerpt(printed: string): string {
  return printed
    .replace(/^(=== 1 of 2[\s\S]*?)(?:^ +\d+:\d\d .*\n)+/m, '$1  […]\n')
    .replace(/^(=== 2 of 2.*\n\n)[\s\S]*?(?=^ +\d+:\d\d )/m, '$1  […]\n\n')
}

function fenced(language: string, content: string): string {
  return `\`\`\`${language}\n${content}\n\`\`\`\n`
}

if (import.meta.main) main()
