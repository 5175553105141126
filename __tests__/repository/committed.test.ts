import assert from 'node:assert/strict'
import { test } from 'node:test'
import { filesLike, read } from './sources.ts'

const texts = filesLike('**/*', '.github/**/*', '.ci/*', '.npmrc', '.gitignore').filter((path) =>
  /(^|\/)[^.]+$|\.(ts|js|mjs|json|yml|yaml|md|tf|svg|npmrc|gitignore)$/.test(path)
)

/** Each in two pieces, so that this file does not find itself. */
const foreign: Readonly<Record<string, RegExp>> = {
  'a path of one machine': /(?:^|[^\w./-])[/](?:work|root|home|Users)[/]\w/m,
  'the host of a registry': new RegExp(['registry[.]npm' + 'js', 'pypi[.]' + 'org', 'proxy[.]go' + 'lang'].join('|')),
  'a key of AWS': new RegExp('AK' + 'IA[0-9A-Z]{16}')
}

for (const [what, pattern] of Object.entries(foreign)) {
  test(`no file holds ${what}`, () => {
    const found = texts.filter((path) => isFile(path) && pattern.test(read(path)))
    assert.deepEqual(found, [])
  })
}

test('the lock file names no host, so that any registry serves', () => {
  assert.doesNotMatch(
    read('package-lock.json'),
    /"resolved"|https?:\/\/(?!(?:github\.com|opencollective\.com|[\w.]+\/(?:sponsors?|funding)))/
  )
})

test('the lock file is that of package.json', () => {
  const { dependencies, devDependencies, version } = JSON.parse(read('package.json'))
  const locked = JSON.parse(read('package-lock.json')).packages['']
  assert.deepEqual(locked.dependencies, dependencies)
  assert.deepEqual(locked.devDependencies, devDependencies)
  assert.equal(locked.version, version)
})

function isFile(path: string): boolean {
  try {
    read(path)
    return true
  } catch {
    return false
  }
}
