// Bundles the command line and the programming interface into build/package/, which is what `npm pack` packs. Nothing has
// to be installed beside it: see docs/decisions/0013-package-without-dependencies.md. What only some commands need (the
// lab, each service of AWS) is a file of its own that is read when it is needed.
import { chmodSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { isBuiltin } from 'node:module'
import { dirname, join, normalize } from 'node:path'
import { fileURLToPath } from 'node:url'
import { buildSync } from 'esbuild'
import { licensesOf } from './licenses.ts'
import { billOfMaterials } from './sbom.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const into = join(root, 'build/package')

/** Needs what `tsc` wrote to build/: the declarations of types come from there. */
export function bundlePackage(): void {
  rmSync(into, { recursive: true, force: true })
  const { metafile } = buildSync({
    absWorkingDir: root,
    entryPoints: { 'eks-node-upgrade': 'src/cli/bin.ts', index: 'src/library/library.ts' },
    chunkNames: 'parts/[name]-[hash]',
    outdir: into,
    bundle: true,
    splitting: true,
    metafile: true,
    platform: 'node',
    format: 'esm',
    target: 'node22.19',
    mainFields: ['module', 'main'],
    conditions: ['module'],
    // Names stay, so that a trace in a bug report can be read.
    minifySyntax: true,
    minifyWhitespace: true,
    legalComments: 'none',
    logLevel: 'warning',
    banner: { js: commonJs }
  })
  const outputs = Object.values(metafile.outputs)
  const foreign = outputs.flatMap(({ imports }) => imports.filter(({ path, external }) => external && !isBuiltin(path)))
  if (foreign.length > 0) throw new Error(`not in the bundle: ${foreign.map(({ path }) => path).join(', ')}`)
  const files = outputs.flatMap(({ inputs }) =>
    Object.entries(inputs).flatMap(([file, { bytesInOutput }]) => (bytesInOutput > 0 ? [join(root, file)] : []))
  )
  writeFileSync(join(into, 'THIRD-PARTY-LICENSES.txt'), licensesOf(files))
  const description = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  writeFileSync(join(root, 'build/sbom.cdx.json'), billOfMaterials(description, files))
  copyTypes('library/library.d.ts')
  chmodSync(join(into, 'eks-node-upgrade.js'), 0o755)
}

/** Modules of CommonJS ask for Node's own modules by this name, which an ES module does not have. */
const commonJs = `import { createRequire as createRequireForBundle } from 'node:module'; const require = createRequireForBundle(import.meta.url);`

/** Declarations that the entry leads to, and no others, with the file names that a consumer's compiler expects. */
function copyTypes(entry: string, copied = new Set<string>()): void {
  if (copied.has(entry)) return
  copied.add(entry)
  const text = readFileSync(join(root, 'build', entry), 'utf8')
  for (const [, path = ''] of text.matchAll(/(?:from |import\()['"](\.[^'"]+)\.ts['"]/g))
    copyTypes(normalize(join(dirname(entry), `${path}.d.ts`)), copied)
  const target = join(into, 'types', entry)
  mkdirSync(dirname(target), { recursive: true })
  writeFileSync(target, text.replace(/(['"]\.[^'"]+)\.ts(['"])/g, '$1.js$2'))
}

if (import.meta.main) bundlePackage()
