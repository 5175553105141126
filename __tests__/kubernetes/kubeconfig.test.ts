import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { UpgradeError } from '../../src/engine/model/error.ts'
import { connectCluster } from '../../src/kubernetes/cluster.ts'
import { ownPod } from '../../src/kubernetes/own-pod.ts'
import { fakeApiServer, json } from './fake-api-server.ts'

const folder = mkdtempSync(join(tmpdir(), 'kubeconfig-'))
after(() => rmSync(folder, { recursive: true }))

function file(text: string): string {
  const path = join(folder, `${Math.abs(text.length)}-${text.slice(0, 5).replace(/\W/g, '')}`)
  writeFileSync(path, text)
  return path
}

const config = (server: string, user: object) =>
  JSON.stringify({
    clusters: [{ name: 'c', cluster: { server } }],
    users: [{ name: 'u', user }],
    contexts: [{ name: 'here', context: { cluster: 'c', user: 'u' } }],
    'current-context': 'here'
  })

const wrong: [string, string, string | undefined][] = [
  ['that is no YAML', '{{{', undefined],
  ['that is empty', '', undefined],
  ['that is a list', '[1]', undefined],
  ['whose cluster has no server', '{"clusters":[{"name":"c","cluster":{}}]}', undefined],
  ['without the context that is asked for', config('http://127.0.0.1:1', {}), 'there'],
  ['whose server is no URL', config('somewhere', {}), undefined],
  ['that would send credentials in clear text', config('http://10.0.0.1', {}), undefined]
]

for (const [title, text, context] of wrong) {
  test(`a kubeconfig ${title} is refused, quoting what is wrong`, async () => {
    const path = file(text)
    await assert.rejects(connectCluster({ kubeconfig: { path, context }, userAgent: 'u' }), (error) => {
      assert.ok(error instanceof UpgradeError, String(error))
      assert.equal(error.details.code, 'kubeconfig')
      const quoted = [JSON.stringify(path), 'somewhere', '10.0.0.1']
      assert.ok(
        quoted.some((words) => error.message.includes(words)),
        error.message
      )
      return true
    })
  })
}

test('a kubeconfig that is not there is named', async () => {
  const connecting = connectCluster({ kubeconfig: { path: '/nowhere/config' }, userAgent: 'u' })
  await assert.rejects(connecting, /there is no kubeconfig "\/nowhere\/config"/)
})

test('a token of a kubeconfig is sent', async () => {
  await using api = await fakeApiServer()
  const path = file(config(api.url, { token: 'from-file' }))
  const { cluster } = await connectCluster({ kubeconfig: { path }, userAgent: 'u' })
  await cluster.version()
  assert.equal(api.requests[0]?.headers.authorization, 'Bearer from-file')
})

test('a token in a file is read, and read again when it is refused', async () => {
  await using api = await fakeApiServer()
  const tokenFile = file('first')
  const path = file(config(api.url, { tokenFile }))
  api.intercept = ({ headers }, response) => {
    if (headers.authorization === 'Bearer second') return undefined
    writeFileSync(tokenFile, 'second')
    return json(response, 401, {})
  }
  const { cluster } = await connectCluster({ kubeconfig: { path }, userAgent: 'u' })
  assert.equal(await cluster.version(), '1.33')
  assert.equal(api.requests[0]?.headers.authorization, 'Bearer first')
})

test('an exec plugin is run, and run again when its token is refused', async () => {
  await using api = await fakeApiServer()
  const counter = join(folder, 'runs')
  const script = `
    const fs = require('node:fs'); fs.appendFileSync(${JSON.stringify(counter)}, '.')
    const token = 'exec-' + fs.readFileSync(${JSON.stringify(counter)}).length
    console.log(JSON.stringify({ status: { token } }))`
  const exec = { apiVersion: 'client.authentication.k8s.io/v1', command: process.execPath, args: ['-e', script] }
  const path = file(config(api.url, { exec }))
  api.intercept = ({ headers }, response) =>
    headers.authorization === 'Bearer exec-2' ? undefined : json(response, 401, {})
  const { cluster } = await connectCluster({ kubeconfig: { path }, userAgent: 'u' })
  assert.equal(await cluster.version(), '1.33')
})

test('an exec plugin that fails says so in its own words, without its secrets', async () => {
  const script = `console.error('expired: Bearer abc123'); process.exit(1)`
  const exec = { apiVersion: 'client.authentication.k8s.io/v1', command: process.execPath, args: ['-e', script] }
  const path = file(config('http://127.0.0.1:1', { exec }))
  const { cluster } = await connectCluster({ kubeconfig: { path }, userAgent: 'u' })
  await assert.rejects(cluster.version(), (error) => {
    assert.ok(error instanceof UpgradeError)
    assert.equal(error.details.code, 'credentials')
    assert.match(error.message, /expired: Bearer \*\*\*/)
    return true
  })
})

test('what does not parse is told by its line, and never by what stands there', async () => {
  const path = file('users:\n- name: me\n  user:\n    token: very-secret\n   bad: x\n')
  await assert.rejects(connectCluster({ kubeconfig: { path }, userAgent: 'u' }), (error) => {
    assert.ok(error instanceof UpgradeError)
    assert.equal(error.details.code, 'kubeconfig')
    assert.match(error.message, /line 5/)
    assert.doesNotMatch(error.message, /very-secret/)
    return true
  })
})

test('a process in a pod knows which, any other does not', () => {
  const namespaceFile = file('shop\n')
  assert.deepEqual(ownPod({ HOSTNAME: 'runner-1' }, namespaceFile), { namespace: 'shop', name: 'runner-1' })
  assert.equal(ownPod({ POD_NAME: 'p', HOSTNAME: 'h' }, namespaceFile)?.name, 'p')
  assert.equal(ownPod({ HOSTNAME: 'laptop' }, '/nowhere/namespace'), undefined)
  assert.equal(ownPod({}, namespaceFile), undefined)
  const named = { POD_NAME: 'p', POD_NAMESPACE: 'ops' }
  assert.deepEqual(ownPod(named, '/nowhere/namespace'), { namespace: 'ops', name: 'p' })
  assert.deepEqual(ownPod(named, namespaceFile), { namespace: 'ops', name: 'p' })
})
