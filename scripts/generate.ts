// Writes what has its source elsewhere: action.yml and the tables of README.md from the table of inputs
// (src/inputs/inputs.ts) and from the exit codes, and the version in package.json into the places that show it.
// With --check it compares instead.
import { existsSync, globSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Result } from '../src/engine/model/report.ts'
import { exitCode, exitCodes } from '../src/entry/exit-code.ts'
import { type Input, inputs, inputsOf, outputs } from '../src/inputs/inputs.ts'
import { markdownCode, markdownText } from '../src/report/escape.ts'
import { optionsType } from './options-type.ts'
import { rulesPage } from './rules-page.ts'

const root = fileURLToPath(new URL('..', import.meta.url))

/** A text as YAML, quoted so that no word of it can mean anything else. */
function yaml(text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}

function inputYaml(input: Input): string[] {
  const from = input.from === undefined ? '' : ` Default: ${input.from}.`
  return [
    `  ${input.name}:`,
    `    description: ${yaml(input.description + from)}`,
    ...(input.required ? ['    required: true'] : []),
    ...(input.default === '' ? [] : [`    default: ${yaml(input.default)}`])
  ]
}

export function actionYaml(): string {
  return [
    '# Written by `npm run generate` from src/inputs/inputs.ts.',
    'name: EKS node upgrade',
    "description: 'Upgrades the worker nodes of an Amazon EKS cluster blue/green, and reverts if anything fails'",
    'author: eks-node-upgrade',
    'branding:',
    '  icon: refresh-cw',
    '  color: green',
    'inputs:',
    ...inputsOf('action').flatMap(inputYaml),
    'outputs:',
    ...outputs.flatMap(({ name, description }) => [`  ${name}:`, `    description: ${yaml(description)}`]),
    'runs:',
    '  using: node24',
    '  main: dist/index.js',
    '  post: dist/index.js',
    ''
  ].join('\n')
}

function defaultCell(input: Input): string {
  if (input.required) return 'required'
  if (input.default !== '') return markdownCode(input.default)
  return input.from === undefined ? '–' : /^[A-Z_]+$/.test(input.from) ? markdownCode(input.from) : input.from
}

function whereCell({ faces }: Input): string {
  const [where] = faces
  if (faces.length === 1) return where === 'cli' ? ' (command line only)' : ' (action only)'
  return faces.includes('cli') ? '' : ' (not on the command line)'
}

/** Those that a first workflow needs; all are on a page of their own. */
const mainInputs = [
  'cluster',
  'mode',
  'group',
  'ami',
  'hold',
  'aws-region',
  'role-to-assume',
  'allow-downtime',
  'jobs',
  'soak-minutes',
  'timeout-minutes',
  'on-cancel'
]

// Those of the Lambda function alone are on its own page.
const allInputs = inputs.filter(({ group }) => group !== 'slices')

export function inputsTable(shown: readonly Input[] = allInputs): string {
  const rows = shown.map(
    (input) =>
      `| ${markdownCode(input.name)} | ${defaultCell(input)} | ${markdownText(input.description)}${whereCell(input)} |`
  )
  return ['| input | default | meaning |', '| --- | --- | --- |', ...rows].join('\n')
}

export function slicesTable(): string {
  const rows = inputs
    .filter(({ group }) => group === 'slices')
    .map(({ name, description }) => `| ${markdownCode(name)} | ${markdownText(description)} |`)
  return ['| key | meaning |', '| --- | --- |', ...rows].join('\n')
}

export function outputsTable(): string {
  const rows = outputs.map(({ name, description }) => `| ${markdownCode(name)} | ${markdownText(description)} |`)
  return ['| output | meaning |', '| --- | --- |', ...rows].join('\n')
}

const outcomes: readonly { outcome: Result['outcome']; meaning: string }[] = [
  { outcome: 'upgraded', meaning: 'The groups have swapped roles. The old group has no instances.' },
  { outcome: 'unchanged', meaning: 'There was nothing to do. Nothing was written.' },
  { outcome: 'planned', meaning: '`plan` found nothing that blocks an upgrade.' },
  {
    outcome: 'held',
    meaning: `Moved and verified. The old nodes are kept. If \`finalize\` was requested and was not possible, the step fails with exit code ${exitCode({ outcome: 'held', mode: 'finalize' })}.`
  },
  { outcome: 'refused', meaning: 'Nothing was changed. Also: `plan` found something that blocks an upgrade.' },
  {
    outcome: 'reverted',
    meaning: `Changed, then restored. If \`revert\` was requested, the step succeeds with exit code ${exitCode({ outcome: 'reverted', mode: 'revert' })}.`
  },
  {
    outcome: 'halted',
    meaning: 'Stopped part-way in a safe state. Manual action is required; the exact next command is printed.'
  }
]

export function outcomesTable(): string {
  const rows = outcomes.map(({ outcome, meaning }) => {
    const code = exitCode({ outcome, mode: 'upgrade' })
    return `| ${markdownCode(outcome)} | ${code === 0 ? 'succeeds' : 'fails'} | ${code} | ${meaning} |`
  })
  return [
    '| outcome | the step | exit code | meaning |',
    '| --- | --- | --- | --- |',
    ...rows,
    `| – | fails | ${exitCodes.badInput} | Invalid input. All problems are listed at once; nothing was changed. |`,
    `| – | is cancelled | ${exitCodes.cancelled} | Stopped by a signal, in a safe state. |`
  ].join('\n')
}

/** Replaces what stands between `<!-- name -->` and `<!-- /name -->`; a text without these marks stays as it is. */
export function withRegion(text: string, name: string, body: string): string {
  const begin = `<!-- ${name} -->`
  const end = `<!-- /${name} -->`
  const from = text.indexOf(begin)
  const to = text.indexOf(end, from)
  if (from < 0 || to < 0) return text
  return `${text.slice(0, from + begin.length)}\n\n${body}\n\n${text.slice(to)}`
}

/** Our own action is named at a commit, with the version of this repository beside it; the image by its version. */
function withOwnVersion(text: string, version: string): string {
  return text
    .replace(/(uses: OWNER\/eks-node-upgrade@COMMIT # v)[\w.-]+/g, `$1${version}`)
    .replace(/(ghcr\.io\/OWNER\/eks-node-upgrade:)\d+\.\d+\.\d+/g, `$1${version}`)
}

function withTables(text: string): string {
  const main = inputs.filter(({ name }) => mainInputs.includes(name))
  const tables = {
    inputs: inputsTable(),
    'main inputs': inputsTable(main),
    outputs: outputsTable(),
    outcomes: outcomesTable(),
    slices: slicesTable()
  }
  return Object.entries(tables).reduce((page, [name, table]) => withRegion(page, name, table), text)
}

function read(file: string): string {
  return existsSync(root + file) ? readFileSync(root + file, 'utf8') : ''
}

/** Each file with what it should hold. */
export function generated(): ReadonlyMap<string, string> {
  const { version } = JSON.parse(read('package.json')) as { version: string }
  const versionLine = /^(export const version = ).*$/m
  const pages = globSync(['*.md', 'docs/**/*.md', 'examples/{workflows,kubernetes}/*.{yml,yaml}'], {
    cwd: root
  }).toSorted()
  return new Map([
    ['action.yml', actionYaml()],
    ...pages.map((page): [string, string] => [page, withOwnVersion(withTables(read(page)), version)]),
    ['docs/rules.md', rulesPage()],
    ['src/library/options.ts', optionsType()],
    ['src/entry/version.ts', read('src/entry/version.ts').replace(versionLine, `$1'${version}'`)]
  ])
}

function main(): void {
  const stale = [...generated()].filter(([file, text]) => read(file) !== text)
  if (!process.argv.includes('--check')) {
    for (const [file, text] of stale) writeFileSync(root + file, text)
    console.log(stale.length === 0 ? 'everything is current' : `written: ${stale.map(([file]) => file).join(', ')}`)
  } else if (stale.length > 0) {
    console.error(`not current: ${stale.map(([file]) => file).join(', ')}. Run: npm run generate`)
    process.exit(1)
  }
}

if (import.meta.main) main()
