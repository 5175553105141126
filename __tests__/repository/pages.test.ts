import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { test } from 'node:test'
import { withFiles } from '../../scripts/include.ts'
import { filesLike, read, root } from './sources.ts'

const pages = filesLike('*.md', 'docs/**/*.md', '.github/**/*.md')

/** As the site makes an anchor of a heading. */
function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .trim()
    .replace(/\s/g, '-')
}

function anchorsIn(page: string): string[] {
  const text = read(page).replace(/```[\s\S]*?```/g, '')
  const headings = [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) => anchorOf(heading))
  return [...headings, ...[...text.matchAll(/<a id="([^"]+)">/g)].map(([, id = '']) => id)]
}

for (const page of pages) {
  test(`links of ${page} lead somewhere`, () => {
    const text = read(page).replace(/```[\s\S]*?```/g, '')
    for (const [, link = ''] of text.matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^(https?|mailto):/.test(link)) continue
      const [path = '', anchor] = link.split('#')
      const target = path === '' ? page : normalize(join(dirname(page), path))
      assert.ok(existsSync(join(root, target)), `${link}: there is no ${target}`)
      if (anchor !== undefined) assert.ok(anchorsIn(target).includes(anchor), `${link}: ${target} has no such heading`)
    }
  })
}

test('README shows the example files as they are', () => {
  const readme = read('README.md')
  assert.equal(withFiles(readme), readme, 'run: npm run generate')
})

test('README begins with the two commands that do all the set-up', () => {
  const readme = read('README.md')
  assert.ok(readme.includes('\nnpm ci && npm run demo\n'))
  assert.ok(readme.includes('\nnpm ci && npm test\n'))
})

test('the drawing is readable in light and in dark, and says in words what it shows', () => {
  const drawing = read('docs/upgrade.svg')
  assert.match(drawing, /@media \(prefers-color-scheme: dark\)/)
  assert.match(drawing, /<title id="title">/)
  assert.match(drawing, /<desc id="description">/)
  const [light = '', dark = ''] = drawing.split('@media')
  const colored = [...light.matchAll(/\.([\w-]+)(?:, \.[\w-]+)* \{ (?:fill|stroke): #/g)].map(([, name]) => name)
  assert.ok(colored.length > 5)
  for (const name of colored) assert.ok(dark.includes(`.${name}`), `.${name} has no color for the dark`)
})

test('the license is Apache 2.0, and the package says so', () => {
  assert.match(read('LICENSE'), /Apache License\s+Version 2\.0, January 2004/)
  assert.equal(JSON.parse(read('package.json')).license, 'Apache-2.0')
})
