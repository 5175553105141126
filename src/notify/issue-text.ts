/** The words of the issue. Names and messages come from a cluster: nothing of them is markup, and nobody is mentioned by them. */
import { markdownCode, markdownText } from '../report/escape.ts'
import type { Notification } from './notification.ts'

/** GitHub's limit is 256. */
const longestTitle = 200

export function issueTitle({ cluster, group, outcome }: Notification): string {
  const title = `Node upgrade of ${group || cluster} (${cluster}): ${outcome}`
  return title.replaceAll('@', '@\u200b').replaceAll('#', '#\u200b').slice(0, longestTitle)
}

export function issueBody(notification: Notification, times: number): string {
  const again = times > 1 ? [`This is how ${times} runs in a row have ended.`, ''] : []
  return [
    ...paragraphs(notification),
    '',
    ...again,
    'This issue is kept by eks-node-upgrade: it is updated by the next run of this node group, and closed when one succeeds.'
  ].join('\n')
}

export function issueComment(notification: Notification): string {
  return paragraphs(notification).join('\n')
}

export function issueClosing({ summary, link }: Notification): string {
  return [prose(summary), ...linkLines(link)].join('\n')
}

function paragraphs({ summary, reason, findings, next, runId, endedAt, link }: Notification): readonly string[] {
  return [
    `**${prose(summary)}**`,
    '',
    ...(reason ? [`${markdownCode(reason.code)}: ${hintText(reason.hint)}`, ''] : []),
    ...findings.map((finding) => `- ${markdownCode(finding.object)}: ${prose(finding.reason)}`),
    ...(findings.length > 0 ? [''] : []),
    ...(next === null ? [] : [`Next: ${markdownCode(next)}`, '']),
    `Ended at ${prose(endedAt)}${runId === '' ? '' : `, run ${markdownCode(runId)}`}.`,
    ...linkLines(link)
  ]
}

/**
 * A mention and a reference to an issue are made from the text that is shown, so no escape of Markdown prevents them: what does is
 * a character without width behind the sign.
 */
function prose(text: string): string {
  return markdownText(text).replaceAll('&#64;', '@\u200b').replaceAll('\\#', '#\u200b')
}

function hintText(hint: string): string {
  return /^[A-Z][^`]*\.$/.test(hint) ? prose(hint) : markdownCode(hint)
}

function linkLines(link: string | null): readonly string[] {
  return link === null || !/^https?:\/\/[\w./:-]+$/.test(link) ? [] : [`[The workflow run](${link})`]
}
