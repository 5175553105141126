/**
 * The issues of one repository as GitHub serves them over REST, on loopback: pages, labels, pull requests among the issues, who wrote
 * what, and the refusals that a test asks for.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface FakeIssue {
  number: number
  title: string
  body: string
  state: 'open' | 'closed'
  labels: { name: string }[]
  user: { login: string; type: string }
  author_association: string
  comments: string[]
  pull_request?: object
}

export interface FakeGitHub {
  url: string
  issues: FakeIssue[]
  /** Method and path of every request. */
  calls: string[]
  /** Answers everything like this instead: a status with headers, or `never`. */
  refuse: { status: number; headers?: Record<string, string> } | 'never' | undefined
  add(over: Partial<FakeIssue>): FakeIssue
  close(): Promise<void>
}

const bot = { login: 'github-actions[bot]', type: 'Bot' }

export async function fakeGitHub(token: string, repository = 'shop/platform'): Promise<FakeGitHub> {
  const server = createServer(async (request, response) => {
    let body = ''
    for await (const chunk of request) body += chunk
    answer(request, response, body === '' ? {} : JSON.parse(body))
  })

  function answer(request: IncomingMessage, response: ServerResponse, given: Record<string, unknown>): void {
    const url = new URL(request.url ?? '/', 'http://github')
    github.calls.push(`${request.method} ${url.pathname}`)
    const reply = (status: number, value: unknown, headers: Record<string, string> = {}) =>
      response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(value))
    if (github.refuse === 'never') return
    if (github.refuse) {
      reply(github.refuse.status, { message: 'Refused' }, github.refuse.headers)
      return
    }
    if (request.headers.authorization !== `token ${token}` && request.headers.authorization !== `Bearer ${token}`) {
      reply(401, { message: 'Bad credentials' })
      return
    }
    const [, number, comments] = /\/issues(?:\/(\d+)(\/comments)?)?$/.exec(url.pathname) ?? []
    if (!url.pathname.startsWith(`/repos/${repository}/issues`)) return void reply(404, { message: 'Not Found' })
    const issue = github.issues.find((one) => one.number === Number(number))
    if (number !== undefined && !issue) return void reply(404, { message: 'Not Found' })
    if (issue && comments) issue.comments.push(String(given.body))
    else if (issue) Object.assign(issue, given)
    else if (request.method === 'POST') {
      const labels = ((given.labels as string[] | undefined) ?? []).map((name) => ({ name }))
      return void reply(201, github.add({ title: String(given.title), body: String(given.body), labels }))
    } else return void reply(200, page(url.searchParams))
    reply(comments ? 201 : 200, issue)
  }

  function page(query: URLSearchParams): FakeIssue[] {
    const wanted = query.get('labels')
    const size = Number(query.get('per_page') ?? 30)
    const from = (Number(query.get('page') ?? 1) - 1) * size
    return github.issues
      .filter(({ state }) => state === (query.get('state') ?? 'open'))
      .filter(({ labels }) => !wanted || labels.some(({ name }) => name === wanted))
      .toSorted((a, b) => b.number - a.number)
      .slice(from, from + size)
  }

  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const github: FakeGitHub = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    issues: [],
    calls: [],
    refuse: undefined,
    add(over) {
      const number = github.issues.length + 1
      const plain = { number, title: '', body: '', state: 'open' as const, labels: [], comments: [] }
      const made: FakeIssue = { ...plain, user: bot, author_association: 'NONE', ...over }
      github.issues.push(made)
      return made
    },
    close: () =>
      new Promise((done) => {
        server.close(() => done())
        server.closeAllConnections()
      })
  }
  return github
}
