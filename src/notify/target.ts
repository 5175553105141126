/** Who is told how a run ended, as it is typed. */

export type NotifyTarget = { readonly kind: 'issue' } | { readonly kind: 'sns'; readonly topicArn: string }

/** Any partition. https://docs.aws.amazon.com/sns/latest/dg/sns-create-topic.html */
const topic = /^arn:aws[a-z-]*:sns:[a-z]{2,}(-[a-z]+)+-\d+:\d{12}:[\w-]{1,256}(\.fifo)?$/

/** Undefined if it is neither. */
export function parseTarget(entry: string): NotifyTarget | undefined {
  if (entry === 'issue') return { kind: 'issue' }
  const topicArn = entry.startsWith('sns:') ? entry.slice('sns:'.length) : ''
  return topic.test(topicArn) ? { kind: 'sns', topicArn } : undefined
}
