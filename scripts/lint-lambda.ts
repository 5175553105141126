// Lints the CloudFormation templates with cfn-lint, which also knows SAM, and the state machine of the Lambda function with
// asl-validator.
// Neither is a dependency: the first run fetches them into the user's cache; it needs Python 3 for that.
import { spawnSync } from 'node:child_process'
import { existsSync, globSync, mkdirSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const templateLinterVersion = '1.58.0'
const stateMachineLinterVersion = '4.0.0'

const root = fileURLToPath(new URL('..', import.meta.url))
const cache = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'eks-node-upgrade')
const pythonTools = join(cache, `cfn-lint-${templateLinterVersion}`)
const nodeTools = join(cache, `asl-validator-${stateMachineLinterVersion}`)

const templateLinter = join(pythonTools, 'bin/cfn-lint')
const stateMachineLinter = join(nodeTools, 'node_modules/asl-validator/dist/bin/asl-validator.js')

if (!existsSync(templateLinter)) {
  run('python3', ['-m', 'venv', '--clear', pythonTools])
  const install = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check']
  run(join(pythonTools, 'bin/python'), [...install, `cfn-lint==${templateLinterVersion}`])
}
if (!existsSync(stateMachineLinter)) {
  mkdirSync(nodeTools, { recursive: true })
  writeFileSync(join(nodeTools, 'package.json'), '{ "private": true }')
  const install = ['install', '--no-audit', '--no-fund', '--silent', `asl-validator@${stateMachineLinterVersion}`]
  run('npm', install, nodeTools)
}

const templates = ['lambda/template.yaml', ...globSync('examples/try/cloudformation/*.yaml', { cwd: root })]
run(templateLinter, ['--include-checks', 'I', '--', ...templates])
run(process.execPath, [stateMachineLinter, '--json-path', 'lambda/upgrade.asl.json'])
console.log(`${templates.join(', ')} and lambda/upgrade.asl.json are clean`)

function run(command: string, args: readonly string[], cwd = root): void {
  const { status, error } = spawnSync(command, args, { cwd, stdio: ['ignore', 'inherit', 'inherit'] })
  if (error) console.error(`could not start ${command}: ${error.message}`)
  if (status !== 0) process.exit(status ?? 1)
}
