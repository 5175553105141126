// A bill of materials of what is bundled, as CycloneDX: `npm sbom` lists what is installed, which is far more.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { packageFolders } from './licenses.ts'

interface Description {
  name: string
  version: string
  license: string
}

/** `files` are those that went into the bundle; one component a package and version. */
export function billOfMaterials(of: Description, files: Iterable<string>): string {
  const found = packageFolders(files).map((folder): Description => {
    return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
  })
  const components = new Map(found.map((one) => [purl(one), { ...component('library', one), scope: 'required' }]))
  const sorted = [...components].toSorted(([a], [b]) => (a < b ? -1 : 1))
  const document = {
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    version: 1,
    metadata: { component: component('application', of) },
    components: sorted.map(([, one]) => one),
    dependencies: [{ ref: purl(of), dependsOn: sorted.map(([ref]) => ref) }]
  }
  return `${JSON.stringify(document, undefined, 2)}\n`
}

/** https://github.com/package-url/purl-spec/blob/main/types-doc/npm-definition.md */
function purl({ name, version }: Description): string {
  return `pkg:npm/${name.replace('@', '%40')}@${version}`
}

function component(type: string, one: Description) {
  return {
    type,
    'bom-ref': purl(one),
    name: one.name,
    version: one.version,
    purl: purl(one),
    licenses: [{ license: { id: one.license } }]
  }
}
