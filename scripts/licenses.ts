// The licenses of packages that are bundled: each text once, below the packages that it covers.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const packageFolder = /^.*[\\/]node_modules[\\/](?:@[^\\/]+[\\/])?[^\\/]+/

/** The folders of the packages that these files belong to; a file that belongs to none is ours. */
export function packageFolders(files: Iterable<string>): string[] {
  return [...new Set([...files].flatMap((file) => packageFolder.exec(file)?.[0] ?? []))]
}

export function licensesOf(files: Iterable<string>): string {
  const packagesByText = new Map<string, Set<string>>()
  for (const folder of packageFolders(files)) {
    const { name, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
    const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry))
    const text = file === undefined ? '' : readFileSync(join(folder, file), 'utf8').replaceAll('\r', '').trim()
    const key = `${license}\n\n${text}`.trim()
    packagesByText.set(key, (packagesByText.get(key) ?? new Set()).add(name))
  }
  return [...packagesByText]
    .map(([key, names]) => `${[...names].toSorted().join('\n')}\n\n${key}\n`)
    .toSorted()
    .join(`\n${'-'.repeat(80)}\n\n`)
}
