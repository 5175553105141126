// The few paths of the GitHub API that the example workflows call: comments of one pull request, page by page.
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface Comment {
  id: number
  body: string
  user: { login: string }
  html_url: string
}

export interface GithubApi {
  readonly url: string
  readonly comments: Comment[]
  /** `POST /repos/…`, oldest first. */
  readonly writes: string[]
  close(): void
}

const token = 'token-of-the-job'
export const githubSecret = { GITHUB_TOKEN: token }

/** `others` comments of other people are there already, one of which has copied our marker. */
export async function serveGithub(repository: string, number: number, others: number): Promise<GithubApi> {
  const issues = `/repos/${repository}/issues`
  const comments: Comment[] = []
  const writes: string[] = []
  const add = (login: string, body: string) => {
    const id = comments.length + 1
    const comment = { id, body, user: { login }, html_url: `https://github.invalid/${repository}/pull/${number}#${id}` }
    comments.push(comment)
    return comment
  }
  for (let index = 0; index < others; index++)
    add('somebody', index === 0 ? '<!-- eks-node-upgrade plan: shop -->' : 'Hi')

  const server = createServer(async (request, response) => {
    const url = new URL(request.url ?? '/', 'http://localhost')
    const answer = (status: number, body: unknown) =>
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
    if (request.headers.authorization !== `Bearer ${token}`) return answer(401, { message: 'Bad credentials' })
    if (request.method !== 'GET') writes.push(`${request.method} ${url.pathname}`)
    if (url.pathname === `${issues}/${number}/comments`) {
      if (request.method === 'POST') return answer(201, add('github-actions[bot]', (await read(request)).body))
      const [size, page] = [Number(url.searchParams.get('per_page')), Number(url.searchParams.get('page'))]
      return answer(200, comments.slice(size * (page - 1), size * page))
    }
    const id = new RegExp(`^${issues}/comments/(\\d+)$`).exec(url.pathname)?.[1]
    const comment = comments.find((one) => one.id === Number(id))
    if (request.method !== 'PATCH' || !comment) return answer(404, { message: 'Not Found' })
    comment.body = (await read(request)).body
    return answer(200, comment)
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const { port } = server.address() as AddressInfo
  return { url: `http://127.0.0.1:${port}`, comments, writes, close: () => server.close() }
}

async function read(request: IncomingMessage): Promise<{ body: string }> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk)
  return JSON.parse(Buffer.concat(chunks).toString('utf8'))
}
