/** A lane a node: what is drawn of it, and the pods on it over time. What would be too much to look at is counted instead. */
import type { Chapter, NodeHistory, PodHistory } from '../chronicle/chronicle.ts'

export interface Lane {
  key: string
  /** As kubectl prints it, or the instance before there is a node. */
  name: string
  /** The name up to the first dot. */
  label: string
  history: NodeHistory
  /** How many pods that may move were on it, from when on. */
  load: readonly { at: number; pods: number }[]
  mostPods: number
}

export interface NodeLanes {
  outgoing: readonly Lane[]
  incoming: readonly Lane[]
  /** Nodes that are not drawn. */
  leftOut: { outgoing: number; incoming: number }
  byNode: ReadonlyMap<string, Lane>
}

export function lanesOf(chapter: Chapter, most: number): NodeLanes {
  const loads = loadsOf(chapter.pods)
  const lanes = chapter.nodes.map((history): Lane => {
    const name = history.node ?? history.instance
    const load = loads.get(name) ?? []
    return {
      key: history.instance,
      name,
      label: name.split('.')[0] ?? name,
      history,
      load,
      mostPods: Math.max(0, ...load.map(({ pods }) => pods))
    }
  })
  const outgoing = lanes.filter(({ history }) => history.side === 'outgoing')
  const incoming = lanes.filter(({ history }) => history.side === 'incoming')
  const shown = [...outgoing.slice(0, most), ...incoming.slice(0, most)]
  return {
    outgoing: outgoing.slice(0, most),
    incoming: incoming.slice(0, most),
    leftOut: { outgoing: Math.max(0, outgoing.length - most), incoming: Math.max(0, incoming.length - most) },
    byNode: new Map(shown.map((lane) => [lane.name, lane]))
  }
}

function loadsOf(pods: readonly PodHistory[]): Map<string, { at: number; pods: number }[]> {
  const changes = new Map<string, { at: number; by: number }[]>()
  const change = (node: string, at: number, by: number) => {
    const list = changes.get(node)
    if (list) list.push({ at, by })
    else changes.set(node, [{ at, by }])
  }
  for (const { spans } of pods) {
    let on: string | undefined
    for (const { at, node, state } of spans) {
      const now = state === 'gone' ? undefined : node
      if (now === on) continue
      if (on !== undefined) change(on, at, -1)
      if (now !== undefined) change(now, at, 1)
      on = now
    }
  }
  return new Map([...changes].map(([node, list]) => [node, summed(list)]))
}

function summed(changes: readonly { at: number; by: number }[]): { at: number; pods: number }[] {
  const load: { at: number; pods: number }[] = []
  let pods = 0
  for (const { at, by } of changes.toSorted((a, b) => a.at - b.at)) {
    pods += by
    const last = load.at(-1)
    if (last?.at === at) last.pods = pods
    else load.push({ at, pods })
  }
  return load
}
