/**
 * Tells how runs ended, beside everything else. A notification never changes an outcome, and delays the end of the process by no
 * more than its limit: what cannot be told is a warning.
 */
import { UpgradeError } from '../engine/model/error.ts'
import type { Result } from '../engine/model/report.ts'
import { type GitHubAccess, githubIssues, githubTrouble } from './github-issues.ts'
import { issueMove, keepIssue } from './issue.ts'
import { isWorthTelling, type Notification, notificationOf } from './notification.ts'
import type { NotifyTarget } from './target.ts'
import { type TopicMessage, topicMessage } from './topic-message.ts'

/** For each target, from the end of a run. */
const limitMs = 15_000

/** Publishes to SNS; undefined where AWS could not be connected. */
export type Publish = (message: TopicMessage, signal: AbortSignal) => Promise<void>

export interface NotifierOptions {
  targets: readonly NotifyTarget[]
  github?: GitHubAccess
  /** Nobody has started the run by hand: a refusal is told as well. */
  scheduled: boolean
  /** The workflow run. */
  link?: string
  warn(title: string, text: string): void
  /** How long one target may take, in ms; 15 s unless a test says otherwise. */
  limitMs?: number
}

export interface Notifier {
  /** Returns at once. */
  tell(result: Result, publish?: Publish): void
  /** Resolves when all has been told or given up; never rejects. */
  settled(): Promise<void>
}

export function createNotifier(options: NotifierOptions): Notifier {
  const under: Promise<void>[] = []
  return {
    tell(result, publish) {
      if (!isWorthTelling(result, options.scheduled)) return
      const notification = notificationOf(result, options.link)
      for (const target of options.targets) under.push(tellTarget(target, result, notification, options, publish))
    },
    async settled() {
      await Promise.all(under.splice(0))
    }
  }
}

async function tellTarget(
  target: NotifyTarget,
  result: Result,
  notification: Notification,
  options: NotifierOptions,
  publish: Publish | undefined
): Promise<void> {
  const limit = options.limitMs ?? limitMs
  const stop = new AbortController()
  const timer = Promise.withResolvers<string>()
  const timeout = setTimeout(() => {
    stop.abort()
    timer.resolve(`no answer within ${limit / 1000} s`)
  }, limit)
  const work =
    target.kind === 'issue'
      ? writeIssue(result, notification, options, stop.signal)
      : publishTo(target.topicArn, notification, publish, stop.signal)
  const trouble = await Promise.race([work, timer.promise])
  clearTimeout(timeout)
  if (trouble === undefined) return
  const where = target.kind === 'issue' ? 'the GitHub issue' : target.topicArn
  options.warn('notification not sent', `${where}: ${trouble} The outcome of the run is not affected.`)
}

/** What went wrong, in words; undefined if nothing did. */
async function writeIssue(
  result: Result,
  notification: Notification,
  { github, scheduled }: NotifierOptions,
  signal: AbortSignal
): Promise<string | undefined> {
  if (!github) return 'there is no token or repository.'
  try {
    await keepIssue(notification, issueMove(result, scheduled), await githubIssues(github, signal))
    return undefined
  } catch (error) {
    return githubTrouble(error, github.repository)
  }
}

async function publishTo(
  topicArn: string,
  notification: Notification,
  publish: Publish | undefined,
  signal: AbortSignal
): Promise<string | undefined> {
  if (!publish) return 'there is no connection to AWS.'
  try {
    await publish(topicMessage(topicArn, notification), signal)
    return undefined
  } catch (error) {
    if (!(error instanceof UpgradeError)) return `${error instanceof Error ? error.message : String(error)}.`
    const allow =
      error.details.code === 'access-denied' ? 'Allow the role sns:Publish on the topic.' : error.details.hint
    return `${error.message.replace(/\.$/, '')}. ${allow}`
  }
}
