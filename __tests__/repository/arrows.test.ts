import assert from 'node:assert/strict'
import { test } from 'node:test'
import { filesLike, importsOf, read } from './sources.ts'

const sources = filesLike('src/**/*.ts')
/** The name of a file's folder at this depth, or of the file itself: `src/lab/serve.ts` stands on the floor `serve`. */
const floorOf = (path: string, depth: number) => (path.split('/')[depth] ?? '').replace(/\.ts$/, '')
const layerOf = (path: string) => floorOf(path, 1)

/** Each layer with all those that it may import; every layer may also import itself. */
const layers: Readonly<Record<string, readonly string[]>> = {
  engine: [],
  report: ['engine'],
  aws: ['engine'],
  gates: ['engine'],
  notify: ['engine', 'report'],
  telemetry: ['engine'],
  kubernetes: ['engine'],
  lab: ['engine'],
  inputs: ['engine', 'report', 'gates', 'notify'],
  entry: ['engine', 'report', 'aws', 'kubernetes', 'gates', 'notify', 'telemetry', 'inputs'],
  action: ['engine', 'report', 'notify', 'inputs', 'entry'],
  cli: ['engine', 'report', 'notify', 'telemetry', 'lab', 'inputs', 'entry'],
  library: ['engine', 'report', 'notify', 'inputs', 'entry'],
  lambda: ['engine', 'report', 'notify', 'inputs', 'entry']
}

/** The floors of a layer from the ground up; those of one list do not import each other. */
const floors: Readonly<Record<string, readonly (readonly string[])[]>> = {
  engine: [['model'], ['record', 'policy'], ['world', 'plan'], ['stages'], ['loop'], ['run']],
  lab: [['clock'], ['aws', 'kubernetes'], ['joined'], ['ports'], ['observer'], ['simulation'], ['scenarios', 'serve']]
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

/** Parts of Node, and packages, that only compute. */
const computing = ['node:crypto', 'node:zlib', 'smol-toml']

/** A translator that the lab may share: raw object in, engine's value out, and nothing that could reach the outside. */
function isPure(file: string): boolean {
  return [...reach(file)].every((path) => path.startsWith('src/') || computing.includes(path))
}

test('imports go one way: entry points, then what they share, then adapters, report and lab, then the engine', () => {
  const wrong = sources.flatMap((file) =>
    importsOf(file)
      .filter(({ of }) => of.startsWith('src/') && layerOf(of) !== layerOf(file))
      .filter(({ of, typeOnly }) => {
        if (layers[layerOf(file)]?.includes(layerOf(of))) return false
        const shared = layerOf(file) === 'lab' && ['aws', 'kubernetes'].includes(layerOf(of))
        return !(shared && (typeOnly || isPure(of)))
      })
      .map(({ of }) => `${file} imports ${of}`)
  )
  assert.deepEqual(wrong, [])
})

for (const [layer, order] of Object.entries(floors)) {
  const levelOf = (path: string) => order.findIndex((names) => names.includes(floorOf(path, 2)))

  test(`imports within ${layer} go from the upper floor to the lower, those of types included`, () => {
    const wrong = sources.flatMap((file) =>
      layerOf(file) !== layer
        ? []
        : importsOf(file)
            .filter(({ of }) => layerOf(of) === layer && floorOf(of, 2) !== floorOf(file, 2))
            .filter(({ of }) => levelOf(of) >= levelOf(file))
            .map(({ of }) => `${file} imports ${of}`)
    )
    assert.deepEqual(wrong, [])
  })

  test(`every file of ${layer} stands on a floor`, () => {
    const homeless = sources.filter((file) => layerOf(file) === layer && levelOf(file) < 0)
    assert.deepEqual(homeless, [])
  })
}

test('the engine imports no package and nothing of Node', () => {
  const wrong = sources
    .filter((file) => layerOf(file) === 'engine')
    .flatMap((file) => importsOf(file).map(({ of }) => ({ file, of })))
    .filter(({ of }) => !of.startsWith('src/engine/'))
  assert.deepEqual(wrong, [])
})

test('every layer has its place in the order', () => {
  assert.deepEqual(
    [...new Set(sources.map(layerOf))].filter((layer) => !(layer in layers)),
    []
  )
})

/** Files that lead back to themselves, imports of types included. */
test('no file leads back to itself', () => {
  const leadsTo = (file: string, seen = new Set<string>()): Set<string> => {
    for (const { of } of importsOf(file)) {
      if (!of.startsWith('src/') || seen.has(of)) continue
      seen.add(of)
      leadsTo(of, seen)
    }
    return seen
  }
  assert.deepEqual(
    sources.filter((file) => leadsTo(file).has(file)),
    []
  )
})

test('every package that the sources import at run time is named in package.json', () => {
  const { devDependencies } = JSON.parse(read('package.json')) as { devDependencies: Record<string, string> }
  const packageOf = (specifier: string) => specifier.match(/^(@[^/]+\/)?[^/]+/)?.[0] ?? specifier
  const imported = sources
    .flatMap(importsOf)
    .filter(
      ({ of, typeOnly }) => !typeOnly && !of.startsWith('src/') && !of.startsWith('node:') && !of.startsWith('package')
    )
    .map(({ of }) => packageOf(of))
  assert.deepEqual(
    [...new Set(imported)].filter((name) => !(name in devDependencies)),
    []
  )
})
