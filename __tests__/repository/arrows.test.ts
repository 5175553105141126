import assert from 'node:assert/strict'
import { test } from 'node:test'
import { filesLike, importsOf, read } from './sources.ts'

const sources = filesLike('src/**/*.ts')
const layerOf = (path: string) => path.split('/')[1] ?? ''

/** Faces → aws, kubernetes, report, lab → engine. Every layer may also import itself. */
const below: Readonly<Record<string, readonly string[]>> = {
  engine: [],
  report: ['engine'],
  aws: ['engine'],
  kubernetes: ['engine'],
  lab: ['engine'],
  face: ['engine', 'report', 'aws', 'kubernetes', 'lab'],
  action: ['engine', 'report', 'aws', 'kubernetes', 'lab', 'face'],
  cli: ['engine', 'report', 'aws', 'kubernetes', 'lab', 'face']
}

/** All that a file of ours leads to at run time, itself included. */
function reach(file: string, seen = new Set<string>()): Set<string> {
  if (seen.has(file)) return seen
  seen.add(file)
  for (const { of, typeOnly } of importsOf(file)) {
    if (typeOnly) continue
    if (of.startsWith('src/')) reach(of, seen)
    else seen.add(of)
  }
  return seen
}

/** Parts of Node that only compute. */
const computing = ['node:crypto', 'node:zlib']

/** A translator that the lab may share: raw object in, engine's value out, and nothing that could reach the outside. */
function isPure(file: string): boolean {
  return [...reach(file)].every((path) => path.startsWith('src/') || computing.includes(path))
}

test('imports go one way: faces, then adapters, report and lab, then the engine', () => {
  const wrong = sources.flatMap((file) =>
    importsOf(file)
      .filter(({ of }) => of.startsWith('src/') && layerOf(of) !== layerOf(file))
      .filter(({ of, typeOnly }) => {
        if (below[layerOf(file)]?.includes(layerOf(of))) return false
        const shared = layerOf(file) === 'lab' && ['aws', 'kubernetes'].includes(layerOf(of))
        return !(shared && (typeOnly || isPure(of)))
      })
      .map(({ of }) => `${file} imports ${of}`)
  )
  assert.deepEqual(wrong, [])
})

test('the engine imports no package and nothing of Node', () => {
  const wrong = sources
    .filter((file) => layerOf(file) === 'engine')
    .flatMap((file) => importsOf(file).map(({ of }) => ({ file, of })))
    .filter(({ of }) => !of.startsWith('src/engine/'))
  assert.deepEqual(wrong, [])
})

test('every layer has its place in the order', () => {
  assert.deepEqual(
    [...new Set(sources.map(layerOf))].filter((layer) => !(layer in below)),
    []
  )
})

// In the lab an instance's end makes its group launch another, which begins a life: the circle is the thing itself.
test('no file outside the lab leads back to itself', () => {
  const circles = sources
    .filter((file) => layerOf(file) !== 'lab')
    .filter((file) =>
      importsOf(file).some(({ of, typeOnly }) => !typeOnly && of.startsWith('src/') && reach(of).has(file))
    )
  assert.deepEqual(circles, [])
})

test('every package that the sources import at run time is a dependency', () => {
  const { dependencies } = JSON.parse(read('package.json')) as { dependencies: Record<string, string> }
  const packageOf = (specifier: string) => specifier.match(/^(@[^/]+\/)?[^/]+/)?.[0] ?? specifier
  const imported = sources
    .flatMap(importsOf)
    .filter(
      ({ of, typeOnly }) => !typeOnly && !of.startsWith('src/') && !of.startsWith('node:') && !of.startsWith('package')
    )
    .map(({ of }) => packageOf(of))
  assert.deepEqual(
    [...new Set(imported)].filter((name) => !(name in dependencies)),
    []
  )
})
