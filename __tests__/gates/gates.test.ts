import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer, type RequestListener } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { type AddressInfo, createServer as createTcpServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { askCommand } from '../../src/gates/command-gate.ts'
import { createGates } from '../../src/gates/gates.ts'
import { askUrl } from '../../src/gates/url-gate.ts'

const never = new AbortController().signal
const options = { userAgent: 'test', env: {} }

async function serve(context: TestContext, listener: RequestListener): Promise<string> {
  const server = createServer(listener)
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  context.after(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

test('a URL is good with a status of 2xx and bad with any other', async (context) => {
  const base = await serve(context, ({ url }, response) =>
    response.writeHead(Number(url?.slice(1))).end('secret words')
  )
  assert.deepEqual(await askUrl(`${base}/200`, options, never), { state: 'good', seen: 'HTTP status 200' })
  assert.deepEqual(await askUrl(`${base}/204`, options, never), { state: 'good', seen: 'HTTP status 204' })
  for (const status of [304, 404, 500, 503])
    assert.deepEqual(await askUrl(`${base}/${status}`, options, never), { state: 'bad', seen: `HTTP status ${status}` })
})

test('a user in the URL is sent as Basic authorization, and no fragment', async (context) => {
  const seen: unknown[] = []
  const base = await serve(context, ({ url, headers }, response) => {
    seen.push(url, headers.authorization, headers['user-agent'])
    response.end()
  })
  await askUrl(`${base.replace('//', '//me:a%20b@')}/x?q=1#y`, options, never)
  assert.deepEqual(seen, ['/x?q=1', `Basic ${Buffer.from('me:a b').toString('base64')}`, 'test'])
})

test('a redirect is followed on the same host, not for ever, and not to another host', async (context) => {
  let asked = 0
  const other = await serve(context, (_, response) => {
    asked += 1
    response.end()
  })
  const base = await serve(context, ({ url }, response) => {
    const to = { '/here': '/good', '/away': `${other}/good?token=hunter2`, '/round': '/round' }[url ?? '']
    response.writeHead(to ? 302 : 200, to ? { location: to } : {}).end()
  })
  assert.equal((await askUrl(`${base}/here`, options, never)).state, 'good')
  const away = await askUrl(`${base}/away`, options, never)
  assert.equal(away.state, 'bad')
  assert.match(away.seen, /redirect to 127\.0\.0\.1:\d+, which is not followed/)
  assert.doesNotMatch(away.seen, /hunter2/)
  assert.equal(asked, 0)
  assert.deepEqual(await askUrl(`${base}/round`, options, never), { state: 'bad', seen: 'more than 3 redirects' })
})

test('a body without an end is not read', async (context) => {
  let sent = 0
  let closed: () => void = () => {}
  const gone = new Promise<void>((done) => {
    closed = done
  })
  const base = await serve(context, (_, response) => {
    const chunk = Buffer.alloc(64 * 1024)
    response.on('close', closed)
    const more = () => {
      while (!response.destroyed && response.write(chunk)) sent += chunk.length
    }
    response.on('drain', more)
    more()
  })
  assert.equal((await askUrl(base, options, never)).state, 'good')
  await gone
  assert.ok(sent < 16 * 1024 * 1024, `${sent} bytes`)
})

test('a server that never answers, or cannot be reached, or is given up, is unknown', async (context) => {
  const base = await serve(context, () => {})
  const late = await askUrl(base, { ...options, limitMs: 50 }, never)
  assert.deepEqual(late, { state: 'unknown', seen: 'no answer within 0.05 s' })
  assert.equal((await askUrl(base, options, AbortSignal.abort())).state, 'unknown')
  const free = createTcpServer()
  await new Promise<void>((done) => free.listen(0, '127.0.0.1', done))
  const { port } = free.address() as AddressInfo
  await new Promise((done) => free.close(done))
  const refused = await askUrl(`http://127.0.0.1:${port}`, options, never)
  assert.deepEqual(refused, { state: 'unknown', seen: 'it cannot be reached: ECONNREFUSED' })
})

test('a certificate that nobody trusts is unknown, whatever the server says', async (context) => {
  const folder = mkdtempSync(join(tmpdir(), 'gate-'))
  context.after(() => rmSync(folder, { recursive: true }))
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')]
  const made = 'openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=localhost'
  execFileSync('/bin/sh', ['-c', `${made} -keyout ${key} -out ${cert}`], { stdio: 'ignore' })
  const server = createTlsServer({ key: readFileSync(key), cert: readFileSync(cert) }, (_, response) => response.end())
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  context.after(() => server.close())
  const { port } = server.address() as AddressInfo
  const { state, seen } = await askUrl(`https://localhost:${port}/`, options, never)
  assert.equal(state, 'unknown')
  assert.match(seen, /certificate or TLS is not accepted: DEPTH_ZERO_SELF_SIGNED_CERT/)
})

test('a command is good with exit code 0, runs in a shell, and has no input or state of the action', async () => {
  const env = { PATH: process.env.PATH, WORD: 'ready', 'INPUT_GITHUB-TOKEN': 'hunter2', STATE_run: '1' }
  assert.deepEqual(await askCommand('test "$WORD" = ready', { env }, never), { state: 'good', seen: 'exit code 0' })
  assert.deepEqual(await askCommand('false || exit 7', { env }, never), { state: 'bad', seen: 'exit code 7' })
  assert.equal((await askCommand('env | grep -q hunter2', { env }, never)).state, 'bad')
  assert.equal((await askCommand('env | grep -q ^STATE_', { env }, never)).state, 'bad')
  assert.deepEqual(await askCommand('no-such-program', { env }, never), { state: 'bad', seen: 'exit code 127' })
})

/** Whether a process is there; a zombie that waits for its parent is not. */
function isRunning(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return false
  }
}

async function hasEnded(pid: number): Promise<void> {
  while (isRunning(pid)) await new Promise((done) => setTimeout(done, 20))
}

test('a command that does not end is killed with all that it has started', async (context) => {
  const folder = mkdtempSync(join(tmpdir(), 'gate-'))
  context.after(() => rmSync(folder, { recursive: true }))
  const file = join(folder, 'pid')
  const command = `sleep 600 & echo $! > ${file}; wait`
  const late = await askCommand(command, { env: process.env, limitMs: 500 }, never)
  assert.equal(late.state, 'unknown')
  assert.match(late.seen, /did not end within 0\.5 s and was killed/)
  await hasEnded(Number(readFileSync(file, 'utf8')))
})

test('a command is killed when its answer is not wanted any more', async () => {
  const stop = new AbortController()
  const asked = askCommand('sleep 600', { env: process.env }, stop.signal)
  stop.abort()
  assert.deepEqual(await asked, { state: 'bad', seen: 'ended by SIGKILL' })
})

test('a gate is asked by its name; one that this start was not given is unknown, and no command is run for it', async () => {
  const gates = createGates({
    entries: ['alarm:errors', 'command:test 1 = 1'],
    alarm: async (name) => ({ state: name === 'errors' ? 'good' : 'bad', seen: name }),
    ...options
  })
  const [alarm, other, stranger] = await gates.ask(['alarm:errors', 'alarm:other', 'command:reboot'], never)
  assert.deepEqual(alarm, { gate: 'alarm:errors', state: 'good', seen: 'errors' })
  assert.deepEqual(other, { gate: 'alarm:other', state: 'bad', seen: 'other' })
  assert.equal(stranger?.state, 'unknown')
  assert.match(stranger?.seen ?? '', /was not given it/)
})
