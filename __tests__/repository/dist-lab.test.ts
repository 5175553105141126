/** The committed bundle over real sockets: a plan of the lab's cluster, with keys and with a role by OIDC. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { serveAws } from '../../src/lab/aws/http.ts'
import { scaledClock } from '../../src/lab/clock.ts'
import { createLab } from '../../src/lab/joined/lab.ts'
import { shopObjects } from '../../src/lab/joined/workloads.ts'
import { serveKubernetes } from '../../src/lab/kubernetes/http.ts'
import { root } from './sources.ts'

const folder = mkdtempSync(join(tmpdir(), 'dist-lab-'))
const agents = new Set<string>()
let aws: Awaited<ReturnType<typeof serveAws>>
let kubernetes: Awaited<ReturnType<typeof serveKubernetes>>

before(async () => {
  const lab = createLab({ clock: scaledClock({ speed: 50 }), world: { objects: shopObjects() } })
  lab.aws.addRole({ name: 'upgrader' })
  await lab.settled()
  aws = await serveAws(lab.aws)
  kubernetes = await serveKubernetes(lab.cluster, { onRequest: ({ userAgent }) => agents.add(userAgent) })
  writeFileSync(join(folder, 'kubeconfig'), kubernetes.kubeconfig)
})

after(async () => {
  await Promise.all([aws.close(), kubernetes.close()])
  rmSync(folder, { recursive: true, force: true })
})

/** As the runner starts it: its files exist, and its inputs are in the environment. */
async function plan(env: Readonly<Record<string, string>>) {
  const files = { GITHUB_OUTPUT: join(folder, 'out'), GITHUB_STEP_SUMMARY: join(folder, 'summary') }
  for (const file of Object.values(files)) writeFileSync(file, '')
  const child = spawn(process.execPath, [join(root, 'dist/index.js')], {
    cwd: folder,
    env: {
      PATH: process.env.PATH,
      HOME: folder,
      AWS_ENDPOINT_URL: aws.url,
      AWS_REGION: 'eu-west-1',
      AWS_ACCESS_KEY_ID: 'AKIALAB',
      AWS_SECRET_ACCESS_KEY: 'not-a-secret',
      INPUT_CLUSTER: 'shop',
      INPUT_MODE: 'plan',
      INPUT_KUBECONFIG: join(folder, 'kubeconfig'),
      ...files,
      ...env
    },
    stdio: ['ignore', 'pipe', 'pipe']
  })
  let printed = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (data) => {
      printed += data
    })
  }
  const [code] = await once(child, 'close')
  return {
    code,
    printed,
    output: readFileSync(files.GITHUB_OUTPUT, 'utf8'),
    summary: readFileSync(files.GITHUB_STEP_SUMMARY, 'utf8')
  }
}

test('the committed bundle plans an upgrade by way of a kubeconfig', async () => {
  const { code, printed, output, summary } = await plan({})
  assert.equal(code, 0, printed)
  assert.match(printed, /shop-workers-blue \(active, 6 nodes\) → shop-workers-green/)
  assert.match(printed, /^::notice title=workers%3A planned::/m)
  assert.match(output, /^outcome<<(\S+)\nplanned\n\1$/m)
  assert.match(summary, /^## ✔ workers can be upgraded/)
  assert.ok([...agents].some((agent) => agent.startsWith('eks-node-upgrade/')))
})

test('the committed bundle assumes a role by the job’s OIDC token, which is masked before it is used', async () => {
  const claims = Buffer.from(JSON.stringify({ sub: 'repo:o/r:ref:refs/heads/main', aud: 'sts.amazonaws.com' }))
  const token = `e30.${claims.toString('base64url')}.x`
  const asked: string[] = []
  const service = createServer((request, response) => {
    asked.push(`${request.url} ${request.headers.authorization}`)
    response.end(JSON.stringify({ value: token }))
  })
  await new Promise<void>((resolve) => service.listen(0, '127.0.0.1', resolve))
  try {
    const { port } = service.address() as AddressInfo
    const { code, printed } = await plan({
      'INPUT_ROLE-TO-ASSUME': 'arn:aws:iam::123456789012:role/upgrader',
      ACTIONS_ID_TOKEN_REQUEST_URL: `http://127.0.0.1:${port}/token?api-version=2`,
      ACTIONS_ID_TOKEN_REQUEST_TOKEN: 'bearer'
    })
    assert.equal(code, 0, printed)
    assert.deepEqual(asked, ['/token?api-version=2&audience=sts.amazonaws.com Bearer bearer'])
    const shown = printed.split('\n').filter((line) => line.includes(token))
    assert.ok(shown.length > 0 && shown.every((line) => line === `::add-mask::${token}`), printed)
  } finally {
    service.close()
  }
})
