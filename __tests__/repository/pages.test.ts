import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { test } from 'node:test'
import { stalePages } from '../../scripts/include.ts'
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

test('pages show the example files as they are', () => {
  assert.deepEqual([...stalePages().keys()], [], 'run: npm run generate')
})

test('every example file is shown on a page or linked from one', () => {
  const texts = pages.map(read).join('\n')
  for (const file of filesLike('examples/**/*.*')) assert.ok(texts.includes(file), file)
})

test('README fits into 300 lines and leads to every page of the documentation', () => {
  const readme = read('README.md')
  const lines = readme.trimEnd().split('\n').length
  assert.ok(lines <= 300, `it has ${lines} lines`)
  for (const page of filesLike('docs/*.md')) assert.ok(readme.includes(`](${page})`), page)
})

/** Commands that would fetch our package by its bare name from a registry; a path, an alias or a Git address is none. */
const fetchesByName =
  /\b(?:npx|bunx|(?:npm|pnpm|yarn|bun)[ \t]+(?:exec|x|dlx|install|i|add))\b(?:[ \t]+[^\s;&|]+)*?[ \t]+eks-node-upgrade(?:@[\w.^~-]+)?(?![\w/.-])/

test('a command that would fetch our package by its name is recognized, and no other', () => {
  for (const command of [
    'npx eks-node-upgrade plan',
    'npx --yes eks-node-upgrade@1 plan',
    'npm install -g eks-node-upgrade',
    'npm exec -- eks-node-upgrade status',
    'pnpm dlx eks-node-upgrade'
  ])
    assert.match(command, fetchesByName)
  for (const command of ['eks-node-upgrade plan', 'npm ci && eks-node-upgrade plan', 'npx node build/cli/bin.js plan'])
    assert.doesNotMatch(command, fetchesByName)
})

// npm refuses to publish a package that is private, so `private` says in one place that there is none of ours. Without
// it the name could be registered by a stranger, and their program would run with the reader's credentials.
test('no page, example or template tells anybody to fetch this package from npm while it is not published', () => {
  if (JSON.parse(read('package.json')).private !== true) return
  const texts = [...pages, ...filesLike('examples/**/*.*', '.github/**/*.*', 'action.yml')]
  assert.deepEqual(
    texts.filter((file) => fetchesByName.test(read(file))),
    []
  )
})

test('examples and pages use this action at a full commit, with the version of this repository beside it', () => {
  const { version } = JSON.parse(read('package.json'))
  const own = [...pages, ...filesLike('examples/**/*.yml')].flatMap((file) =>
    [...read(file).matchAll(/uses: \S+\/eks-node-upgrade@.*$/gm)].map(([line]) => ({ file, line }))
  )
  assert.ok(own.length > 3)
  for (const { file, line } of own)
    assert.match(line, new RegExp(`^uses: OWNER/eks-node-upgrade@COMMIT # v${version}\\b`), file)
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
