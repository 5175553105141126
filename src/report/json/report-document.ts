/** The JSON report that lies beside the HTML one. docs/report.schema.json describes it, and a test compares. */
import { type Chapter, stagesOf } from '../chronicle/chronicle.ts'
import { isoTime, type JsonEnding, resultDocument, seconds } from './document.ts'

export const reportSchema = 'https://raw.githubusercontent.com/OWNER/eks-node-upgrade/v1/docs/report.schema.json'

/** What is beyond is counted in `leftOut`. */
const mostNodes = 2_000
const mostPods = 20_000

export function jsonReport(chapters: readonly Chapter[], ending: JsonEnding, version: string): string {
  const runs = chapters.map((chapter) => ({ ...endDocument(chapter), ...historyDocument(chapter) }))
  return `${JSON.stringify({ $schema: reportSchema, format: 1, version, ...ending, runs }, undefined, 1)}\n`
}

/** As `--output json` has it. A run without an end has only what was seen of it. */
function endDocument(chapter: Chapter) {
  const { result, started } = chapter
  if (result) return resultDocument(result)
  const stages = stagesOf(chapter).map(({ startedAt, endedAt = chapter.lastAt, ...stage }) => ({
    ...stage,
    startedAt: isoTime(startedAt),
    endedAt: isoTime(endedAt),
    durationSeconds: seconds(endedAt - startedAt)
  }))
  return { outcome: null, cluster: started?.cluster, group: started?.group, runId: started?.runId, stages }
}

function historyDocument({ started, seenFromAt, waits, nodes, pods, leftOut }: Chapter) {
  const span = ({ at, ...rest }: { at: number }) => ({ at: isoTime(at), ...rest })
  return {
    resumed: started?.resumed ?? false,
    outgoing: started?.outgoing,
    incoming: started?.incoming,
    found: started?.found ?? [],
    waits: waits.map(({ fromAt, untilAt, ...wait }) => ({ ...wait, from: isoTime(fromAt), until: isoTime(untilAt) })),
    history: {
      watchedFrom: seenFromAt === undefined ? undefined : isoTime(seenFromAt),
      nodes: nodes.slice(0, mostNodes).map(({ spans, ...node }) => ({ ...node, spans: spans.map(span) })),
      pods: pods.slice(0, mostPods).map(({ spans, ...pod }) => ({ ...pod, spans: spans.map(span) })),
      leftOut: {
        nodes: leftOut.nodes + Math.max(0, nodes.length - mostNodes),
        pods: leftOut.pods + Math.max(0, pods.length - mostPods)
      }
    }
  }
}
