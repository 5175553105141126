/** GitHub's issues over its REST API. https://docs.github.com/en/rest/issues/issues */
import type { Issue, Issues } from './issue.ts'

export interface GitHubAccess {
  token: string
  /** `OWNER/NAME` */
  repository: string
  /** `https://api.github.com`, or that of a GitHub Enterprise Server. */
  apiUrl: string
}

const label = 'eks-node-upgrade'
const pageSize = 100

interface ListedIssue {
  number: number
  body?: string | null
  pull_request?: unknown
  user?: { type?: string } | null
  author_association?: string
}

/** The client is loaded here: most runs tell nobody. */
export async function githubIssues(access: GitHubAccess, signal: AbortSignal): Promise<Issues> {
  const { getOctokit } = await import('@actions/github')
  const octokit = getOctokit(access.token, { baseUrl: access.apiUrl, request: { signal } })
  const [owner = '', repo = ''] = access.repository.split('/')
  const here = { owner, repo, request: { signal } }
  const { issues } = octokit.rest
  return {
    async open(page, ours) {
      const given = { ...here, state: 'open', sort: 'created', direction: 'desc', per_page: pageSize, page } as const
      const { data } = await issues.listForRepo(ours ? { ...given, labels: label } : given)
      return (data as readonly ListedIssue[]).filter(({ pull_request }) => !pull_request).map(issueFrom)
    },
    async create(title, body) {
      const { data } = await issues.create({ ...here, title, body, labels: [label] })
      return data.number
    },
    async update(number, title, body) {
      await issues.update({ ...here, issue_number: number, title, body })
    },
    async comment(number, body) {
      await issues.createComment({ ...here, issue_number: number, body })
    },
    async close(number) {
      await issues.update({ ...here, issue_number: number, state: 'closed', state_reason: 'completed' })
    }
  }
}

/** In a public repository any reader may write an issue that looks like ours. */
function issueFrom({ number, body, user, author_association: association = '' }: ListedIssue): Issue {
  const trusted = user?.type === 'Bot' || ['OWNER', 'MEMBER', 'COLLABORATOR'].includes(association)
  return { number, body: body ?? '', trusted }
}

/** What GitHub's refusal means, and what to do about it. */
export function githubTrouble(error: unknown, repository: string): string {
  const { status, message, response } = error as {
    status?: number
    message?: string
    response?: { headers?: Readonly<Record<string, string | undefined>> }
  }
  const limited =
    response?.headers?.['x-ratelimit-remaining'] === '0' || response?.headers?.['retry-after'] !== undefined
  if (status === 429 || (status === 403 && limited))
    return 'GitHub limits the rate of requests. The next run writes the issue.'
  switch (status) {
    case 401:
      return 'GitHub does not accept the token. Check github-token.'
    case 403:
      return `the token may not write issues of ${repository}. Give the job the permission issues: write.`
    case 404:
      return `GitHub shows no issues of ${repository} to this token. Give the job the permission issues: write.`
    case 410:
      return `issues are disabled in ${repository}. Enable them in its settings, or remove issue from notify.`
    default:
      return status === undefined || status >= 500
        ? `GitHub does not answer (${status ?? message ?? 'no connection'}). The next run writes the issue.`
        : `GitHub refused it with status ${status}: ${message ?? ''}`
  }
}
