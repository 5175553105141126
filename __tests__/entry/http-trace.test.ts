import assert from 'node:assert/strict'
import { createServer, get } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { traceHttp } from '../../src/entry/http-trace.ts'

test('each answer is a line, without headers, bodies, queries, or the path of a gate', async () => {
  const server = createServer((_, response) => response.setHeader('x-amzn-requestid', 'id-1').end('body'))
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const { port } = server.address() as AddressInfo
  const host = `127.0.0.1:${port}`
  const lines: string[] = []
  const end = traceHttp((line) => lines.push(line))
  await new Promise((done) => get(`http://${host}/gate?token=secret`, (answer) => answer.resume().once('end', done)))
  await (await fetch(`http://${host}/api/v1/pods?watch=1`)).text()
  end()
  await (await fetch(`http://${host}/unheard`)).text()
  server.close()
  assert.equal(lines.length, 2, lines.join('\n'))
  assert.match(lines[0] ?? '', new RegExp(`^http: GET ${host}: 200 in \\d+ ms, request id-1$`))
  assert.match(lines[1] ?? '', new RegExp(`^http: GET ${host}/api/v1/pods: 200 in \\d+ ms$`))
})
