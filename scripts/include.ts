// Copies example files into the regions of README.md that name them, so that what people paste is what the tests run with.
// --check compares instead; --demo runs the demonstration and puts what it printed into its region.
import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { extname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { stripVTControlCharacters } from 'node:util'

const root = fileURLToPath(new URL('..', import.meta.url))
const page = `${root}README.md`
const languages: Readonly<Record<string, string>> = { '.json': 'json', '.tf': 'hcl', '.yaml': 'yaml', '.yml': 'yaml' }

function main(): void {
  const found = readFileSync(page, 'utf8')
  const made = withFiles(process.argv.includes('--demo') ? withDemo(found) : found)
  if (!process.argv.includes('--check')) {
    writeFileSync(page, made)
  } else if (made !== found) {
    console.error('README.md does not show the example files as they are. Run: npm run generate')
    process.exitCode = 1
  }
}

/** The page with every `<!-- file PATH -->` region filled with that file. */
export function withFiles(text: string): string {
  return text.replace(
    /(<!-- file (\S+) -->\n)[\s\S]*?(<!-- \/file -->)/g,
    (_, begin: string, path: string, end: string) => {
      const content = readFileSync(root + path, 'utf8').trimEnd()
      return `${begin}${fenced(languages[extname(path)] ?? 'text', content)}${end}`
    }
  )
}

function withDemo(text: string): string {
  const demo = spawnSync(process.execPath, ['src/cli/bin.ts', 'lab'], { cwd: root, encoding: 'utf8' })
  if (demo.status !== 0) throw new Error(`the demonstration ended with ${demo.status}: ${demo.stderr}`)
  const printed = stripVTControlCharacters(demo.stdout).trimEnd()
  return text.replace(/(<!-- demo -->\n)[\s\S]*?(<!-- \/demo -->)/, (_, begin: string, end: string) => {
    return `${begin}${fenced('text', `$ npm run demo\n${printed}`)}${end}`
  })
}

function fenced(language: string, content: string): string {
  return `\`\`\`${language}\n${content}\n\`\`\`\n`
}

if (import.meta.main) main()
