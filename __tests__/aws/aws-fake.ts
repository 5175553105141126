/** An AWS on loopback that answers what a test tells it to, in the services' wire formats, and records every call. */

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface FakeCall {
  action: string
  service: string
  form: Readonly<Record<string, string>>
  headers: IncomingMessage['headers']
}

export interface Answer {
  status?: number
  body: string
}

/** `lost`: the connection ends without an answer; `never`: nothing comes. */
export type Handler = (calls: FakeCall, times: number) => Answer | 'lost' | 'never'

export interface AwsFake {
  calls: FakeCall[]
  url: string
  close(): Promise<void>
}

/** Handlers by action (`DescribePolicies`, `GET /clusters/demo`); points the SDK's environment at itself. */
export async function awsFake(handlers: Readonly<Record<string, Handler>>): Promise<AwsFake> {
  const calls: FakeCall[] = []
  const answer = (request: IncomingMessage, response: ServerResponse, body: string) => {
    const form = Object.fromEntries(new URLSearchParams(body))
    const action = form.Action ?? `${request.method} ${request.url}`
    const service = /\/([a-z0-9-]+)\/aws4_request/.exec(request.headers.authorization ?? '')?.[1] ?? ''
    const call = { action, service, form, headers: request.headers }
    calls.push(call)
    const handler = handlers[action] ?? (() => failure(501, 'NotImplemented', action))
    const given = handler(call, calls.filter((other) => other.action === action).length)
    if (given === 'never') return
    if (given === 'lost') {
      request.socket.destroy()
      return
    }
    response.statusCode = given.status ?? 200
    response.end(given.body)
  }
  const server = createServer((request, response) => {
    let body = ''
    request.on('data', (part) => {
      body += part
    })
    request.on('end', () => answer(request, response, body))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  Object.assign(process.env, {
    AWS_ENDPOINT_URL: url,
    AWS_REGION: 'eu-west-1',
    AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE',
    AWS_SECRET_ACCESS_KEY: 'secret-of-the-environment',
    AWS_CONFIG_FILE: '/nowhere/config',
    AWS_SHARED_CREDENTIALS_FILE: '/nowhere/credentials'
  })
  for (const name of ['AWS_SESSION_TOKEN', 'AWS_CREDENTIAL_EXPIRATION', 'AWS_PROFILE']) delete process.env[name]
  return {
    calls,
    url,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      })
  }
}

/** An answer of the query protocol. */
export function result(action: string, content = ''): Answer {
  return { body: `<${action}Response><${action}Result>${content}</${action}Result></${action}Response>` }
}

export function failure(status: number, code: string, message: string): Answer {
  return {
    status,
    body: `<ErrorResponse><Error><Type>Sender</Type><Code>${code}</Code><Message>${message}</Message></Error></ErrorResponse>`
  }
}

/** The members of a numbered list in a form: `Tags.member.1.Key` … */
export function listed(form: Readonly<Record<string, string>>, prefix: string): string[] {
  return Object.entries(form)
    .filter(([name]) => name.startsWith(`${prefix}.member.`))
    .map(([, value]) => value)
}
