/** A notification as a message to an SNS topic: JSON, with attributes by which subscriptions can be filtered. */
import { createHash } from 'node:crypto'
import type { Notification } from './notification.ts'

export interface TopicMessage {
  topicArn: string
  subject: string
  body: string
  attributes: Readonly<Record<string, string>>
  order: { group: string; once: string }
}

/** https://docs.aws.amazon.com/sns/latest/api/API_Publish.html */
const longestSubject = 100

export function topicMessage(topicArn: string, notification: Notification): TopicMessage {
  const { cluster, group, outcome, actionRequired, runId, endedAt } = notification
  const subject = `eks-node-upgrade: ${group || cluster} ${outcome}`
  return {
    topicArn,
    // ASCII without control characters, and it must begin with a letter, a number or a punctuation mark.
    subject: subject.replace(/[^\x20-\x7e]/g, '?').slice(0, longestSubject),
    body: JSON.stringify(notification),
    // An attribute may not be empty.
    attributes: {
      outcome,
      cluster,
      ...(group === '' ? {} : { group }),
      actionRequired: String(actionRequired)
    },
    order: { group: digest(`${cluster}/${group}`), once: digest(`${runId} ${outcome} ${endedAt}`) }
  }
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
