/**
 * The issue of a node group: there is at most one that is open. It is found by a marker in its body, says how the group stands now,
 * gets a comment when that has changed, and is closed by the next success.
 */
import type { Result } from '../engine/model/report.ts'
import { issueBody, issueClosing, issueComment, issueTitle } from './issue-text.ts'
import type { Notification } from './notification.ts'

export interface Issue {
  number: number
  body: string
  /** Written by somebody who may write to the repository, or by an app: not by any reader. */
  trusted: boolean
}

/** GitHub, as this page needs it. */
export interface Issues {
  /** Open issues, newest first; a page is empty behind the last. `label`: only those that have our label. */
  open(page: number, label: boolean): Promise<readonly Issue[]>
  create(title: string, body: string): Promise<number>
  update(number: number, title: string, body: string): Promise<void>
  comment(number: number, body: string): Promise<void>
  close(number: number): Promise<void>
}

/** More open issues than this are not searched: 100 on a page. */
const mostPages = 10

export type IssueMove = 'open' | 'close' | 'leave'

/** What an ending does with the issue. A refusal that a person sees anyway opens none. */
export function issueMove({ outcome, mode }: Pick<Result, 'outcome' | 'mode'>, scheduled: boolean): IssueMove {
  switch (outcome) {
    case 'upgraded':
      return mode === 'revert' ? 'open' : 'close'
    case 'unchanged':
      return mode === 'upgrade' ? 'close' : 'leave'
    case 'reverted':
      return mode === 'revert' ? 'close' : 'open'
    case 'refused':
      return scheduled ? 'open' : 'leave'
    case 'held':
    case 'halted':
    case 'cancelled':
      return 'open'
    default:
      return 'leave'
  }
}

/** Rejects with whatever GitHub refuses. */
export async function keepIssue(notification: Notification, move: IssueMove, issues: Issues): Promise<void> {
  if (move === 'leave') return
  const known = await find(markerOf(notification), issues)
  if (move === 'close') {
    for (const { number } of known) {
      await issues.comment(number, issueClosing(notification))
      await issues.close(number)
    }
    return
  }
  const [first] = known
  const before = first && stateIn(first.body)
  const state = stateOf(notification)
  const times = before?.state === state ? before.times + 1 : 1
  const body = [
    markerOf(notification),
    `<!-- eks-node-upgrade state ${state} ${times} -->`,
    issueBody(notification, times)
  ].join('\n')
  if (!first) {
    await issues.create(issueTitle(notification), body)
    return
  }
  await issues.update(first.number, issueTitle(notification), body)
  if (times === 1) await issues.comment(first.number, issueComment(notification))
}

/** Names come from people: what could end the comment is encoded. */
export function markerOf({ cluster, group }: Pick<Notification, 'cluster' | 'group'>): string {
  return `<!-- eks-node-upgrade issue ${encodeURIComponent(cluster)}/${encodeURIComponent(group)} -->`
}

function stateOf({ outcome, reason }: Notification): string {
  return `${outcome}/${reason?.code ?? ''}`
}

function stateIn(body: string): { state: string; times: number } | undefined {
  const [, state, times] = /<!-- eks-node-upgrade state (\S+) (\d+) -->/.exec(body) ?? []
  return state === undefined ? undefined : { state, times: Number(times) }
}

/** By our label first, which is one page as a rule; somebody may have taken the label off. */
async function find(marker: string, issues: Issues): Promise<readonly Issue[]> {
  for (const label of [true, false]) {
    const found: Issue[] = []
    for (let page = 1; page <= mostPages; page++) {
      const some = await issues.open(page, label)
      found.push(...some.filter(({ body, trusted }) => trusted && body.startsWith(marker)))
      if (some.length === 0) break
    }
    if (found.length > 0) return found
  }
  return []
}
