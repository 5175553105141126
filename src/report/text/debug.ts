/** What a log leaves out, for those who look for a fault: one line for each thing that was done or seen. */
import type { Event, NodeSighting, PodSighting } from '../../engine/model/report.ts'
import { plainValue } from '../escape.ts'

/** A first look at a large cluster is thousands of lines, and the last of them say no more than the first. */
const mostLines = 300

export function debugLines(event: Event): readonly string[] {
  switch (event.kind) {
    case 'did':
      return [`did: ${plainValue(event).text}`]
    case 'owned':
      return [`holds the lock for run ${event.runId}`]
    case 'seen': {
      const { nodes, pods } = plainValue(event)
      const lines = [...nodes.map(nodeLine), ...pods.map(podLine)]
      const more = lines.length - mostLines
      return more > 0 ? [...lines.slice(0, mostLines), `and ${more} more nodes and pods`] : lines
    }
    default:
      return []
  }
}

function nodeLine({ side, instance, node, state, zone, type, byOthers }: NodeSighting): string {
  return `seen: ${side} ${instance} ${node ?? 'without a node'}: ${state}${byOthers ? ' by others' : ''} (${type}, ${zone})`
}

function podLine({ namespace, name, node, state, workload }: PodSighting): string {
  return `seen: pod ${namespace}/${name} of ${workload} on ${node ?? 'no node'}: ${state}`
}
