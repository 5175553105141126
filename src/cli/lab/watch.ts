/** `lab --watch`: the report of what is played, served on this machine's own address while it is played. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Reporter, Result } from '../../engine/model/report.ts'
import { version } from '../../entry/version.ts'
import { createChronicle } from '../../report/chronicle/chronicle.ts'
import { chaptersText, htmlReport } from '../../report/html/page.ts'

export interface Watch extends Reporter {
  url: string
  ended(result?: Result): void
  /** Sends the last picture, and ends. */
  close(): Promise<void>
}

/** A picture is a page; more of them a second than this, no one can tell apart. */
const pictureMs = 250

export async function startWatch(): Promise<Watch> {
  const chronicle = createChronicle()
  const readers = new Set<ServerResponse>()
  let changed = false

  const page = () =>
    htmlReport(chronicle.chapters(), {
      version,
      live: { notice: 'Live: this page follows the scenario that is being played.' }
    })
  const send = () => {
    if (!changed) return
    changed = false
    const data = `data: ${JSON.stringify(chaptersText(chronicle.chapters()))}\n\n`
    for (const reader of readers) reader.write(data)
  }
  const server = createServer((request, response) => answer(request, response, page, readers))
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', resolve)
  })
  const { port } = server.address() as AddressInfo
  const pictures = setInterval(send, pictureMs)
  return {
    url: `http://127.0.0.1:${port}/`,
    report(event) {
      chronicle.report(event)
      changed = true
    },
    ended(result) {
      chronicle.ended(result)
      changed = true
    },
    async close() {
      clearInterval(pictures)
      send()
      for (const reader of readers) reader.end('event: end\ndata: -\n\n')
      await new Promise((resolve) => {
        server.close(resolve)
        server.closeIdleConnections()
      })
    }
  }
}

function answer(
  { method, url, headers }: IncomingMessage,
  response: ServerResponse,
  page: () => string,
  readers: Set<ServerResponse>
): void {
  // A page of another site must not read this one by a name of its own that leads here.
  const isOurs = /^(?:127\.0\.0\.1|localhost)(?::\d+)?$/.test(headers.host ?? '')
  response.setHeader('Cache-Control', 'no-store')
  response.setHeader('X-Content-Type-Options', 'nosniff')
  // A connection that is kept would hold the command when it ends.
  response.setHeader('Connection', 'close')
  if (!isOurs || method !== 'GET' || (url !== '/' && url !== '/events')) {
    response
      .writeHead(isOurs ? 404 : 421, { 'Content-Type': 'text/plain; charset=utf-8' })
      .end('There is nothing here.\n')
    return
  }
  if (url === '/') {
    response.writeHead(200, { 'Content-Type': 'text/html; charset=utf-8' }).end(page())
    return
  }
  response.writeHead(200, { 'Content-Type': 'text/event-stream; charset=utf-8' })
  response.flushHeaders()
  readers.add(response)
  response.once('close', () => readers.delete(response))
}
